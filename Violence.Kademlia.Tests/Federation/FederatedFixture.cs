using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Violence.Kademlia.Federation;
using Violence.Kademlia.Federation.Hub;
using Violence.Kademlia.Identity;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Tests.Federation;

/// <summary>A DHT and hubs that do as a test says, on a clock moved by hand.</summary>
public abstract class FederatedFixture
{
    private protected static readonly TimeSpan SoftDeadline = TimeSpan.FromMilliseconds(500);
    private protected static readonly TimeSpan HubTimeout = TimeSpan.FromSeconds(3);
    private protected static readonly TimeSpan Tick = TimeSpan.FromTicks(1);
    private protected static readonly ServerQuery Horror = new() { Genre = "horror" };

    private readonly List<IDisposable> _owned = [];

    [TearDown]
    public void DisposeAll()
    {
        _owned.ForEach(owned => owned.Dispose());
        _owned.Clear();
    }

    private protected static HubEndpoint Endpoint(int index) => new() { Address = new Uri($"http://hub{index}.test") };

    private protected FederatedDirectory Directory(DhtQuestions dht, ScriptedHub hub, VirtualClock? clock = null, HubUse use = HubUse.Fallback) =>
        Directory(dht, [hub], clock, use);

    private protected FederatedDirectory Directory(DhtQuestions dht, ScriptedHub[] hubs, VirtualClock? clock = null, HubUse use = HubUse.Fallback)
    {
        // One client for all: the host says which hub is meant.
        ScriptedRouter router = Own(new ScriptedRouter([.. hubs.Select(hub => Own(new HttpMessageInvoker(hub, disposeHandler: false)))]));
        return Own(new FederatedDirectory(dht, new FederatedDirectoryOptions
        {
            Hubs = [.. hubs.Select((_, i) => Endpoint(i))],
            Use = use,
            SoftDeadline = SoftDeadline,
            HubTimeout = HubTimeout,
            HttpClient = Own(new HttpClient(router)),
            TimeProvider = clock ?? new VirtualClock(),
        }));
    }

    private protected T Own<T>(T owned)
        where T : IDisposable
    {
        _owned.Add(owned);
        return owned;
    }

    private protected static DhtQuestions Dht(
        IReadOnlyList<ServerListing>? rows = null,
        ServerLookupStatus? status = null,
        Func<CancellationToken, Task<IReadOnlyList<ServerListing>>>? query = null,
        Func<CancellationToken, IAsyncEnumerable<ServerListing>>? stream = null)
    {
        IReadOnlyList<ServerListing> known = rows ?? [];
        return new DhtQuestions
        {
            LookupAsync = (_, _) => Task.FromResult(new ServerLookupResult(
                status ?? (known.Count > 0 ? ServerLookupStatus.Found : ServerLookupStatus.NotFound), known.Count > 0 ? known[0] : null, [], default!)),
            QueryAllAsync = (_, token) => query?.Invoke(token) ?? Task.FromResult(known),
            QueryAsync = (_, token) => stream?.Invoke(token) ?? known.ToAsyncEnumerable(),
            AnnounceAsync = (_, _) => throw new NotSupportedException(),
        };
    }

    private protected static async Task<T> Never<T>(CancellationToken cancellationToken)
    {
        await Task.Delay(Timeout.Infinite, cancellationToken);
        throw new InvalidOperationException();
    }

    private protected static async IAsyncEnumerable<ServerListing> LateAsync(Task late, ServerListing row, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await late.WaitAsync(cancellationToken);
        yield return row;
    }

    private protected static ServerInfo Info(string name, string address) => new() { Name = name, Address = address, Genre = "horror" };

    private protected static ServerListing Signed(string name, string address)
    {
        NodeId owner = new(Encoding.ASCII.GetBytes(name.PadRight(NodeId.Size)));
        return new ServerListing
        {
            Server = Info(name, address),
            Owner = owner,
            Fingerprint = NodeIdentity.FingerprintOf(owner),
            Sequence = 1,
            AnnouncedAt = DateTimeOffset.UnixEpoch,
            Holders = 3,
        };
    }

    private protected static string Rows(params (string Name, string Address)[] rows) =>
        JsonSerializer.Serialize(rows.Select(row => new { name = row.Name, address = row.Address, genre = "horror", timestamp = "2026-03-01T12:00:00Z" }));

    private sealed class ScriptedRouter(HttpMessageInvoker[] hubs) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            hubs[request.RequestUri!.Host["hub".Length] - '0'].SendAsync(request, cancellationToken);
    }
}
