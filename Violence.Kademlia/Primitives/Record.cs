using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Violence.Kademlia.Primitives;

/// <summary>
/// A record as its owner signed it. The bytes are kept as they came and passed on unchanged; the fields are a reading of
/// them. That a <see cref="Record"/> exists says it is well-formed, not that its signature is valid: whoever takes one
/// from the network verifies it before use. Format: docs/protocol.md, "Records".
/// </summary>
public sealed class Record
{
    /// <summary>Longest record, in bytes, signature included.</summary>
    public const int MaxSize = 1000;

    /// <summary>Longest label, in bytes of UTF-8.</summary>
    public const int MaxLabelSize = 64;

    /// <summary>Length of the signature at the end of the bytes.</summary>
    public const int SignatureSize = 64;

    /// <summary>The longest life an owner can give a record: 8 hours.</summary>
    public static readonly TimeSpan MaxTimeToLive = TimeSpan.FromHours(8);

    private readonly byte[] _bytes;
    private readonly int _payloadStart;
    private readonly int _payloadLength;

    // Computed when first asked for. 0, which one record in 2^64 has, is computed each time.
    private ulong _fingerprint;

    internal Record(byte[] bytes, RecordFields fields, int payloadStart, int payloadLength)
    {
        _bytes = bytes;
        _payloadStart = payloadStart;
        _payloadLength = payloadLength;
        Network = fields.Network;
        Key = fields.Key;
        OwnerKey = fields.OwnerKey;
        Owner = fields.Owner;
        Label = fields.Label;
        Sequence = fields.Sequence;
        Issued = fields.Issued;
        TimeToLive = fields.TimeToLive;
        IsTombstone = fields.IsTombstone;
    }

    /// <summary>The whole record as it travels: the signed body, then the signature.</summary>
    public ReadOnlyMemory<byte> Bytes => _bytes;

    /// <summary>The part the signature covers.</summary>
    internal ReadOnlySpan<byte> Body => _bytes.AsSpan(0, _bytes.Length - SignatureSize);

    internal ReadOnlySpan<byte> Signature => _bytes.AsSpan(_bytes.Length - SignatureSize);

    /// <summary>Length in bytes, signature included.</summary>
    internal int Size => _bytes.Length;

    /// <summary>The id of the network the record was made for; others refuse it.</summary>
    internal uint Network { get; }

    /// <summary>The key the record stands under.</summary>
    public RecordKey Key { get; }

    /// <summary>The owner's Ed25519 public key, 32 bytes.</summary>
    public ReadOnlyMemory<byte> OwnerKey { get; }

    /// <summary>The owner's id: the first 20 bytes of the SHA-256 of <see cref="OwnerKey"/>.</summary>
    public NodeId Owner { get; }

    /// <summary>Tells apart several records of one owner under one key; at most <see cref="MaxLabelSize"/> bytes, may be empty.</summary>
    public string Label { get; }

    /// <summary>Of two records of one owner, key and label the higher sequence holds.</summary>
    public ulong Sequence { get; }

    /// <summary>When the owner says it signed, by the owner's clock.</summary>
    public DateTimeOffset Issued { get; }

    /// <summary>How long the record lives after it was issued: 1 s to <see cref="MaxTimeToLive"/>.</summary>
    public TimeSpan TimeToLive { get; }

    /// <summary>Whether this is a withdrawal: it stands in for the record it replaces and has no payload.</summary>
    public bool IsTombstone { get; }

    /// <summary>The application's bytes.</summary>
    public ReadOnlyMemory<byte> Payload => _bytes.AsMemory(_payloadStart, _payloadLength);

    /// <summary>
    /// The short name of its bytes: the first 8 of their SHA-256, as a big-endian number. Enough to ask a holder whether it has
    /// them; whoever wants two records with one fingerprint can make them (2^32 tries).
    /// </summary>
    internal ulong Fingerprint
    {
        get
        {
            // Two nodes of one process may hold the same object, each on a thread of its own.
            ulong fingerprint = Volatile.Read(ref _fingerprint);
            if (fingerprint == 0)
            {
                Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
                Hash(hash);
                fingerprint = BinaryPrimitives.ReadUInt64BigEndian(hash);
                Volatile.Write(ref _fingerprint, fingerprint);
            }

            return fingerprint;
        }
    }

    /// <summary>Whether both are the same record to the byte.</summary>
    internal bool SameBytes(Record other) => _bytes.AsSpan().SequenceEqual(other._bytes);

    /// <summary>SHA-256 of the whole record: breaks ties between records of the same sequence.</summary>
    internal void Hash(Span<byte> destination) => SHA256.HashData(_bytes, destination);
}

/// <summary>The fields of a record as read from, or about to be written to, its bytes.</summary>
internal readonly record struct RecordFields(
    uint Network,
    RecordKey Key,
    ReadOnlyMemory<byte> OwnerKey,
    NodeId Owner,
    string Label,
    ulong Sequence,
    DateTimeOffset Issued,
    TimeSpan TimeToLive,
    bool IsTombstone);

/// <summary>Where a walk through the records under one key stands: everything up to and including this was seen.</summary>
/// <param name="Owner">Owner of the last record seen.</param>
/// <param name="Label">Its label.</param>
internal readonly record struct RecordCursor(NodeId Owner, string Label);
