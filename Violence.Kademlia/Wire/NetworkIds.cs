using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Violence.Kademlia.Wire;

/// <summary>Turns a network's name into the number that keeps networks apart in every datagram and record.</summary>
internal static class NetworkIds
{
    public static uint Of(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes($"violence-kad network\n{name}"), hash);
        return BinaryPrimitives.ReadUInt32BigEndian(hash);
    }
}
