using System.Net;
using Violence.Kademlia.Engine.Operations;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia;

/// <content>How far others are.</content>
public sealed partial class KademliaNode
{
    /// <summary>So many pings of one node are under way at a time.</summary>
    internal const int PingsMax = 32;

    private int _pings;

    /// <summary>
    /// Measures the round trip to a node of this network, whichever it is: one datagram of 72 bytes, and one more when the other
    /// side asks this node to show its address first. It has a second to answer.
    /// </summary>
    /// <param name="endPoint">Where it listens.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>
    /// The round trip, or why there is none. While this node is on a public network nothing is ever sent to private, link-local or
    /// loopback addresses: addresses often come from strangers. At most 32 pings are under way at a time.
    /// </returns>
    /// <exception cref="ObjectDisposedException">The node was stopped.</exception>
    public async Task<PingResult> PingAsync(IPEndPoint endPoint, CancellationToken cancellationToken = default)
    {
        NodeEndpoint endpoint = NodeEndpoint.From(endPoint);
        if (Interlocked.Increment(ref _pings) > PingsMax)
        {
            Interlocked.Decrement(ref _pings);
            return new PingResult(PingStatus.Busy, RoundTrip: null);
        }

        try
        {
            return await _host.RunAsync(
                (engine, now) => engine.Ping(endpoint, now),
                static (PingOperation ping) => new PingResult(ping.Status, ping.RoundTrip),
                _options.JoinPatience,
                cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            Interlocked.Decrement(ref _pings);
        }
    }

    /// <summary>Whether this node takes part in a public network, as far as it knows.</summary>
    internal bool IsOnPublicNetwork => _host.Query(static (engine, now) => engine.IsOnPublicNetwork(now));

    /// <summary>Where it is bound, and where others see it when that is known.</summary>
    internal (NodeEndpoint Bound, NodeEndpoint? External) Endpoints =>
        (_host.LocalEndpoint, _host.Query(static (engine, now) => engine.ExternalEndpoint(now)));
}
