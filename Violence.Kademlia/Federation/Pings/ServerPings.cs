using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Federation.Pings;

/// <summary>
/// Measures how far the servers of a list are, by pinging the nodes that announced them. One for all directories over a node, so
/// that what was measured lately is not measured again. Bounded in hosts, pings under way and time. Safe for any thread.
/// </summary>
/// <param name="ping">Sends one ping.</param>
/// <param name="resolve">Looks up a host name.</param>
internal sealed class ServerPings(
    Func<IPEndPoint, CancellationToken, Task<PingResult>> ping,
    Func<string, CancellationToken, Task<IPAddress[]>> resolve)
{
    /// <summary>For all pings of one query together.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    private static readonly ConditionalWeakTable<KademliaNode, ServerPings> ByNode = [];

    private readonly Lock _gate = new();
    private readonly PingCache _cache = new();

    public static ServerPings Of(KademliaNode node) =>
        ByNode.GetValue(node, static owner => new ServerPings(owner.PingAsync, Dns.GetHostAddressesAsync));

    /// <summary>The listings, with the round trips to those whose nodes answered.</summary>
    public async Task<IReadOnlyList<ServerListing>> MeasureAsync(
        IReadOnlyList<ServerListing> listings, TimeProvider time, CancellationToken cancellationToken)
    {
        IReadOnlyList<PingTarget> plan = PingPlan.Of(listings);
        var measured = new TimeSpan?[plan.Count];
        int next = -1;
        using var patience = new CancellationTokenSource(Patience, time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, patience.Token);
        await Task.WhenAll(Enumerable.Range(0, Math.Min(plan.Count, KademliaNode.PingsMax)).Select(_ => WorkAsync())).ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        return PingPlan.Apply(
            listings,
            Enumerable.Range(0, plan.Count)
                .Where(index => measured[index] is not null)
                .ToDictionary(index => plan[index].Host, index => measured[index]!.Value, StringComparer.Ordinal));

        async Task WorkAsync()
        {
            while (!limit.IsCancellationRequested && Interlocked.Increment(ref next) is var index && index < plan.Count)
            {
                measured[index] = await MeasureAsync(plan[index], time, limit.Token).ConfigureAwait(false);
            }
        }
    }

    private async Task<TimeSpan?> MeasureAsync(PingTarget target, TimeProvider time, CancellationToken limit)
    {
        try
        {
            IPAddress? address = IPAddress.TryParse(target.Host, out IPAddress? literal)
                ? literal
                : (await resolve(target.Host, limit).ConfigureAwait(false)).FirstOrDefault();
            if (address is null)
            {
                return null;
            }

            // One address, one form: the other would be measured a second time.
            address = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

            Lazy<Task<PingResult>>? measuring;
            lock (_gate)
            {
                measuring = _cache.GetOrAdd(address, time.GetElapsedTime(0), () => PingAsync(address, target.Ports));
            }

            if (measuring is null)
            {
                return null;
            }

            PingResult result = await measuring.Value.WaitAsync(limit).ConfigureAwait(false);
            if (result.Status == PingStatus.Busy)
            {
                lock (_gate)
                {
                    _cache.Forget(address);
                }
            }

            return result.RoundTrip;
        }
        catch (Exception failure) when (failure is OperationCanceledException or SocketException or ArgumentException)
        {
            // No time left, no such name, or none that the system can look up: not known how far.
            return null;
        }
    }

    // Not cancelled with the query that began it: others may wait for it, and it is over within moments.
    private async Task<PingResult> PingAsync(IPAddress address, IReadOnlyList<int> ports)
    {
        PingResult last = new(PingStatus.Silent, RoundTrip: null);
        foreach (int port in ports)
        {
            last = await ping(new IPEndPoint(address, port), CancellationToken.None).ConfigureAwait(false);
            if (last.Status != PingStatus.Silent)
            {
                break;
            }
        }

        return last;
    }
}
