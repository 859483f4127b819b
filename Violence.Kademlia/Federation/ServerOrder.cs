namespace Violence.Kademlia.Federation;

/// <summary>In what order a complete query lists servers.</summary>
public enum ServerOrder
{
    /// <summary>By name, upper and lower case alike.</summary>
    Name,

    /// <summary>Most players first; of equals by name.</summary>
    Players,

    /// <summary>
    /// Shortest round trip first, which is measured for at most 256 servers of a query, within 3 s; those that did not answer come
    /// last, by name.
    /// </summary>
    Ping,
}
