using System.Buffers.Binary;
using System.Text;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Wire;

/// <summary>
/// What one datagram says. Made once and filled again for every datagram, so that reading allocates nothing; what it
/// hands out points into the datagram and holds until the next read. Elements the message's kind does not have are
/// empty, and all are after an error.
/// </summary>
internal sealed class IncomingMessage
{
    private readonly Contact[] _contacts = new Contact[WireLimits.MaxContacts];
    private readonly Slice[] _records = new Slice[WireLimits.MaxRecords];
    private ReadOnlyMemory<byte> _datagram;
    private Slice _publicKey;
    private RecordCursor? _cursor;
    private NodeId? _cursorOwner;
    private Slice _cursorLabel;
    private Slice _signature;
    private Slice _bytes;

    public MessageHeader Header { get; internal set; }

    /// <summary>Length of the datagram in bytes, padding included: what an unproven requester's reply may not exceed.</summary>
    public int Size => _datagram.Length;

    /// <summary>False only for a request whose sender has no cookie of ours.</summary>
    public bool HasCookie { get; private set; }

    /// <summary>The cookie's 8 bytes as a big-endian number.</summary>
    public ulong Cookie { get; private set; }

    /// <summary>Replies: the address the request came from, as the replier saw it.</summary>
    public NodeEndpoint Observed { get; internal set; }

    /// <summary>PING: the endpoint at which the asker addresses us, when it wants our identity proved.</summary>
    public NodeEndpoint? Challenge { get; internal set; }

    /// <summary>FIND_NODE: the target; FIND_VALUE, WATCH: the key's position.</summary>
    public NodeId Target { get; internal set; }

    /// <summary>FIND_NODE, FIND_VALUE: the contacts that are of use to the asker.</summary>
    public AddressFamilies Families { get; internal set; }

    /// <summary>FIND_VALUE: only this owner's records are wanted.</summary>
    public NodeId? Owner { get; internal set; }

    /// <summary>FIND_VALUE, WATCH: the filter, not looked into; empty when all records are wanted.</summary>
    public ReadOnlyMemory<byte> Filter =>
        Header.Kind is MessageKind.FindValue or MessageKind.Watch ? _datagram.Slice(_bytes.Start, _bytes.Length) : default;

    /// <summary>WATCH, NEWS: the number the subscriber drew for the subscription.</summary>
    public ulong Watch { get; internal set; }

    /// <summary>WATCH: for how long, 0 to end it; WATCHING: for how long it was granted. In seconds.</summary>
    public uint LifeSeconds { get; internal set; }

    /// <summary>WATCHING: what the holder says; may be a number of later versions.</summary>
    public WatchStatus WatchStatus { get; internal set; }

    /// <summary>FIND_VALUE: continue after this record. VALUES: more follow after this one.</summary>
    public RecordCursor? Cursor => _cursor ??= ReadCursor();

    /// <summary>PONG: whether it answers a challenge.</summary>
    public bool HasProof => _publicKey.Length != 0;

    /// <summary>PONG: the transaction of the challenge that the replier makes in return; null when it makes none.</summary>
    public TransactionId? InReturn { get; internal set; }

    public ReadOnlySpan<byte> PublicKey => _datagram.Span.Slice(_publicKey.Start, _publicKey.Length);

    public ReadOnlySpan<byte> Signature => _datagram.Span.Slice(_signature.Start, _signature.Length);

    /// <summary>STORED: what the holder did.</summary>
    public StoreStatus Status { get; internal set; }

    /// <summary>STORED: the sequence of the record the holder has now; 0 when none.</summary>
    public ulong Sequence { get; internal set; }

    /// <summary>TOUCH: how many fingerprints it asks about.</summary>
    public int FingerprintCount => Header.Kind == MessageKind.Touch ? _bytes.Length / sizeof(ulong) : 0;

    /// <summary>TOUCHED: a bit for each fingerprint asked about, as <see cref="IsMissing"/> reads them.</summary>
    public ReadOnlySpan<byte> Missing => Header.Kind == MessageKind.Touched ? _datagram.Span.Slice(_bytes.Start, _bytes.Length) : [];

    /// <summary>Contacts that can be sent to; the others in the datagram were skipped.</summary>
    public int ContactCount { get; private set; }

    /// <summary>NODES, VALUES: the contacts, closest first as the replier says.</summary>
    public ReadOnlySpan<Contact> Contacts => _contacts.AsSpan(0, ContactCount);

    /// <summary>1 for STORE and NEWS; as many as there are for VALUES.</summary>
    public int RecordCount { get; private set; }

    /// <summary>VALUES: how many records the replier has under the key (of the wanted owner).</summary>
    public uint Total { get; internal set; }

    /// <summary>The bytes of a record as they came; nothing about them was checked but their length.</summary>
    public ReadOnlyMemory<byte> RecordAt(int index)
    {
        Slice slice = _records.AsSpan(0, RecordCount)[index];
        return _datagram.Slice(slice.Start, slice.Length);
    }

    /// <summary>Seconds the replier says it has held a record of that owner and label without a gap.</summary>
    public uint HeldAt(int index) => _records.AsSpan(0, RecordCount)[index].Held;

    /// <summary>Seconds since the replier took this version of the record, as it says; null when it does not.</summary>
    public uint? AgeAt(int index) => _records.AsSpan(0, RecordCount)[index].Age;

    /// <summary>TOUCH: a fingerprint.</summary>
    public ulong FingerprintAt(int index) =>
        BinaryPrimitives.ReadUInt64BigEndian(_datagram.Span.Slice(_bytes.Start, _bytes.Length)[(index * sizeof(ulong))..]);

    /// <summary>TOUCHED: whether the replier says that it does not hold this one; one it does not speak of counts as held.</summary>
    public bool IsMissing(int index)
    {
        ReadOnlySpan<byte> missing = Missing;
        return index / 8 < missing.Length && (missing[index / 8] & 1 << index % 8) != 0;
    }

    /// <summary>Forgets the last datagram and points at this one.</summary>
    internal void Begin(ReadOnlyMemory<byte> datagram)
    {
        _datagram = datagram;
        _publicKey = default;
        _signature = default;
        _bytes = default;
        Header = default;
        HasCookie = false;
        Cookie = 0;
        Observed = default;
        Challenge = null;
        InReturn = null;
        Target = default;
        Families = AddressFamilies.None;
        Owner = null;
        Watch = 0;
        LifeSeconds = 0;
        WatchStatus = default;
        _cursor = null;
        _cursorOwner = null;
        Status = default;
        Sequence = 0;
        ContactCount = 0;
        RecordCount = 0;
        Total = 0;
    }

    internal void SetCookie(ulong cookie)
    {
        HasCookie = true;
        Cookie = cookie;
    }

    internal void SetCursor(NodeId owner, int labelStart, int labelLength)
    {
        _cursorOwner = owner;
        _cursorLabel = new Slice(labelStart, labelLength, 0);
    }

    internal void SetProof(int publicKeyStart, int signatureStart)
    {
        _publicKey = new Slice(publicKeyStart, WireLimits.PublicKeySize, 0);
        _signature = new Slice(signatureStart, WireLimits.SignatureSize, 0);
    }

    internal void SetBytes(int start, int length) => _bytes = new Slice(start, length, 0);

    internal void Add(Contact contact) => _contacts[ContactCount++] = contact;

    internal void AddRecord(int start, int length, uint held) => _records[RecordCount++] = new Slice(start, length, held);

    /// <summary>Of the record added last.</summary>
    internal void SetAge(uint age) => _records[RecordCount - 1] = _records[RecordCount - 1] with { Age = age };

    /// <summary>The label becomes a text only when somebody asks for it: most who decode a page read no further.</summary>
    private RecordCursor? ReadCursor() => _cursorOwner is { } owner
        ? new RecordCursor(owner, Encoding.UTF8.GetString(_datagram.Span.Slice(_cursorLabel.Start, _cursorLabel.Length)))
        : null;

    private readonly record struct Slice(int Start, int Length, uint Held, uint? Age = null);
}
