using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace Violence.Kademlia.Federation.Hub;

/// <summary>
/// One streamed query over DHT and hubs. Rows are handed on as they come; a hub's row of a name that a signed one has been
/// listed for is not, a signed row always is. The limit counts names.
/// </summary>
internal sealed class FederatedStream(ServerQuery query, TimeSpan softDeadline, HubUse use, TimeProvider time)
{
    private readonly Dictionary<string, FederatedListing> _hubRows = new(StringComparer.Ordinal);
    private readonly HashSet<string> _signed = new(StringComparer.Ordinal);
    private readonly HashSet<string> _listed = new(StringComparer.Ordinal);

    public async IAsyncEnumerable<FederatedListing> RunAsync(
        Func<CancellationToken, IAsyncEnumerable<ServerListing>> askDht,
        Func<CancellationToken, Task<Dictionary<string, FederatedListing>>> askHubs,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // Unbounded: at most the query's limit from the DHT and one list from the hubs ever enter.
        var arrivals = Channel.CreateUnbounded<Arrival>(new UnboundedChannelOptions { SingleReader = true });
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task pumps = PumpAsync(askDht, askHubs, arrivals.Writer, ending.Token);
        try
        {
            await foreach (Arrival arrival in arrivals.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            {
                foreach (FederatedListing listing in Accept(arrival))
                {
                    yield return listing;
                    if (_listed.Count >= query.Limit)
                    {
                        yield break;
                    }
                }
            }

            cancellationToken.ThrowIfCancellationRequested();
        }
        finally
        {
            await ending.CancelAsync().ConfigureAwait(false);
            await pumps.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private IEnumerable<FederatedListing> Accept(Arrival arrival)
    {
        if (arrival.Signed is { } row)
        {
            string name = DirectoryText.NormalizeName(row.Server.Name);
            _signed.Add(name);
            _listed.Add(name);
            yield return FederatedMerge.Signed(row, _hubRows.GetValueOrDefault(name));
            yield break;
        }

        foreach ((string name, FederatedListing listing) in arrival.HubRows!.OrderBy(hubRow => hubRow.Key, StringComparer.Ordinal))
        {
            _hubRows[name] = listing;
            if (!_signed.Contains(name) && _listed.Add(name))
            {
                yield return listing;
            }
        }
    }

    private async Task PumpAsync(
        Func<CancellationToken, IAsyncEnumerable<ServerListing>> askDht,
        Func<CancellationToken, Task<Dictionary<string, FederatedListing>>> askHubs,
        ChannelWriter<Arrival> arrivals,
        CancellationToken cancellationToken)
    {
        try
        {
            Task<int> dht = PumpDhtAsync(askDht, arrivals, cancellationToken);
            if (use == HubUse.Fallback)
            {
                await Task.WhenAny(dht, Task.Delay(softDeadline, time, cancellationToken)).ConfigureAwait(false);
                if (dht.IsCompleted && await dht.ConfigureAwait(false) > 0)
                {
                    return;
                }
            }

            Task<Dictionary<string, FederatedListing>> hubs = askHubs(cancellationToken);
            await Task.WhenAny(hubs, WithRowsAsync(dht)).ConfigureAwait(false);
            if (use == HubUse.Always && !hubs.IsCompleted)
            {
                await Task.WhenAny(hubs, Task.Delay(softDeadline, time, cancellationToken)).ConfigureAwait(false);
            }

            // A DHT that has ended with rows is not kept waiting for by hubs.
            if (hubs.IsCompletedSuccessfully)
            {
                arrivals.TryWrite(new Arrival(Signed: null, await hubs.ConfigureAwait(false)));
            }

            await dht.ConfigureAwait(false);
        }
        finally
        {
            arrivals.TryComplete();
        }
    }

    /// <summary>Ends when the DHT has ended and listed something; never when it has ended with nothing.</summary>
    private static async Task WithRowsAsync(Task<int> dht)
    {
        if (await dht.ConfigureAwait(false) == 0)
        {
            await new TaskCompletionSource().Task.ConfigureAwait(false);
        }
    }

    /// <summary>How many rows came; a DHT that fails has none.</summary>
    private static async Task<int> PumpDhtAsync(
        Func<CancellationToken, IAsyncEnumerable<ServerListing>> askDht, ChannelWriter<Arrival> arrivals, CancellationToken cancellationToken)
    {
        int rows = 0;
        try
        {
            await foreach (ServerListing row in askDht(cancellationToken).WithCancellation(cancellationToken).ConfigureAwait(false))
            {
                rows++;
                arrivals.TryWrite(new Arrival(row, HubRows: null));
            }
        }
#pragma warning disable CA1031 // Whatever is wrong with the DHT (its node was stopped, say), the hubs are to be asked.
        catch (Exception)
#pragma warning restore CA1031
        {
            return rows;
        }

        return rows;
    }

    private readonly record struct Arrival(ServerListing? Signed, Dictionary<string, FederatedListing>? HubRows);
}
