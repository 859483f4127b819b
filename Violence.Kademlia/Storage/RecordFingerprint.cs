using System.Buffers.Binary;
using System.Security.Cryptography;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Storage;

/// <summary>
/// The short name of a record's bytes: the first 8 bytes of their SHA-256, as a big-endian number. Enough to ask a holder
/// whether it has them; whoever wants two records with one fingerprint can make them (2^32 tries).
/// </summary>
internal static class RecordFingerprint
{
    public static ulong Of(Record record)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        record.Hash(hash);
        return BinaryPrimitives.ReadUInt64BigEndian(hash);
    }
}
