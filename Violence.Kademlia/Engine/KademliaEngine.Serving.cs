using Violence.Kademlia.Identity;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Routing;
using Violence.Kademlia.Storage;
using Violence.Kademlia.Wire;

namespace Violence.Kademlia.Engine;

/// <summary>What this node does for others: one method per request.</summary>
internal sealed partial class KademliaEngine
{
    /// <summary>What checking a new record counts for against its sender's budget, in datagrams.</summary>
    private const int VerificationCost = 5;

    private void Serve(NodeEndpoint source, IncomingMessage message, int requestLength, Instant now)
    {
        // Only a cookie of ours, sent back, shows that somebody receives at this address (protocol.md, "Cookies").
        bool isProven = message.HasCookie && _cookies.Check(source, message.Cookie, now);
        if (isProven)
        {
            _limiter.Confirm(source, now);
        }

        var from = new Contact(message.Header.Sender, source);
        if (message.Header.Kind == MessageKind.Goodbye)
        {
            ServeGoodbye(from, isProven, now);
            return;
        }

        ReadOnlyMemory<byte> reply = Reply(from, message, isProven, Math.Min(requestLength, WireLimits.MaxDatagram), now, out bool isChallenged);
        if (reply.IsEmpty)
        {
            Counters.Drop(DropReason.WouldAmplify);
            return;
        }

        if (!Post(source, reply))
        {
            return;
        }

        Counters.RequestsServed++;
        if (isProven && !isChallenged && !message.Header.IsClient)
        {
            Meet(from, now);
        }
    }

    private ReadOnlyMemory<byte> Reply(
        Contact from, IncomingMessage message, bool isProven, int requestLength, Instant now, out bool isChallenged)
    {
        isChallenged = false;
        int maxBytes = isProven ? WireLimits.MaxDatagram : requestLength;
        if (message.HasCookie && !isProven)
        {
            // Its cookie is from before this node was started anew, or its own address has changed; it has not padded its
            // request, and a reply cut to that would look like all there is.
            return Retry(from, message, maxBytes, now);
        }

        return message.Header.Kind switch
        {
            MessageKind.Ping => ServePing(from, message, isProven, maxBytes, now, out isChallenged),
            MessageKind.FindNode => ServeFindNode(from, message, maxBytes, now),
            MessageKind.FindValue => ServeFindValue(from, message, maxBytes, now),
            MessageKind.Store when isProven => ServeStore(from, message, now),
            MessageKind.Watch when isProven => ServeWatch(from, message, now),
            MessageKind.Touch => ServeTouch(from, message, isProven, maxBytes, now),
            _ => Retry(from, message, maxBytes, now),
        };
    }

    private ReadOnlyMemory<byte> ServePing(
        Contact from, IncomingMessage message, bool isProven, int maxBytes, Instant now, out bool isChallenged)
    {
        isChallenged = false;
        MessageHeader header = Header(MessageKind.Pong, message.Header.Transaction);
        ulong cookie = _cookies.Issue(from.Endpoint, now);
        bool isAsked = message.Challenge is { } asked && _reachability.CouldBeMe(asked, now);
        if (isAsked && !isProven && !_signaturesForUnproven.TryTake(now))
        {
            // A flood from spoofed sources must not keep anybody from our proof who does receive at its address.
            return Retry(from, message, maxBytes, now);
        }

        TransactionId transaction = default;
        isChallenged = !message.Header.IsClient
            && maxBytes >= Introductions.ChallengeSize
            && _introductions.TryChallengeInReturn(from, isProven, this, now, out transaction);
        TransactionId? inReturn = isChallenged ? transaction : null;
        if (!isAsked || (isProven && !_signatures.TryTake(now)))
        {
            return Scratch.Writer.Pong(header, from.Endpoint, cookie, [], [], maxBytes, inReturn);
        }

        Span<byte> signature = stackalloc byte[SignatureScheme.SignatureSize];
        IdentityProof.Sign(_identity, Config.Network, from.Id, message.Header.Transaction, message.Challenge.GetValueOrDefault(), signature);
        return Scratch.Writer.Pong(header, from.Endpoint, cookie, _identity.PublicKey.Span, signature, maxBytes, inReturn);
    }

    /// <summary>
    /// Answers the challenge that came along in a PONG, as if it had been a PING: who sent it has just shown, by the transaction of our
    /// own request, that it receives at its address. One answer for each request of ours, and no challenge in return for it.
    /// </summary>
    private void AnswerInReturn(Contact from, TransactionId transaction, NodeEndpoint challenge, Instant now)
    {
        if (Config.IsClient || !_reachability.CouldBeMe(challenge, now) || !_signatures.TryTake(now))
        {
            return;
        }

        Span<byte> signature = stackalloc byte[SignatureScheme.SignatureSize];
        IdentityProof.Sign(_identity, Config.Network, from.Id, transaction, challenge, signature);
        MessageHeader header = Header(MessageKind.Pong, transaction);
        ulong cookie = _cookies.Issue(from.Endpoint, now);
        ReadOnlyMemory<byte> proof = Scratch.Writer.Pong(
            header, from.Endpoint, cookie, _identity.PublicKey.Span, signature, WireLimits.MaxDatagram);
        if (Post(from.Endpoint, proof))
        {
            Counters.RequestsServed++;
        }
    }

    private ReadOnlyMemory<byte> ServeFindNode(Contact from, IncomingMessage message, int maxBytes, Instant now)
    {
        ReadOnlySpan<Contact> closest = ClosestFor(from, message);
        MessageHeader header = Header(MessageKind.Nodes, message.Header.Transaction);
        ulong cookie = _cookies.Issue(from.Endpoint, now);
        return Scratch.Writer.Nodes(header, from.Endpoint, cookie, closest, maxBytes);
    }

    private ReadOnlyMemory<byte> ServeFindValue(Contact from, IncomingMessage message, int maxBytes, Instant now)
    {
        // Who reads on has the contacts already, and asks for none.
        ReadOnlySpan<Contact> closest = message.Families == AddressFamilies.None ? [] : ClosestFor(from, message);
        HeldRecord[] records = Scratch.Records;
        PayloadFilter filter = PayloadFilter.ParseOrNone(message.Filter);
        int count = Store.Read(
            new RecordKey(message.Target), message.Owner, message.Cursor, records, now, out int total, out bool more, filter);
        MessageHeader header = Header(MessageKind.Values, message.Header.Transaction);
        ulong cookie = _cookies.Issue(from.Endpoint, now);
        return Scratch.Writer.Values(
            header, from.Endpoint, cookie, closest, records.AsSpan(0, count), more, (uint)total, maxBytes, out _);
    }

    private ReadOnlyMemory<byte> ServeStore(Contact from, IncomingMessage message, Instant now)
    {
        StoreResult result = TryStore(from, message.RecordAt(0), now, out RecordKey key);
        if (result.Status is not (StoreStatus.Stored or StoreStatus.Refreshed))
        {
            Counters.RecordsRefused++;
        }

        MessageHeader header = Header(MessageKind.Stored, message.Header.Transaction);
        ulong cookie = _cookies.Issue(from.Endpoint, now);
        Span<Contact> closest = Scratch.Contacts.AsSpan(0, Config.Holders);
        int count = message.Families == AddressFamilies.None || result.Status == StoreStatus.Malformed
            ? 0
            : Table.Closest(key.Position, closest, message.Families, from.Id, onlyReliable: true);
        return Scratch.Writer.Stored(
            header, from.Endpoint, cookie, result.Status, result.Sequence, WireLimits.MaxDatagram, closest[..count]);
    }

    private StoreResult TryStore(Contact from, ReadOnlyMemory<byte> bytes, Instant now, out RecordKey key)
    {
        key = default;
        Store.Expire(now);
        RecordSource source = RecordSource.Of(from.Endpoint);
        if (!RecordCodec.TryParse(bytes.Span, out Record? record, out _) || record.Network != Config.Network)
        {
            return new StoreResult(StoreStatus.Malformed, 0);
        }

        key = record.Key;

        // The same bytes were verified when they came first; whatever the store would refuse anyway is not worth a
        // verification (41 µs, against less than 1 µs for the refusal).
        if (!Store.Holds(record))
        {
            StoreResult foreseen = Store.Foresee(record, source, UtcAt(now));
            if (foreseen.Status is not (StoreStatus.Stored or StoreStatus.Refreshed))
            {
                return foreseen;
            }

            if (!_limiter.Admit(from.Endpoint, now, VerificationCost))
            {
                return new StoreResult(StoreStatus.QuotaExceeded, foreseen.Sequence);
            }

            if (!Verify(record))
            {
                return new StoreResult(StoreStatus.InvalidSignature, 0);
            }
        }

        StoreResult result = Keep(record, source, now, isFirstHand: record.Owner == from.Id);
        if (result.Status == StoreStatus.Stored && record.Owner != from.Id && Knows(from))
        {
            _custody.OnHandedOver(record, this, now);
        }

        return result;
    }

    /// <summary>
    /// A node that leaves. Only with a cookie of ours, and only at the very address the contact has, does anybody get a
    /// contact removed.
    /// </summary>
    private void ServeGoodbye(Contact from, bool isProven, Instant now)
    {
        if (isProven && Table.TryGet(from.Id, out BucketEntry entry) && Table.Remove(from.Id, from.Endpoint))
        {
            if (entry.Failures < DeadAfter)
            {
                NoteDeath(entry, now);
            }

            _introductions.ConsiderCandidate(this, now);
        }
    }

    private ReadOnlySpan<Contact> ClosestFor(Contact asker, IncomingMessage message)
    {
        Span<Contact> contacts = Scratch.Contacts.AsSpan(0, Config.K);
        int count = Table.Closest(message.Target, contacts, message.Families, asker.Id, onlyReliable: true);
        return contacts[..count];
    }

    private ReadOnlyMemory<byte> Retry(Contact from, IncomingMessage message, int maxBytes, Instant now)
    {
        MessageHeader header = Header(MessageKind.Retry, message.Header.Transaction);
        return Scratch.Writer.Retry(header, from.Endpoint, _cookies.Issue(from.Endpoint, now), maxBytes);
    }
}
