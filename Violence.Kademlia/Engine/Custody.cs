using Violence.Kademlia.Engine.Operations;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Routing;
using Violence.Kademlia.Storage;

namespace Violence.Kademlia.Engine;

/// <summary>
/// What a holder does for the records it holds, so that they outlive it. Rounds: records whose copies nobody has checked for a
/// while are checked at the other closest nodes, and copied where they are missing; whoever does it first spares the others
/// the work. Newcomers: a node that is closer to a record than others is given it (the paper, section 2.5). And what this node
/// is no longer among the closest for is handed over, then dropped.
/// </summary>
internal sealed class Custody(EngineConfig config, EntropySource entropy)
{
    private const int EntriesPerRound = 512;
    private const int NewcomersMax = 256;
    private const int WelcomedMax = 512;
    private const int FreshMax = 1_024;

    /// <summary>Rounds and welcomes under way at once: callers' operations need the places too.</summary>
    private const int UnderWayMax = 16;

    // Each newcomer costs a walk through the store: one at a time, and none who comes again and again.
    private static readonly TimeSpan WelcomePause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan WelcomedFor = TimeSpan.FromMinutes(1);

    /// <summary>Of so many records one is checked by this node itself, whoever else has done so.</summary>
    private const int SparedPerOwnCheck = 8;

    /// <summary>Nodes that are asked to take over what this one holds when it leaves: more than promised, some may be gone too.</summary>
    private const int HeirsBeyondPromise = 2;

    /// <summary>Copies that have to be known of elsewhere before one is dropped here.</summary>
    private const int CopiesBeforeDrop = 3;

    // One round for what becomes due within a tenth of the interval: a datagram carries many fingerprints.
    private const double Gathering = 0.1;

    // Between two checks a copy is lost with a probability of 1 - exp(-1/5), 18 %, and all eight with about one in a million.
    private const double RoundsPerLife = 5;

    private static readonly TimeSpan[] NewcomerPauses =
        [TimeSpan.FromMilliseconds(250), TimeSpan.FromMilliseconds(2_500), TimeSpan.FromSeconds(6)];

    /// <summary>Who has been known for so long has been given what it should hold, if anybody had it.</summary>
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan FreshPause = TimeSpan.FromSeconds(4);

    /// <summary>How long it may be taken for unchanged how dense the network is around here.</summary>
    private static readonly TimeSpan ReachLasts = TimeSpan.FromSeconds(1);

    private readonly Queue<(Contact Contact, Instant Due)>[] _newcomers = [new(), new(), new()];
    private readonly Dictionary<NodeId, Instant> _welcomed = [];
    private readonly Queue<NodeId> _welcomedOrder = new();
    private readonly Queue<(ulong Fingerprint, Instant Due)> _fresh = new();
    private readonly List<RecordEntry> _entries = [];
    private readonly ulong _secret = entropy.NextUInt64();
    private Instant _nextRound = new(long.MinValue);
    private Instant _nextWelcome = new(long.MinValue);
    private Instant _reachUntil = new(long.MinValue);
    private int _reach;
    private int _underWay;

    // Anew for each round: fellow holders of a record must not all begin at the same moment.
    private double _patience = NextPatience(entropy);

    public ChurnEstimate Churn { get; } = new();

    /// <summary>How often each record's copies are checked, by somebody: a fixed part of the time that nodes live here.</summary>
    public TimeSpan Interval
    {
        get
        {
            TimeSpan wanted = Churn.MeanLife / RoundsPerLife;
            return wanted > config.RepairInterval ? config.RepairInterval : wanted < config.RepairIntervalMin ? config.RepairIntervalMin : wanted;
        }
    }

    public Instant NextDue(RecordStore store)
    {
        if (store.Count == 0)
        {
            return Instant.Never;
        }

        Instant next = Instant.Max(_nextRound, store.NextConfirmationDue(Interval * _patience));
        next = _fresh.TryPeek(out var fresh) ? Instant.Min(next, fresh.Due) : next;
        foreach (Queue<(Contact Contact, Instant Due)> pass in _newcomers)
        {
            next = pass.TryPeek(out var newcomer) ? Instant.Min(next, Instant.Max(newcomer.Due, _nextWelcome)) : next;
        }

        return next;
    }

    /// <summary>A contact has just entered the routing table.</summary>
    public void OnNewcomer(Contact contact, KademliaEngine engine, Instant now)
    {
        if (!config.IsClient && engine.Store.Count > 0 && !WasWelcomed(contact.Id, now))
        {
            Enqueue(pass: 0, contact, now);
        }
    }

    /// <summary>A record was handed to this node by another than its owner: there may be newcomers that are closer still.</summary>
    public void OnHandedOver(Record record, KademliaEngine engine, Instant now)
    {
        if (_fresh.Count < FreshMax)
        {
            _fresh.Enqueue((record.Fingerprint, now + engine.Jitter(FreshPause)));
        }
    }

    /// <summary>Does what is due.</summary>
    public void Advance(KademliaEngine engine, Instant now)
    {
        if (engine.Store.Count == 0)
        {
            return;
        }

        WelcomeNext(engine, now);
        _entries.Clear();
        while (_entries.Count < EntriesPerRound && _fresh.TryPeek(out var fresh) && fresh.Due <= now)
        {
            _fresh.Dequeue();
            if (engine.Store.TryFind(fresh.Fingerprint, now, out RecordEntry? entry))
            {
                _entries.Add(entry);
            }
        }

        TimeSpan interval = Interval * _patience;
        if (_nextRound <= now && engine.Store.NextConfirmationDue(interval) <= now)
        {
            engine.Store.Collect(now - interval * (1 - Gathering), _entries, EntriesPerRound);
            _nextRound = now + interval * Gathering;
            _patience = NextPatience(entropy);
        }

        if (_entries.Count > 0)
        {
            Check(_entries, engine, now);
        }
    }

    /// <summary>
    /// Whether another's check of a record spares this node its own. For one record in eight it does not, for other ones as time
    /// goes by, and nobody can know for which: whoever touches a record all the time does not keep it from being repaired.
    /// </summary>
    public bool IsSpared(ulong fingerprint, Instant now)
    {
        ulong epoch = (ulong)(now.Ticks / (2 * Interval.Ticks));
        ulong mixed = (fingerprint ^ _secret ^ epoch * 0x9E37_79B9_7F4A_7C15) * 0xD6E8_FEB8_6659_FD93;
        return (mixed ^ mixed >> 32) % SparedPerOwnCheck != 0;
    }

    /// <summary>Whether another round may begin; counted until <see cref="OnEnded"/>.</summary>
    public bool TryBegin()
    {
        if (_underWay >= UnderWayMax)
        {
            return false;
        }

        _underWay++;
        return true;
    }

    public void OnEnded() => _underWay--;

    /// <summary>A round has ended: what enough nodes that are closer hold is dropped here.</summary>
    public static void OnTouched(TouchOperation touch, KademliaEngine engine, Instant now)
    {
        foreach (Record record in touch.Records)
        {
            if (touch.HoldersOf(record).Count >= CopiesBeforeDrop
                && record.Owner != engine.Self
                && engine.Store.TryFind(record.Fingerprint, now, out RecordEntry? entry)
                && !IsHolder(record.Key.Position, engine))
            {
                engine.Store.Drop(entry);
            }
        }
    }

    /// <summary>Before this node leaves: whom to ask about what it holds, so that as many copies stay as are promised.</summary>
    public List<Touch> Legacy(KademliaEngine engine, Instant now)
    {
        var plan = new TouchPlan();
        Span<Contact> closest = stackalloc Contact[config.ReplicationFactor + HeirsBeyondPromise];
        _entries.Clear();
        engine.Store.Collect(Instant.Never, _entries, EntriesPerRound);
        foreach (RecordEntry entry in _entries)
        {
            int count = engine.Table.Closest(entry.Record.Key.Position, closest, config.Families, engine.Self, onlyReliable: true);
            plan.Add(entry.Record, closest[..count]);
        }

        return plan.Touches();
    }

    private static double NextPatience(EntropySource entropy) => 0.7 + 0.6 * entropy.NextDouble();

    /// <summary>Whether this node is among the closest to a position, by its table.</summary>
    private static bool IsHolder(NodeId position, KademliaEngine engine)
    {
        Span<Contact> closest = stackalloc Contact[engine.Config.Holders];
        int count = engine.Table.Closest(position, closest, engine.Config.Families, engine.Self, onlyReliable: true);
        return CountCloser(closest[..count], engine.Self.DistanceTo(position), position) < engine.Config.Holders;
    }

    private static int CountCloser(ReadOnlySpan<Contact> closest, Distance own, NodeId position)
    {
        int closer = 0;
        while (closer < closest.Length && closest[closer].Id.DistanceTo(position) < own)
        {
            closer++;
        }

        return closer;
    }

    private void Check(List<RecordEntry> entries, KademliaEngine engine, Instant now)
    {
        var plan = new TouchPlan();
        Span<Contact> closest = stackalloc Contact[config.Holders];
        foreach (RecordEntry entry in entries)
        {
            engine.Store.MarkConfirmed(entry, now);
            if (entry.Record.Owner == engine.Self)
            {
                // An owner sees to its records by publishing them.
                continue;
            }

            NodeId position = entry.Record.Key.Position;
            int count = engine.Table.Closest(position, closest, config.Families, engine.Self, onlyReliable: true);
            bool isHolder = CountCloser(closest[..count], engine.Self.DistanceTo(position), position) < config.Holders;

            // This node is one of the holders itself; where it is not any more, the closest will see to the rest.
            int others = isHolder ? config.Holders - 1 : CopiesBeforeDrop;
            plan.Add(entry.Record, closest[..Math.Min(count, others)]);
        }

        engine.BeginTouching(plan.Touches(), isOwned: false, now);
    }

    /// <summary>
    /// Gives a newcomer the records it should hold. Each of them is seen to first by the closest of the other holders, then, in
    /// case that one has failed, by the second and the third: they will find that nothing is missing.
    /// </summary>
    /// <returns>Whether the newcomer is near enough to anything held here to be looked at again.</returns>
    private bool Welcome(Contact newcomer, int rank, KademliaEngine engine, Instant now)
    {
        if (!engine.Knows(newcomer))
        {
            return false;
        }

        var plan = new TouchPlan();
        Span<Contact> closest = stackalloc Contact[config.Holders];
        int reach = Reach(closest, engine, now);
        bool isNear = false;
        _entries.Clear();
        engine.Store.Collect(Instant.Never, _entries, int.MaxValue);
        foreach (RecordEntry entry in _entries)
        {
            NodeId position = entry.Record.Key.Position;
            if (newcomer.Id.CommonPrefixLength(position) < reach)
            {
                continue;
            }

            isNear = true;
            Distance theirs = newcomer.Id.DistanceTo(position);
            int count = engine.Table.Closest(position, closest, config.Families, engine.Self, onlyReliable: true);
            bool isTheirs = count < config.Holders || theirs <= closest[count - 1].Id.DistanceTo(position);
            if (isTheirs && OwnRank(closest[..count], newcomer, position, engine, now) == rank)
            {
                plan.Add(entry.Record, [newcomer]);
            }

            if (plan.Records >= EntriesPerRound)
            {
                break;
            }
        }

        engine.BeginTouching(plan.Touches(), isOwned: false, now);
        return isNear;
    }

    /// <summary>
    /// How many leading bits a node shares at least with the positions it is a holder of, going by how dense the network is around
    /// here: a quick test that spares most newcomers the exact one for every record.
    /// </summary>
    private int Reach(Span<Contact> closest, KademliaEngine engine, Instant now)
    {
        const int Generosity = 3;
        if (_reachUntil <= now)
        {
            _reachUntil = now + ReachLasts;
            int count = engine.Table.Closest(engine.Self, closest, config.Families, engine.Self, onlyReliable: true);
            _reach = count < closest.Length ? 0 : Math.Max(0, engine.Self.CommonPrefixLength(closest[count - 1].Id) - Generosity);
        }

        return _reach;
    }

    /// <summary>
    /// How many others should see to the newcomer before this node. Who is new itself counts for nothing: it may not have the
    /// record yet, and where many come at once all who have it would wait for those who do not.
    /// </summary>
    private static int OwnRank(ReadOnlySpan<Contact> closest, Contact newcomer, NodeId position, KademliaEngine engine, Instant now)
    {
        int rank = 0;
        int closer = CountCloser(closest, engine.Self.DistanceTo(position), position);
        foreach (Contact contact in closest[..closer])
        {
            bool isSettled = contact.Id != newcomer.Id
                && engine.Table.TryGet(contact.Id, out BucketEntry entry)
                && now - entry.FirstSeen >= Settling;
            rank += isSettled ? 1 : 0;
        }

        return rank;
    }

    private void WelcomeNext(KademliaEngine engine, Instant now)
    {
        for (int pass = 0; pass < _newcomers.Length && _nextWelcome <= now; pass++)
        {
            if (_newcomers[pass].TryPeek(out (Contact Contact, Instant Due) next) && next.Due <= now)
            {
                _newcomers[pass].Dequeue();
                _nextWelcome = now + WelcomePause;
                bool isNear = Welcome(next.Contact, rank: pass, engine, now);

                // Far from all that is held so far it is looked at once more, in case that this node has just come itself.
                int following = isNear ? pass + 1 : _newcomers.Length - 1;
                if (following > pass && following < _newcomers.Length)
                {
                    Enqueue(following, next.Contact, now);
                }
            }
        }
    }

    private bool WasWelcomed(NodeId newcomer, Instant now)
    {
        if (_welcomed.TryGetValue(newcomer, out Instant at) && now - at < WelcomedFor)
        {
            return true;
        }

        if (_welcomed.TryAdd(newcomer, now))
        {
            _welcomedOrder.Enqueue(newcomer);
            if (_welcomedOrder.Count > WelcomedMax)
            {
                _welcomed.Remove(_welcomedOrder.Dequeue());
            }
        }

        _welcomed[newcomer] = now;
        return false;
    }

    private void Enqueue(int pass, Contact contact, Instant now)
    {
        if (_newcomers[pass].Count < NewcomersMax)
        {
            _newcomers[pass].Enqueue((contact, now + NewcomerPauses[pass]));
        }
    }
}
