using Violence.Kademlia.Identity;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Requests;
using Violence.Kademlia.Routing;
using Violence.Kademlia.Wire;

namespace Violence.Kademlia.Engine;

/// <summary>What answers, and the lack of them, teach this node; and their way to the operation that waits for them.</summary>
internal sealed partial class KademliaEngine
{
    private void HandleReply(NodeEndpoint source, IncomingMessage message, Instant now)
    {
        MessageHeader header = message.Header;
        MatchResult match = _requests.TryMatch(
            header.Transaction, source, header.Kind, header.Sender, now, out OutgoingRequest request, out TimeSpan roundTrip);
        if (match is not (MatchResult.Matched or MatchResult.Retry))
        {
            Counters.Drop(match == MatchResult.OtherSender ? DropReason.WrongSender : DropReason.Unsolicited);
            return;
        }

        Counters.RepliesMatched++;
        _peers.ObserveRoundTrip(source, roundTrip);
        _peers.SetCookie(source, message.Cookie, now);
        _limiter.Confirm(source, now);
        _reachability.Votes.Add(source, message.Observed, now);
        if (match == MatchResult.Retry)
        {
            AskAgain(request, now);
            return;
        }

        var from = new Contact(header.Sender, source);
        Table.Seen(from.Id, source, now);
        if (request.AsksForProof)
        {
            HandleProof(from, message, now);
            return;
        }

        if (request.Operation is { IsFinished: false } operation)
        {
            operation.OnReply(this, request, from, message, now);
        }

        // After the operation, so that a lookup's next requests leave before any challenge does.
        Meet(from, now);
        foreach (Contact heard in message.Contacts)
        {
            _introductions.Hear(heard, this, now);
        }
    }

    private void AskAgain(in OutgoingRequest request, Instant now)
    {
        if (request.IsSecondTry || !Send(request with { IsSecondTry = true }, now))
        {
            Disappoint(request, now);
        }
    }

    /// <summary>A contact that answered us, or that has proved its address: welcome it, or have it prove its key.</summary>
    private void Meet(Contact contact, Instant now)
    {
        if (Knows(contact))
        {
            Table.Seen(contact.Id, contact.Endpoint, now);
        }
        else
        {
            _introductions.Meet(contact, this, now);
        }
    }

    private void HandleProof(Contact from, IncomingMessage message, Instant now)
    {
        TransactionId transaction = message.Header.Transaction;
        bool isProven = message.HasProof
            && IdentityProof.Verify(
                _identity.Scheme, message.PublicKey, Config.Network, from.Id, Self, transaction, from.Endpoint, message.Signature);
        if (isProven)
        {
            Counters.SignaturesVerified++;
            Table.Add(from, now);
        }

        _introductions.OnAnswered(from, isProven, this, now);
    }

    private void HandleTimeouts(Instant now)
    {
        while (_requests.TryTakeDue(now, out Due<OutgoingRequest> due))
        {
            if (due.IsSoft)
            {
                if (due.Request.Operation is { IsFinished: false } operation)
                {
                    operation.OnSlow(this, due.Request, now);
                }

                continue;
            }

            Counters.RequestsTimedOut++;
            _peers.ObserveTimeout(due.Endpoint);
            if (!due.Request.IsToSeed)
            {
                NoteSilence(due.Request, now);
            }

            Disappoint(due.Request, now);
        }
    }

    /// <summary>Tells whoever waits that no answer will come.</summary>
    private void Disappoint(in OutgoingRequest request, Instant now)
    {
        if (request.AsksForProof)
        {
            _introductions.OnSilent(request.To, this, now);
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
        Contact contact = request.To;
        bool isRemoved = Table.Failed(contact.Id, contact.Endpoint, request.SentAt, out Contact? replacement);
        if (replacement is { } candidate)
        {
            _introductions.Meet(candidate, this, now);
        }

        bool isProbe = request.Operation is null && !request.AsksForProof;
        if (!isRemoved && !isProbe && Knows(contact))
        {
            Probe(contact, now);
        }
    }

    private bool Knows(Contact contact) => Table.TryGet(contact.Id, out BucketEntry entry) && entry.Contact.Endpoint == contact.Endpoint;

    private void Probe(Contact contact, Instant now) =>
        Send(new OutgoingRequest { Kind = MessageKind.Ping, To = contact, PaddedSize = Introductions.WelcomeSize }, now);
}
