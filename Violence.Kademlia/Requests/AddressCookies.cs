using System.Buffers.Binary;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Requests;

/// <summary>
/// Hands out and checks the proof that a requester receives at its address (docs/protocol.md, "Cookies"): SipHash-2-4
/// over address and port. Nothing is kept per requester. The secret changes every 10 minutes and the one before stays
/// valid, so a cookie lives 10 to 20 minutes.
/// </summary>
internal sealed class AddressCookies
{
    public static readonly TimeSpan SecretLifetime = TimeSpan.FromMinutes(10);

    private const int AddressSize = 16;

    private readonly EntropySource _entropy;
    private SipHash _current;
    private SipHash _previous;
    private Instant _since;

    // The last one of the current secret: a request's cookie is checked, and the reply to it has one.
    private NodeEndpoint _last;
    private ulong _lastCookie;

    /// <param name="entropy">Where secrets come from.</param>
    /// <param name="now">When the first secret begins to count.</param>
    public AddressCookies(EntropySource entropy, Instant now)
    {
        _entropy = entropy;
        _since = now;
        _current = NewSecret();
        _previous = NewSecret();
        _lastCookie = Compute(_current, _last);
    }

    public ulong Issue(NodeEndpoint endpoint, Instant now)
    {
        Rotate(now);
        return Current(endpoint);
    }

    public bool Check(NodeEndpoint endpoint, ulong cookie, Instant now)
    {
        Rotate(now);
        // Equality of two words takes the same time wherever they differ.
        return Current(endpoint) == cookie || Compute(_previous, endpoint) == cookie;
    }

    private void Rotate(Instant now)
    {
        TimeSpan age = now - _since;
        if (age < SecretLifetime)
        {
            return;
        }

        long periods = age.Ticks / SecretLifetime.Ticks;
        // When nobody came for a whole period the last secret in use is two ago by now.
        _previous = periods > 1 ? NewSecret() : _current;
        _current = NewSecret();
        _lastCookie = Compute(_current, _last);
        _since += periods * SecretLifetime;
    }

    private ulong Current(NodeEndpoint endpoint)
    {
        if (endpoint != _last)
        {
            _last = endpoint;
            _lastCookie = Compute(_current, endpoint);
        }

        return _lastCookie;
    }

    private SipHash NewSecret()
    {
        Span<byte> secret = stackalloc byte[SipHash.KeySize];
        _entropy.Fill(secret);
        return new SipHash(secret);
    }

    private static ulong Compute(in SipHash secret, NodeEndpoint endpoint)
    {
        Span<byte> message = stackalloc byte[AddressSize + sizeof(ushort)];
        endpoint.WriteIPv6Address(message);
        BinaryPrimitives.WriteUInt16BigEndian(message[AddressSize..], (ushort)endpoint.Port);
        return secret.Hash(message);
    }
}
