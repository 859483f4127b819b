namespace Violence.Kademlia.Primitives;

/// <summary>How far a get goes before it is done.</summary>
public enum GetMode
{
    /// <summary>
    /// Until the 3 closest nodes have answered, or 8 as long as none of them has a record: sees what the holders agree on and every rival claim. The default.
    /// </summary>
    Closest,

    /// <summary>The first valid record ends it: the fastest; a newer record may exist elsewhere.</summary>
    First,

    /// <summary>
    /// As <see cref="Closest"/>, and reads on until 3 holders have been read to the end: for keys with many owners. What comes first is
    /// another part of the records each time.
    /// </summary>
    All,
}
