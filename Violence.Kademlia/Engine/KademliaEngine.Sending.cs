using Violence.Kademlia.Engine.Operations;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Requests;
using Violence.Kademlia.Wire;

namespace Violence.Kademlia.Engine;

/// <summary>From request to datagram.</summary>
internal sealed partial class KademliaEngine
{
    /// <summary>Shown to strangers that are to answer with RETRY.</summary>
    private const ulong NoCookie = 0;

    /// <summary>Sends a request and watches for its answer.</summary>
    /// <returns>False when it could not be sent; nothing will be heard of it then.</returns>
    public bool Send(in OutgoingRequest request, Instant now)
    {
        NodeEndpoint to = request.To.Endpoint;
        TransactionId transaction = _entropy.NextTransactionId();
        ulong? cookie = CookieFor(request, now);
        ReadOnlyMemory<byte> datagram = Encode(request, Header(request.Kind, transaction), cookie);
        (TimeSpan soft, TimeSpan hard) = request.Operation is PingOperation
            ? new RequestTimeouts(PingOperation.Patience, PingOperation.Patience)
            : _peers.Timeouts(to);
        NodeId? expected = request.IsToSeed ? null : request.To.Id;
        OutgoingRequest sent = request with { SentAt = now, LateAfter = now + soft };
        if (!_requests.TryAdd(transaction, to, expected, request.Kind, sent, now, soft, hard))
        {
            return false;
        }

        if (!Post(to, datagram))
        {
            _requests.Remove(transaction);
            return false;
        }

        Counters.RequestsSent++;
        if (request.Operation is { } operation)
        {
            operation.Requests++;
        }

        return true;
    }

    /// <summary>
    /// Draws the transaction of a challenge that goes along in a PONG, and watches for its answer as for that of any request.
    /// </summary>
    public bool TryExpectInReturn(Contact contact, Instant now, out TransactionId transaction)
    {
        transaction = _entropy.NextTransactionId();
        (TimeSpan soft, TimeSpan hard) = _peers.Timeouts(contact.Endpoint);
        var challenge = new OutgoingRequest
        {
            Kind = MessageKind.Ping,
            To = contact,
            AsksForProof = true,
            IsInReturn = true,
            SentAt = now,
            LateAfter = now + soft,
        };
        bool isAdded = _requests.TryAdd(transaction, contact.Endpoint, contact.Id, MessageKind.Ping, challenge, now, hard, hard);
        Counters.RequestsSent += isAdded ? 1 : 0;
        return isAdded;
    }

    /// <summary>Whether a request to this contact will be served at once, whatever it asks for.</summary>
    public bool HasCookieOf(Contact contact, Instant now) => _peers.TryGetCookie(contact.Endpoint, now, out _);

    /// <summary>
    /// Sends a request once more that is late: the same one, so that either's answer is the answer. Only to those who have
    /// answered before: strangers that somebody named are not asked twice, nor is a challenge repeated, which may be all
    /// that the request it answers allows for.
    /// </summary>
    private void SendAgain(in Due<OutgoingRequest> late, Instant now)
    {
        OutgoingRequest request = late.Request;
        ulong? cookie = CookieFor(request, now);
        if (!request.AsksForProof
            && (HasCookieOf(request.To, now) || Knows(request.To))
            && Post(late.Endpoint, Encode(request, Header(request.Kind, late.Transaction), cookie)))
        {
            Counters.RequestsRetransmitted++;
        }
    }

    /// <summary>
    /// Most strangers that are named where lives are short are dead. To ask them costs little by a cookie that can't hold: who lives
    /// answers RETRY, with the right one.
    /// </summary>
    private ulong? CookieFor(in OutgoingRequest request, Instant now) =>
        _peers.TryGetCookie(request.To.Endpoint, now, out ulong known) ? known : request.IsUnhurried ? NoCookie : null;

    private ReadOnlyMemory<byte> Encode(in OutgoingRequest request, in MessageHeader header, ulong? cookie)
    {
        MessageWriter writer = Scratch.Writer;
        _ = request.Kind switch
        {
            MessageKind.Ping => writer.Ping(header, cookie, request.AsksForProof ? request.To.Endpoint : null),
            MessageKind.Store => writer.Store(header, cookie, request.Record!.Bytes.Span, request.AsksForContacts ? Config.Families : AddressFamilies.None),
            MessageKind.Touch => EncodeTouch(header, cookie, request.Touched!),
            MessageKind.Watch => writer.Watch(header, cookie, new RecordKey(request.Target), request.Terms!.Number, request.Terms.LifeSeconds, request.Filter),
            MessageKind.FindNode => writer.FindNode(header, cookie, request.Target, Config.Families),
            _ => EncodeFindValue(header, cookie, request),
        };

        // Who has no cookie pays for the reply with the size of the request.
        return writer.Pad(cookie is null ? request.PaddedSize : WireLimits.MinRequest);
    }

    private ReadOnlyMemory<byte> EncodeFindValue(in MessageHeader header, ulong? cookie, in OutgoingRequest request)
    {
        AddressFamilies families = request.Arc is null ? Config.Families : AddressFamilies.None;
        return Scratch.Writer.FindValue(header, cookie, new RecordKey(request.Target), families, request.Owner, request.Cursor, request.Filter);
    }

    private ReadOnlyMemory<byte> EncodeTouch(in MessageHeader header, ulong? cookie, Record[] records)
    {
        Span<ulong> fingerprints = stackalloc ulong[records.Length];
        for (int i = 0; i < records.Length; i++)
        {
            fingerprints[i] = records[i].Fingerprint;
        }

        return Scratch.Writer.Touch(header, cookie, fingerprints);
    }

    private MessageHeader Header(MessageKind kind, TransactionId transaction) =>
        new(Config.Network, kind, transaction, Self, Config.IsClient);

    private bool Post(NodeEndpoint to, ReadOnlyMemory<byte> datagram)
    {
        if (!Outbox.TryAdd(to, datagram.Span))
        {
            Counters.Drop(DropReason.OutboxFull);
            return false;
        }

        Counters.DatagramsSent++;
        Counters.BytesSent += datagram.Length;
        return true;
    }
}
