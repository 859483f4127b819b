using Violence.Kademlia.Engine.Operations;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Wire;

namespace Violence.Kademlia.Engine;

/// <summary>
/// A request as it stands in the request table: enough to know whom its answer belongs to, and to send it once more with a
/// fresh cookie.
/// </summary>
internal readonly record struct OutgoingRequest()
{
    // What only some searches for records have stands apart: requests in flight are kept in arrays of this.
    private readonly Narrowing? _narrowing;
    private readonly ushort _paddedSize = WireLimits.MaxDatagram;

    public required MessageKind Kind { get; init; }

    /// <summary>Whom it goes to. The id means nothing when it goes to a seed.</summary>
    public required Contact To { get; init; }

    /// <summary>Whether the receiver's id is not known yet: then anybody's answer from that endpoint counts.</summary>
    public bool IsToSeed { get; init; }

    /// <summary>The operation that waits for the answer; null: the engine's own upkeep (challenges and probes).</summary>
    public Operation? Operation { get; init; }

    /// <summary>The position asked for, in FIND_NODE and FIND_VALUE.</summary>
    public NodeId Target { get; init; }

    /// <summary>Only this owner's records, in FIND_VALUE.</summary>
    public NodeId? Owner
    {
        get => _narrowing?.Owner;
        init => _narrowing = value is null && _narrowing is null ? null : (_narrowing ?? Narrowing.None) with { Owner = value };
    }

    /// <summary>Begin after this place, in FIND_VALUE.</summary>
    public RecordCursor? Cursor
    {
        get => _narrowing?.Cursor;
        init => _narrowing = value is null && _narrowing is null ? null : (_narrowing ?? Narrowing.None) with { Cursor = value };
    }

    /// <summary>Only records whose payloads pass, in FIND_VALUE and WATCH; null: all.</summary>
    public byte[]? Filter
    {
        get => _narrowing?.Filter;
        init => _narrowing = value is null && _narrowing is null ? null : (_narrowing ?? Narrowing.None) with { Filter = value };
    }

    /// <summary>
    /// The arc that a FIND_VALUE reads on, which wants no contacts; null: it is a lookup's, and wants some.
    /// </summary>
    public Arc? Arc
    {
        get => _narrowing?.Arc;
        init => _narrowing = value is null && _narrowing is null ? null : (_narrowing ?? Narrowing.None) with { Arc = value };
    }

    /// <summary>Which subscription a WATCH is about.</summary>
    public WatchTerms? Terms
    {
        get => _narrowing?.Terms;
        init => _narrowing = value is null && _narrowing is null ? null : (_narrowing ?? Narrowing.None) with { Terms = value };
    }

    /// <summary>The record, in STORE.</summary>
    public Record? Record { get; init; }

    /// <summary>Whether the receiver of a STORE is to name the nodes closest to the record's key.</summary>
    public bool AsksForContacts { get; init; }

    /// <summary>The records that a TOUCH asks about.</summary>
    public Record[]? Touched { get; init; }

    /// <summary>Whether a PING asks for the identity proof.</summary>
    public bool AsksForProof { get; init; }

    /// <summary>Whether it is a challenge that went along in a PONG, to an address that may be a forged one.</summary>
    public bool IsInReturn { get; init; }

    /// <summary>Whether nobody waits for it: to a stranger it goes short, to be answered by RETRY, and in earnest once that has come.</summary>
    public bool IsUnhurried { get; init; }

    /// <summary>When it was sent; set by the engine.</summary>
    public Instant SentAt { get; init; }

    /// <summary>When it counts as late, and may have been sent again; set by the engine.</summary>
    public Instant LateAfter { get; init; }

    /// <summary>How long the request is made when there is no cookie to show: at least as long as any reply to it.</summary>
    public int PaddedSize
    {
        get => _paddedSize;
        init => _paddedSize = (ushort)value;
    }

    /// <summary>Whether this is the second try after a RETRY: a third would be a game of ping-pong.</summary>
    public bool IsSecondTry { get; init; }

    /// <summary>Whether it only asks a contact whether it lives.</summary>
    public bool IsProbe => Kind == MessageKind.Ping && Operation is null && !AsksForProof;

    private sealed record Narrowing(NodeId? Owner, RecordCursor? Cursor, byte[]? Filter, Arc? Arc, WatchTerms? Terms)
    {
        public static Narrowing None { get; } = new(null, null, null, null, null);
    }
}

/// <summary>Which subscription a WATCH is about, and for how long it should live; 0 s end it.</summary>
internal sealed record WatchTerms(ulong Number, uint LifeSeconds);
