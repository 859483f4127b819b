using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Violence.Kademlia.Diagnostics;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Runtime;

/// <summary>
/// Turns the seeds an operator named, and the contacts of an earlier run, into addresses. Names are resolved anew each
/// time: a bootstrap node may have moved.
/// </summary>
internal sealed class Seeds(IReadOnlyList<SeedAddress> named, IReadOnlyList<NodeEndpoint> remembered, ILogger logger)
{
    /// <summary>Shorter than the default join patience: a name server that is dead must not hold up seeds that are alive.</summary>
    private static readonly TimeSpan ResolvePatience = TimeSpan.FromSeconds(2);

    public bool HasAny => named.Count > 0 || remembered.Count > 0;

    /// <summary>All addresses there are now. A name that can't be resolved is told and left out.</summary>
    public async Task<List<NodeEndpoint>> ResolveAsync(CancellationToken cancellationToken)
    {
        IPAddress[][] addresses = await Task.WhenAll(named.Select(seed => ResolveAsync(seed, cancellationToken))).ConfigureAwait(false);
        var endpoints = new List<NodeEndpoint>();
        for (int i = 0; i < named.Count; i++)
        {
            endpoints.AddRange(addresses[i].Select(address => NodeEndpoint.From(address, named[i].Port)));
        }

        endpoints.AddRange(remembered);
        return [.. endpoints.Distinct()];
    }

    private async Task<IPAddress[]> ResolveAsync(SeedAddress seed, CancellationToken cancellationToken)
    {
        if (IPAddress.TryParse(seed.Host, out IPAddress? address))
        {
            return [address];
        }

        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(ResolvePatience);
        try
        {
            return await Dns.GetHostAddressesAsync(seed.Host, patience.Token).ConfigureAwait(false);
        }
        catch (Exception problem) when (problem is SocketException or ArgumentException or OperationCanceledException)
        {
            logger.SeedNotResolved(seed.ToString(), problem.Message);
            return [];
        }
    }
}
