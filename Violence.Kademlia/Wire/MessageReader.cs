using System.Buffers.Binary;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Wire;

/// <summary>
/// Reads datagrams (docs/protocol.md). Takes any bytes, never throws, and allocates nothing but a cursor's label.
/// </summary>
internal static partial class MessageReader
{
    private const int HeaderElements = 7;
    private const ulong ClientFlag = 1;

    /// <summary>Reads a datagram of <paramref name="network"/> into <paramref name="into"/>.</summary>
    /// <returns>What is wrong with it; then <paramref name="into"/> is empty.</returns>
    public static WireError Read(ReadOnlyMemory<byte> datagram, uint network, IncomingMessage into)
    {
        if (datagram.Length > WireLimits.MaxDatagram)
        {
            into.Begin(default);
            return WireError.TooLarge;
        }

        into.Begin(datagram);
        var reader = new FieldReader(datagram);
        WireError error = ReadMessage(ref reader, network, into);
        if (error != WireError.None)
        {
            into.Begin(default);
        }

        return error;
    }

    private static WireError ReadMessage(ref FieldReader reader, uint network, IncomingMessage into)
    {
        // Another version may have another header: nothing is asked of the array before the version is known.
        if (!reader.TryReadList(int.MaxValue, out int count) || !reader.TryReadUnsigned(ulong.MaxValue, out ulong version))
        {
            return WireError.Malformed;
        }

        if (version != WireLimits.Version)
        {
            return WireError.OtherVersion;
        }

        if (count < HeaderElements || !reader.TryReadUnsigned(uint.MaxValue, out ulong theirNetwork))
        {
            return WireError.Malformed;
        }

        if (theirNetwork != network)
        {
            return WireError.OtherNetwork;
        }

        return TryReadHeader(ref reader, network, into)
            && TryReadBody(ref reader, into)
            && reader.TrySkip(count - HeaderElements)
                ? WireError.None
                : WireError.Malformed;
    }

    private static bool TryReadHeader(ref FieldReader reader, uint network, IncomingMessage into)
    {
        if (!reader.TryReadUnsigned(byte.MaxValue, out ulong kind)
            || !reader.TryReadUnsigned(ulong.MaxValue, out ulong transaction)
            || !TryReadId(ref reader, out NodeId sender)
            || !reader.TryReadUnsigned(ulong.MaxValue, out ulong flags))
        {
            return false;
        }

        bool isClient = (flags & ClientFlag) != 0;
        into.Header = new MessageHeader(network, (MessageKind)kind, new TransactionId(transaction), sender, isClient);
        return true;
    }

    private static bool TryReadBody(ref FieldReader reader, IncomingMessage into)
    {
        MessageKind kind = into.Header.Kind;
        int known = kind switch
        {
            MessageKind.Goodbye => 1,
            MessageKind.Ping or MessageKind.Store or MessageKind.Touch or MessageKind.Retry => 2,
            MessageKind.FindNode or MessageKind.Pong or MessageKind.Nodes or MessageKind.Touched or MessageKind.News => 3,
            MessageKind.Stored or MessageKind.Watch or MessageKind.Watching => 4,
            MessageKind.FindValue => 5,
            MessageKind.Values => 6,
            _ => 0,
        };
        return known != 0
            && reader.TryReadArray(known, out int extra)
            && (kind.IsRequest() ? TryReadRequestCookie(ref reader, into) : TryReadObservedAndCookie(ref reader, into))
            && TryReadElements(ref reader, kind, into)
            && (extra == 0 || TryReadLater(ref reader, kind, ref extra, into))
            && reader.TrySkip(extra);
    }

    private static bool TryReadElements(ref FieldReader reader, MessageKind kind, IncomingMessage into) => kind switch
    {
        MessageKind.Ping => TryReadChallenge(ref reader, into),
        MessageKind.Store => TryReadRecord(ref reader, into, isHeld: false),
        MessageKind.FindNode => TryReadTarget(ref reader, into),
        MessageKind.FindValue =>
            TryReadTarget(ref reader, into) && TryReadOwner(ref reader, into) && TryReadCursor(ref reader, into),
        MessageKind.Touch => TryReadFingerprints(ref reader, into),
        MessageKind.Watch => TryReadWatch(ref reader, into),
        MessageKind.News => TryReadWatchNumber(ref reader, into) && TryReadRecord(ref reader, into, isHeld: false),
        MessageKind.Watching => TryReadWatching(ref reader, into),
        MessageKind.Pong => TryReadProof(ref reader, into),
        MessageKind.Stored => TryReadStored(ref reader, into),
        MessageKind.Nodes => TryReadContacts(ref reader, into),
        MessageKind.Touched => TryReadMissing(ref reader, into),
        MessageKind.Values =>
            TryReadContacts(ref reader, into)
            && TryReadRecords(ref reader, into)
            && TryReadCursor(ref reader, into)
            && TryReadTotal(ref reader, into),
        _ => true,
    };

    private static bool TryReadRequestCookie(ref FieldReader reader, IncomingMessage into) =>
        reader.TryReadNil() || TryReadCookie(ref reader, into);

    private static bool TryReadObservedAndCookie(ref FieldReader reader, IncomingMessage into)
    {
        bool isRead = TryReadEndpoint(ref reader, out NodeEndpoint observed);
        into.Observed = observed;
        return isRead && TryReadCookie(ref reader, into);
    }

    private static bool TryReadCookie(ref FieldReader reader, IncomingMessage into)
    {
        if (!reader.TryReadBinary(WireLimits.CookieSize, WireLimits.CookieSize, out ReadOnlySpan<byte> cookie))
        {
            return false;
        }

        into.SetCookie(BinaryPrimitives.ReadUInt64BigEndian(cookie));
        return true;
    }

    private static bool TryReadChallenge(ref FieldReader reader, IncomingMessage into)
    {
        if (reader.TryReadNil())
        {
            return true;
        }

        bool isRead = TryReadEndpoint(ref reader, out NodeEndpoint challenge);
        into.Challenge = challenge;
        return isRead;
    }

    private static bool TryReadInReturn(ref FieldReader reader, IncomingMessage into)
    {
        bool isRead = reader.TryReadUnsigned(ulong.MaxValue, out ulong transaction);
        into.InReturn = new TransactionId(transaction);
        return isRead;
    }

    private static bool TryReadTarget(ref FieldReader reader, IncomingMessage into)
    {
        bool isRead = TryReadId(ref reader, out NodeId target);
        into.Target = target;
        return isRead && TryReadFamilies(ref reader, into);
    }

    private static bool TryReadFamilies(ref FieldReader reader, IncomingMessage into)
    {
        bool isRead = reader.TryReadUnsigned(ulong.MaxValue, out ulong families);
        into.Families = (AddressFamilies)families & AddressFamilies.Both;
        return isRead;
    }

    private static bool TryReadOwner(ref FieldReader reader, IncomingMessage into)
    {
        if (reader.TryReadNil())
        {
            return true;
        }

        bool isRead = TryReadId(ref reader, out NodeId owner);
        into.Owner = owner;
        return isRead;
    }

    /// <summary>The element that came later than the others of its kind: who does not need it leaves it out.</summary>
    private static bool TryReadLater(ref FieldReader reader, MessageKind kind, ref int extra, IncomingMessage into)
    {
        if (kind is not (MessageKind.FindValue or MessageKind.Watch or MessageKind.Store or MessageKind.Stored or MessageKind.Pong))
        {
            return true;
        }

        extra--;
        return reader.TryReadNil() || kind switch
        {
            MessageKind.FindValue or MessageKind.Watch => TryReadFilter(ref reader, into),
            MessageKind.Store => TryReadFamilies(ref reader, into),
            MessageKind.Pong => TryReadInReturn(ref reader, into),
            _ => TryReadContacts(ref reader, into),
        };
    }

    private static bool TryReadFilter(ref FieldReader reader, IncomingMessage into)
    {
        if (!reader.TryReadBinary(0, WireLimits.MaxFilterSize, out ReadOnlySpan<byte> filter))
        {
            return false;
        }

        into.SetBytes(reader.Position - filter.Length, filter.Length);
        return true;
    }

    private static bool TryReadWatch(ref FieldReader reader, IncomingMessage into)
    {
        bool isRead = TryReadId(ref reader, out NodeId target);
        into.Target = target;
        return isRead && TryReadWatchNumber(ref reader, into) && TryReadLife(ref reader, into);
    }

    private static bool TryReadWatchNumber(ref FieldReader reader, IncomingMessage into)
    {
        bool isRead = reader.TryReadUnsigned(ulong.MaxValue, out ulong watch);
        into.Watch = watch;
        return isRead;
    }

    private static bool TryReadWatching(ref FieldReader reader, IncomingMessage into)
    {
        bool isRead = reader.TryReadUnsigned(byte.MaxValue, out ulong status);
        into.WatchStatus = (WatchStatus)status;
        return isRead && TryReadLife(ref reader, into);
    }

    private static bool TryReadLife(ref FieldReader reader, IncomingMessage into)
    {
        bool isRead = reader.TryReadUnsigned(uint.MaxValue, out ulong seconds);
        into.LifeSeconds = (uint)seconds;
        return isRead;
    }

    private static bool TryReadCursor(ref FieldReader reader, IncomingMessage into)
    {
        if (reader.TryReadNil())
        {
            return true;
        }

        if (!reader.TryReadArray(2, out int extra)
            || !TryReadId(ref reader, out NodeId owner)
            || !reader.TryReadText(Record.MaxLabelSize, out ReadOnlySpan<byte> label))
        {
            return false;
        }

        into.SetCursor(owner, reader.Position - label.Length, label.Length);
        return reader.TrySkip(extra);
    }

    private static bool TryReadProof(ref FieldReader reader, IncomingMessage into)
    {
        if (reader.TryReadNil())
        {
            return true;
        }

        if (!reader.TryReadArray(2, out int extra)
            || !reader.TryReadBinary(WireLimits.PublicKeySize, WireLimits.PublicKeySize, out ReadOnlySpan<byte> publicKey))
        {
            return false;
        }

        int keyStart = reader.Position - publicKey.Length;
        if (!reader.TryReadBinary(WireLimits.SignatureSize, WireLimits.SignatureSize, out ReadOnlySpan<byte> signature))
        {
            return false;
        }

        into.SetProof(keyStart, reader.Position - signature.Length);
        return reader.TrySkip(extra);
    }

    private static bool TryReadStored(ref FieldReader reader, IncomingMessage into)
    {
        if (!reader.TryReadUnsigned((ulong)StoreStatus.Full, out ulong status)
            || !reader.TryReadUnsigned(ulong.MaxValue, out ulong sequence))
        {
            return false;
        }

        into.Status = (StoreStatus)status;
        into.Sequence = sequence;
        return true;
    }

    private static bool TryReadFingerprints(ref FieldReader reader, IncomingMessage into)
    {
        if (!reader.TryReadBinary(0, WireLimits.MaxFingerprints * sizeof(ulong), out ReadOnlySpan<byte> bytes)
            || bytes.Length % sizeof(ulong) != 0)
        {
            return false;
        }

        into.SetBytes(reader.Position - bytes.Length, bytes.Length);
        return true;
    }

    private static bool TryReadMissing(ref FieldReader reader, IncomingMessage into)
    {
        if (!reader.TryReadBinary(0, WireLimits.MaxFingerprints / 8, out ReadOnlySpan<byte> bytes))
        {
            return false;
        }

        into.SetBytes(reader.Position - bytes.Length, bytes.Length);
        return true;
    }

    private static bool TryReadId(ref FieldReader reader, out NodeId id)
    {
        bool isRead = reader.TryReadBinary(NodeId.Size, NodeId.Size, out ReadOnlySpan<byte> bytes);
        id = isRead ? new NodeId(bytes) : default;
        return isRead;
    }

    private static bool TryReadEndpoint(ref FieldReader reader, out NodeEndpoint endpoint)
    {
        endpoint = default;
        return reader.TryReadBinary(NodeEndpoint.IPv4Size, NodeEndpoint.IPv6Size, out ReadOnlySpan<byte> bytes)
            && NodeEndpoint.TryRead(bytes, out endpoint);
    }
}
