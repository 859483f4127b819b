namespace Violence.Kademlia.Primitives;

/// <summary>
/// Sixty-four random bits that tie a reply to its request. Random, so that nobody who can't see the request can answer it.
/// </summary>
internal readonly record struct TransactionId(ulong Value)
{
    public override string ToString() => Value.ToString("x16", System.Globalization.CultureInfo.InvariantCulture);
}
