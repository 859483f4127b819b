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

    // By key as well: a server that moves from one shard of its genre to another withdraws its row there after it put it here.
    private readonly Dictionary<(RecordKey Key, NodeId Owner, string Label), ulong> _seen = [];
    private readonly HashSet<(NodeId Owner, string Label)> _listed = [];

    /// <summary>Whether the limit is reached: no further record will be listed.</summary>
    public bool IsComplete => _listed.Count >= query.Limit;

    /// <param name="record">A record as it arrived.</param>
    /// <param name="listing">The listing, when it is one.</param>
    /// <param name="age">How long ago it came to the one holder it is known from.</param>
    public bool TryAccept(Record record, [NotNullWhen(true)] out ServerListing? listing, TimeSpan? age = null)
    {
        listing = null;
        (RecordKey, NodeId, string) place = (record.Key, record.Owner, record.Label);
        bool isKnown = _seen.TryGetValue(place, out ulong before);
        if (IsComplete
            || _listed.Contains((record.Owner, record.Label))
            || (isKnown ? record.Sequence <= before : _seen.Count >= MaxServers))
        {
            return false;
        }

        _seen[place] = record.Sequence;
        bool isListed = DirectoryReading.TryReadGenre(new FoundRecord(record, Holders: 1, TimeSpan.Zero) { Age = age }, query.Genre, out ServerListing? read, scope)
            && ServerQueryRules.Matches(query, read.Server);
        if (!isListed)
        {
            return false;
        }

        _listed.Add((record.Owner, record.Label));
        listing = read!.Liveness == ServerLiveness.Stale ? read with { Liveness = ServerLiveness.Unknown } : read;
        return true;
    }
}
