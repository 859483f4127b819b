using Violence.Kademlia.Identity;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Requests;
using Violence.Kademlia.Routing;
using Violence.Kademlia.Wire;

namespace Violence.Kademlia.Engine;

/// <summary>What answers, and the lack of them, teach this node; and their way to the operation that waits for them.</summary>
internal sealed partial class KademliaEngine
{
    /// <summary>So many silences in a row are taken for a death, where it is counted how long nodes live.</summary>
    private const int DeadAfter = 2;

    /// <returns>Whether it was the answer to a probe, or to nothing: nobody waits for that.</returns>
    private bool HandleReply(NodeEndpoint source, IncomingMessage message, Instant now)
    {
        MessageHeader header = message.Header;
        if (header.IsClient)
        {
            // Clients don't answer: whoever does under that flag would be asked by nobody else.
            Counters.Drop(DropReason.Unsolicited);
            return true;
        }

        MatchResult match = _requests.TryMatch(
            header.Transaction, source, header.Kind, header.Sender, now, out OutgoingRequest request, out TimeSpan roundTrip);
        if (match is not (MatchResult.Matched or MatchResult.Retry))
        {
            Counters.Drop(match == MatchResult.OtherSender ? DropReason.WrongSender : DropReason.Unsolicited);
            return true;
        }

        Counters.RepliesMatched++;
        Table.Touch(header.Sender);
        _peers.OnReply(source, roundTrip, isLate: now > request.LateAfter, message.Cookie, now);
        _limiter.Confirm(source, now);
        _reachability.Votes.Add(source, message.Observed, now);
        if (match == MatchResult.Retry)
        {
            AskAgain(request, now);
            return false;
        }

        var from = new Contact(header.Sender, source);
        if (message.InReturn is { } challenge && !request.IsInReturn)
        {
            AnswerInReturn(from, challenge, message.Observed, now);
        }

        if (request.AsksForProof)
        {
            HandleProof(request, from, message, now);
            return false;
        }

        if (request.Operation is { IsFinished: false } operation)
        {
            operation.OnReply(this, request, from, message, now);
        }

        // After the operation, so that a lookup's next requests leave before any challenge does.
        Meet(from, now);
        if (request.Kind == MessageKind.FindValue)
        {
            // Somebody waits for a value, and others like it will be asked for soon: what there is to know around here the
            // refreshes and puts find out.
            return false;
        }

        foreach (Contact heard in message.Contacts)
        {
            Hear(heard, now);
        }

        return request.IsProbe;
    }

    /// <summary>A contact that somebody named: it may prove itself, as far as there is room and a budget for it.</summary>
    public void Hear(Contact contact, Instant now) => _introductions.Hear(contact, this, now);

    private void AskAgain(in OutgoingRequest request, Instant now)
    {
        if (request.IsSecondTry)
        {
            // It does not take the cookie it has just handed out: of no more use than one that is silent.
            NoteSilence(request, now);
            Disappoint(request, now);
        }
        else if (!Send(request with { IsSecondTry = true }, now))
        {
            Disappoint(request, now);
        }
    }

    /// <summary>A contact that answered us, or that has proved its address: it lives, and if it is new it may prove its key.</summary>
    private void Meet(Contact contact, Instant now)
    {
        if (!Table.Seen(contact.Id, contact.Endpoint, now, out TimeSpan silence))
        {
            _introductions.Meet(contact, this, now);
        }
        else if (silence > TimeSpan.Zero)
        {
            _custody.Churn.OnAlive(silence);
        }
    }

    private void HandleProof(in OutgoingRequest request, Contact from, IncomingMessage message, Instant now)
    {
        TransactionId transaction = message.Header.Transaction;
        bool isProven = false;
        if (message.HasProof)
        {
            Counters.SignaturesVerified++;
            isProven = IdentityProof.Verify(
                _identity.Scheme, message.PublicKey, Config.Network, from.Id, Self, transaction, from.Endpoint, message.Signature);
        }

        if (isProven)
        {
            if (Table.Add(from, now) == BucketAddResult.Added)
            {
                _custody.OnNewcomer(from, this, now);
            }
        }

        if (request.IsInReturn)
        {
            _introductions.OnEndedInReturn(from.Endpoint, isRefuted: !isProven, now);
            return;
        }

        _introductions.OnEnded(from, isProven, this, now);
    }

    private void HandleTimeouts(Instant now)
    {
        while (_requests.TryTakeDue(now, out Due<OutgoingRequest> due))
        {
            if (due.IsSoft)
            {
                SendAgain(due, now);
                if (due.Request.Operation is { IsFinished: false } operation)
                {
                    operation.OnSlow(this, due.Request, now);
                }

                continue;
            }

            Counters.RequestsTimedOut++;
            if (!due.Request.IsInReturn)
            {
                // Whose address was forged has not been silent: it was never asked.
                _peers.ObserveTimeout(due.Endpoint);
                NoteSilence(due.Request, now);
            }

            Disappoint(due.Request, now);
        }
    }

    /// <summary>Tells whoever waits that no answer will come.</summary>
    private void Disappoint(in OutgoingRequest request, Instant now)
    {
        if (request.IsProbe)
        {
            Table.NoteProbe(request.To, isUnderWay: false);
        }

        if (request.IsInReturn)
        {
            _introductions.OnEndedInReturn(request.To.Endpoint, isRefuted: false, now);
        }
        else if (request.AsksForProof)
        {
            _introductions.OnEnded(request.To, isProven: false, this, now);
        }

        if (request.Operation is { IsFinished: false } operation)
        {
            operation.OnFailure(this, request, now);
        }
    }

    /// <summary>
    /// A known contact did not answer. One lost datagram is no death: it is asked once more at once, and only the second
    /// silence in a row removes it.
    /// </summary>
    private void NoteSilence(in OutgoingRequest request, Instant now)
    {
        if (request.IsToSeed)
        {
            return;
        }

        Contact contact = request.To;
        bool wasKnown = Table.TryGet(contact.Id, out BucketEntry before) && before.Contact.Endpoint == contact.Endpoint;
        bool isRemoved = Table.Failed(contact.Id, contact.Endpoint, request.SentAt, out Contact? replacement);
        if (replacement is { } candidate)
        {
            _introductions.Consider(candidate, this, now);
        }

        // Dead by the second silence in a row, though it may keep its place for want of a better one.
        int failures = Table.TryGet(contact.Id, out BucketEntry after) ? after.Failures : before.Failures + 1;
        if (wasKnown && failures > before.Failures && (failures == DeadAfter || (isRemoved && failures < DeadAfter)))
        {
            NoteDeath(before, now);
        }

        if (isRemoved)
        {
            _lost.Enqueue(contact.Endpoint);
            if (_lost.Count > LostMax)
            {
                _lost.Dequeue();
            }
        }
        else if (!request.IsProbe && Knows(contact))
        {
            Probe(contact, now);
        }
    }

    /// <summary>
    /// Lives are watched from a minute after a contact came: who comes and goes all the time would tell everybody that nobody
    /// lives long. For lives without memory that changes nothing.
    /// </summary>
    private void NoteDeath(in BucketEntry entry, Instant now)
    {
        if (now - entry.FirstSeen >= BucketEntry.Probation)
        {
            _custody.Churn.OnDead(now - entry.WatchedSince);
        }
    }

    /// <summary>Whether the table has this id at this endpoint.</summary>
    public bool Knows(Contact contact) => Table.TryGet(contact.Id, out BucketEntry entry) && entry.Contact.Endpoint == contact.Endpoint;

    /// <summary>Asks a contact of the table whether it lives, unless it is being asked already: others must not make us ask again and again.</summary>
    private void Probe(Contact contact, Instant now)
    {
        var ping = new OutgoingRequest { Kind = MessageKind.Ping, To = contact, PaddedSize = WireLimits.MinRequest };
        if (!Table.IsProbed(contact) && Send(ping, now))
        {
            Table.NoteProbe(contact, isUnderWay: true);
        }
    }
}
