using System.Buffers.Binary;
using System.Security.Cryptography;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Requests;

/// <summary>
/// Hands out and checks the proof that a requester receives at its address (docs/protocol.md, "Cookies"): the first
/// 8 bytes of HMAC-SHA256 over address and port, as a big-endian number. Nothing is kept per requester. The secret
/// changes every 10 minutes and the one before stays valid, so a cookie lives 10 to 20 minutes.
/// </summary>
internal sealed class AddressCookies
{
    public static readonly TimeSpan SecretLifetime = TimeSpan.FromMinutes(10);

    private const int SecretSize = 32;
    private const int AddressSize = 16;

    private readonly EntropySource _entropy;
    private byte[] _current = new byte[SecretSize];
    private byte[] _previous = new byte[SecretSize];
    private Instant _since;

    /// <param name="entropy">Where secrets come from.</param>
    /// <param name="now">When the first secret begins to count.</param>
    public AddressCookies(EntropySource entropy, Instant now)
    {
        _entropy = entropy;
        _since = now;
        entropy.Fill(_current);
        entropy.Fill(_previous);
    }

    public ulong Issue(NodeEndpoint endpoint, Instant now)
    {
        Rotate(now);
        return Compute(_current, endpoint);
    }

    public bool Check(NodeEndpoint endpoint, ulong cookie, Instant now)
    {
        Rotate(now);
        // Equality of two words takes the same time wherever they differ.
        return Compute(_current, endpoint) == cookie || Compute(_previous, endpoint) == cookie;
    }

    private void Rotate(Instant now)
    {
        TimeSpan age = now - _since;
        if (age < SecretLifetime)
        {
            return;
        }

        long periods = age.Ticks / SecretLifetime.Ticks;
        (_previous, _current) = (_current, _previous);
        _entropy.Fill(_current);
        if (periods > 1)
        {
            // Nobody came for a whole period: the last secret in use is two ago by now.
            _entropy.Fill(_previous);
        }

        _since += periods * SecretLifetime;
    }

    private static ulong Compute(ReadOnlySpan<byte> secret, NodeEndpoint endpoint)
    {
        Span<byte> message = stackalloc byte[AddressSize + sizeof(ushort)];
        endpoint.WriteIPv6Address(message);
        BinaryPrimitives.WriteUInt16BigEndian(message[AddressSize..], (ushort)endpoint.Port);
        Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(secret, message, hash);
        return BinaryPrimitives.ReadUInt64BigEndian(hash);
    }
}
