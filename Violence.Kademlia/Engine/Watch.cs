using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Engine;

/// <summary>
/// One key that this node watches: who has promised to tell of its changes, and what they told. Invariant: every record goes to
/// the listener once, as long as fewer than <see cref="SeenMax"/> others came in between.
/// </summary>
internal sealed class Watch(ulong number, RecordKey key, byte[]? filter, Action<WatchNews?> listener)
{
    /// <summary>So many records are known again; three holders tell the same one within a second or so.</summary>
    public const int SeenMax = 256;

    private readonly List<Holder> _holders = [];
    private readonly HashSet<ulong> _seen = [];
    private readonly Queue<ulong> _seenInOrder = new();
    private int _told = -1;

    /// <summary>The subscription's number: who does not know it can't send news.</summary>
    public ulong Number => number;

    public RecordKey Key => key;

    public byte[]? Filter => filter;

    /// <summary>When it wants to be renewed.</summary>
    public Instant NextRound { get; set; }

    /// <summary>When the holders are to be searched for anew.</summary>
    public Instant NextSearch { get; set; }

    /// <summary>Rounds in a row in which too few promised.</summary>
    public int RoundsShort { get; set; }

    public bool IsUnderWay { get; set; }

    public bool IsEnded { get; private set; }

    /// <summary>How many have promised to tell.</summary>
    public int Holders => _holders.Count(static holder => holder.IsGranted);

    /// <summary>Those who have promised to tell.</summary>
    public Contact[] Granting() => [.. _holders.Where(static holder => holder.IsGranted).Select(static holder => holder.Contact)];

    /// <summary>Whether news from there may be meant for this watch: it was asked, and neither refused nor is its time up.</summary>
    public bool IsAsked(NodeEndpoint endpoint, Instant now) =>
        _holders.Exists(holder => holder.Contact.Endpoint == endpoint && holder.Until > now);

    /// <summary>A holder is asked: its first news may overtake its answer.</summary>
    public void OnAsked(Contact contact, Instant until)
    {
        if (!_holders.Exists(holder => holder.Contact == contact))
        {
            _holders.Add(new Holder(contact, until, IsGranted: false));
        }
    }

    public void OnGranted(Contact contact, Instant until)
    {
        Forget(contact.Endpoint);
        _holders.Add(new Holder(contact, until, IsGranted: true));
    }

    /// <summary>It did not answer, and may still tell what it promised before.</summary>
    public void OnSilent(Contact contact)
    {
        int index = _holders.FindIndex(holder => holder.Contact == contact);
        if (index >= 0)
        {
            _holders[index] = _holders[index] with { IsGranted = false };
        }
    }

    /// <summary>It refused, is not needed any more, or has told what is not true.</summary>
    public void Forget(NodeEndpoint endpoint) => _holders.RemoveAll(holder => holder.Contact.Endpoint == endpoint);

    /// <summary>Lets go of those whose time is up.</summary>
    public void Expire(Instant now) => _holders.RemoveAll(holder => holder.Until <= now);

    /// <summary>Whether this record was told before.</summary>
    public bool Knows(ulong fingerprint) => _seen.Contains(fingerprint);

    /// <summary>Tells a verified record that is not known.</summary>
    public void Tell(Record record, ulong fingerprint)
    {
        _seen.Add(fingerprint);
        _seenInOrder.Enqueue(fingerprint);
        if (_seenInOrder.Count > SeenMax)
        {
            _seen.Remove(_seenInOrder.Dequeue());
        }

        listener(new WatchNews(record, Holders));
    }

    /// <summary>Tells how many have promised, when that has changed.</summary>
    public void TellHolders()
    {
        if (_told != Holders)
        {
            _told = Holders;
            listener(new WatchNews(Record: null, _told));
        }
    }

    /// <summary>Nothing is told any more.</summary>
    public void End() => IsEnded = true;

    /// <summary>The node stops.</summary>
    public void TellStop() => listener(null);

    private readonly record struct Holder(Contact Contact, Instant Until, bool IsGranted);
}
