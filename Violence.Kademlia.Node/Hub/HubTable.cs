using System.Diagnostics.CodeAnalysis;
using Violence.Kademlia.Federation;
using Violence.Kademlia.Federation.Hub;

namespace Violence.Kademlia.Node.Hub;

/// <summary>What became of an announcement.</summary>
internal enum HubAdmission
{
    Registered,
    NameTaken,
    SourceFull,
    Full,
}

/// <summary>A server announced to this hub.</summary>
/// <param name="Announcement">What it says, and when it said so.</param>
/// <param name="Source">Who sent it.</param>
/// <param name="Ends">When it is forgotten unless it is heard of again.</param>
internal sealed record HubEntry(HubAnnouncement Announcement, SourceKey Source, TimeSpan Ends);

/// <summary>
/// The servers announced to this hub, and who plays on them. A name is its first holder's as long as that one is heard
/// of: the same source and the same server address. Safe for any thread; the time is handed in.
/// </summary>
internal sealed class HubTable(int mostServers, int mostPerSource)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, HubEntry> _entries = new(StringComparer.Ordinal);
    private readonly Dictionary<SourceKey, int> _perSource = [];

    // Points to the server a player came to last. A server that still lists who has moved on must not take the player back,
    // nor take the entry with it when it leaves.
    private readonly Dictionary<string, string> _serverOfPlayer = new(StringComparer.Ordinal);

    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _entries.Count;
            }
        }
    }

    /// <summary>The form names are compared in; they are ASCII and without blanks at their ends by then.</summary>
    public static string KeyOf(ServerInfo server) => server.Name.ToLowerInvariant();

    public HubAdmission Announce(HubAnnouncement announcement, SourceKey source, TimeSpan lease, TimeSpan now)
    {
        string key = KeyOf(announcement.Server);
        lock (_gate)
        {
            if (_entries.TryGetValue(key, out HubEntry? held) && held.Ends <= now)
            {
                Remove(key, held);
                held = null;
            }

            if (held is null && Objection(source) is { } objection)
            {
                return objection;
            }

            if (held is not null && (held.Source != source || !IsSameAddress(held.Announcement.Server, announcement.Server)))
            {
                return HubAdmission.NameTaken;
            }

            if (held is null)
            {
                _perSource[source] = _perSource.GetValueOrDefault(source) + 1;
            }

            _entries[key] = new HubEntry(announcement, source, now + lease);
            IndexPlayers(key, held?.Announcement.PlayerIds ?? [], announcement.PlayerIds);
            return HubAdmission.Registered;
        }
    }

    /// <summary>What the server of that name says; null when it is not announced.</summary>
    public ServerInfo? Find(string key)
    {
        lock (_gate)
        {
            return _entries.GetValueOrDefault(key)?.Announcement.Server;
        }
    }

    /// <summary>Who came to the server of that name last, in the order it lists them.</summary>
    public IReadOnlyList<string> PlayersOf(string key)
    {
        lock (_gate)
        {
            return _entries.TryGetValue(key, out HubEntry? entry)
                ? [.. entry.Announcement.PlayerIds.Where(player => string.Equals(_serverOfPlayer.GetValueOrDefault(player), key, StringComparison.Ordinal)).Distinct(StringComparer.Ordinal)]
                : [];
        }
    }

    public bool TryFindPlayer(string playerId, TimeSpan now, [NotNullWhen(true)] out ServerInfo? server)
    {
        lock (_gate)
        {
            server = _serverOfPlayer.TryGetValue(playerId, out string? key) && _entries[key].Ends > now
                ? _entries[key].Announcement.Server
                : null;
            return server is not null;
        }
    }

    /// <summary>The servers that answer a query, sorted by name.</summary>
    public IReadOnlyList<HubAnnouncement> Query(HubQuery query, TimeSpan now)
    {
        lock (_gate)
        {
            return
            [
                .. _entries
                    .Where(entry => entry.Value.Ends > now && query.Matches(entry.Value.Announcement.Server))
                    .OrderBy(entry => entry.Key, StringComparer.Ordinal)
                    .Select(entry => entry.Value.Announcement),
            ];
        }
    }

    /// <summary>Forgets who has not been heard of, and tells whom.</summary>
    public IReadOnlyList<string> Expire(TimeSpan now)
    {
        lock (_gate)
        {
            KeyValuePair<string, HubEntry>[] ended = [.. _entries.Where(entry => entry.Value.Ends <= now)];
            foreach ((string key, HubEntry entry) in ended)
            {
                Remove(key, entry);
            }

            return [.. ended.Select(entry => entry.Key).Order(StringComparer.Ordinal)];
        }
    }

    private HubAdmission? Objection(SourceKey source) =>
        _entries.Count >= mostServers ? HubAdmission.Full
        : _perSource.GetValueOrDefault(source) >= mostPerSource ? HubAdmission.SourceFull
        : null;

    private void IndexPlayers(string key, IReadOnlyList<string> before, IReadOnlyList<string> after)
    {
        HashSet<string> stayed = new(before, StringComparer.Ordinal);
        HashSet<string> now = new(after, StringComparer.Ordinal);
        foreach (string player in now)
        {
            if (!stayed.Contains(player) || !_serverOfPlayer.ContainsKey(player))
            {
                _serverOfPlayer[player] = key;
            }
        }

        Forget(key, before.Where(player => !now.Contains(player)));
    }

    private void Remove(string key, HubEntry entry)
    {
        Forget(key, entry.Announcement.PlayerIds);
        _entries.Remove(key);
        int left = _perSource[entry.Source] - 1;
        if (left > 0)
        {
            _perSource[entry.Source] = left;
        }
        else
        {
            _perSource.Remove(entry.Source);
        }
    }

    private void Forget(string key, IEnumerable<string> players)
    {
        foreach (string player in players)
        {
            if (_serverOfPlayer.TryGetValue(player, out string? server) && string.Equals(server, key, StringComparison.Ordinal))
            {
                _serverOfPlayer.Remove(player);
            }
        }
    }

    public static bool IsSameAddress(ServerInfo one, ServerInfo other) =>
        string.Equals(one.Address, other.Address, StringComparison.OrdinalIgnoreCase);
}
