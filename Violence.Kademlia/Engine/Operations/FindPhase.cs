using Violence.Kademlia.Lookups;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Wire;

namespace Violence.Kademlia.Engine.Operations;

/// <summary>Runs a lookup for an operation: turns what the lookup wants asked into requests, and answers into progress.</summary>
internal sealed class FindPhase(Operation operation, MessageKind kind, Lookup lookup)
{
    /// <summary>Room for a reply with 20 contacts of IPv4, or 14 of IPv6: whom a stranger is asked for.</summary>
    private const int ContactsSize = 640;

    public NodeId? Owner { get; init; }

    public byte[]? Filter { get; init; }

    /// <summary>Whether nobody waits for what is found.</summary>
    public bool IsUnhurried { get; init; }

    /// <summary>Sends somebody another request instead, whose reply names contacts too; false: the usual one is to be sent.</summary>
    public Func<Contact, KademliaEngine, Instant, bool>? SendInstead { get; init; }

    /// <summary>Where replies of holders are to begin; each is asked for another place. Null: with the first record.</summary>
    public Func<int, RecordCursor>? Starts { get; set; }

    public bool IsComplete => lookup.IsComplete;

    public int Hops => lookup.Hops;

    /// <summary>How many nodes were asked: those that answered, and those that stayed silent.</summary>
    public int Asked { get; private set; }

    public int Answered(Span<Contact> destination) => lookup.Answered(destination);

    /// <summary>Takes a seed's answer.</summary>
    public void OnSeedReply(Contact from, IncomingMessage message) => lookup.OfferAnswered(from, message.Contacts);

    /// <summary>Wants so many of the closest to have answered.</summary>
    /// <returns>Whether there is anybody left to get them from.</returns>
    public bool TryWiden(int closestAnswered)
    {
        lookup.Require(closestAnswered);
        return !lookup.IsComplete;
    }

    /// <summary>Of the closest that may be had, so many, those that have answered.</summary>
    public int Leading(Span<Contact> answered, int places) => lookup.Leading(answered, places);

    /// <summary>A node that answered is of no use after all: the next closest takes its place.</summary>
    public void PassOver(NodeId node) => lookup.OnUnfit(node);

    /// <summary>Takes the closest known contacts as the lookup's first candidates.</summary>
    public void OfferKnown(KademliaEngine engine)
    {
        Span<Contact> known = stackalloc Contact[engine.Config.K];
        int count = engine.Table.Closest(lookup.Target, known, engine.Config.Families, engine.Self, onlyReliable: false);
        lookup.Offer(known[..count]);
    }

    public void OnReply(NodeId from, IncomingMessage message) => lookup.OnReply(from, message.Contacts);

    public void OnSlow(in OutgoingRequest request) => lookup.OnSlow(request.To.Id);

    public void OnFailure(in OutgoingRequest request) => lookup.OnFailure(request.To.Id);

    /// <summary>Sends what may be sent now.</summary>
    public void Pump(KademliaEngine engine, Instant now)
    {
        while (!operation.IsFinished && lookup.TryNext(out Contact next))
        {
            Asked++;
            if (SendInstead is not null && SendInstead(next, engine, now))
            {
                continue;
            }

            var request = new OutgoingRequest
            {
                Kind = kind,
                To = next,
                Operation = operation,
                Target = lookup.Target,
                Owner = Owner,
                PaddedSize = kind == MessageKind.FindNode ? ContactsSize : WireLimits.MaxDatagram,
                Filter = Filter,
                IsUnhurried = IsUnhurried,
                Cursor = Starts?.Invoke(Asked),
            };
            if (!engine.Send(request, now))
            {
                lookup.OnFailure(next.Id);
            }
        }
    }
}
