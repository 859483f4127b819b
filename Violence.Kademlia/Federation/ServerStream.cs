using System.Diagnostics.CodeAnalysis;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Federation;

/// <summary>
/// Picks the listings of one query out of records as they arrive. Lists no server twice, none beyond the limit, and no row
/// after a newer one of the same server (or its withdrawal) was seen.
/// </summary>
internal sealed class ServerStream(ServerQuery query, AddressScope scope = AddressScope.Any)
{
    /// <summary>So many servers are told apart; a genre flooded beyond that is cut off instead of growing memory.</summary>
    public const int MaxServers = 20_000;

    private readonly Dictionary<(NodeId Owner, string Label), (ulong Sequence, bool IsListed)> _seen = [];
    private int _listed;

    /// <summary>Whether the limit is reached: no further record will be listed.</summary>
    public bool IsComplete => _listed >= query.Limit;

    /// <param name="record">A record as it arrived.</param>
    /// <param name="listing">The listing, when it is one.</param>
    /// <param name="age">How long ago it came to the one holder it is known from.</param>
    public bool TryAccept(Record record, [NotNullWhen(true)] out ServerListing? listing, TimeSpan? age = null)
    {
        listing = null;
        (NodeId, string) server = (record.Owner, record.Label);
        bool isKnown = _seen.TryGetValue(server, out (ulong Sequence, bool IsListed) before);
        if (IsComplete || before.IsListed || (isKnown ? record.Sequence <= before.Sequence : _seen.Count >= MaxServers))
        {
            return false;
        }

        bool isListed = DirectoryReading.TryReadGenre(new FoundRecord(record, Holders: 1, TimeSpan.Zero) { Age = age }, query.Genre, out ServerListing? read, scope)
            && ServerQueryRules.Matches(query, read.Server);
        _seen[server] = (record.Sequence, isListed);
        if (!isListed)
        {
            return false;
        }

        _listed++;
        listing = read!.Liveness == ServerLiveness.Stale ? read with { Liveness = ServerLiveness.Unknown } : read;
        return true;
    }
}
