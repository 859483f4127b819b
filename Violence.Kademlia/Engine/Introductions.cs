using Violence.Kademlia.Primitives;
using Violence.Kademlia.Routing;

namespace Violence.Kademlia.Engine;

/// <summary>
/// How a contact gets into the routing table: it has to answer a PING with a proof of its key, once. Challenges run beside
/// lookups, a few at a time; contacts wait in two short lines, and who finds its line full will be met again. Those who
/// were merely named wait behind those who were met, and never take more than half of the challenges under way: made-up
/// names must not keep real nodes out. Who was silent is left alone for a while, however often others name it.
/// </summary>
internal sealed class Introductions(EngineConfig config)
{
    /// <summary>How long a challenge to a stranger is made: room for a PONG with proof and challenge in return, over IPv6 too.</summary>
    public const int ChallengeSize = 184;

    /// <summary>Challenges that went along in PONGs and are not answered yet.</summary>
    public const int InReturnMax = 32;

    /// <summary>Of them those to addresses that may be forged: they must not take the places of others.</summary>
    private const int InReturnToUnprovenMax = 16;

    /// <summary>Challenges under way while an operation runs that somebody waits for.</summary>
    private const int WhileCallersWait = 4;

    private const int SilentMax = 512;
    private const int CapacityKept = 32;
    private static readonly TimeSpan MovePatience = TimeSpan.FromSeconds(10);

    // A node that came back asks others before they have forgiven its silence: what it does itself counts for more than
    // what others say of it.
    private static readonly TimeSpan PauseWhenMet = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan PauseWhenNamed = TimeSpan.FromMinutes(5);

    // Names that others merely mention cost 184 bytes each, and as many again where somebody answers. So many at once at the start; after that the
    // more, the longer nodes live: a contact that is gone in a minute is worth little, and so is a table to a node that is.
    private const int HearsayBurst = 128;
    private const double HearsayPerSecond = 20;
    private static readonly TimeSpan LongLife = TimeSpan.FromHours(1);

    private readonly Queue<Contact> _met = new();
    private readonly Queue<Contact> _named = new();
    private readonly Dictionary<NodeEndpoint, Stage> _stages = [];
    private readonly Dictionary<NodeEndpoint, Instant> _silentSince = [];
    private readonly Queue<NodeEndpoint> _silentOrder = new();
    private readonly HashSet<NodeEndpoint> _askedInReturn = [];
    private double _hearsay = HearsayBurst;
    private Instant _hearsayAt;
    private int _inFlight;
    private int _namedInFlight;

    private enum Stage : byte
    {
        /// <summary>Waits in the line of the named.</summary>
        Named,

        /// <summary>Waits in the line of the met.</summary>
        Met,

        /// <summary>Was challenged out of the line of the named.</summary>
        AskedAsNamed,

        /// <summary>Was challenged out of the line of the met.</summary>
        AskedAsMet,
    }

    public bool IsIdle => _stages.Count == 0;

    /// <summary>Challenges that are neither answered nor given up.</summary>
    public int InFlight => _inFlight;

    /// <summary>Challenges in return that are neither answered nor given up.</summary>
    public int InReturn => _askedInReturn.Count;

    /// <summary>Contacts in line, or challenged.</summary>
    public int UnderWay => _stages.Count;

    /// <summary>A contact that answered us, or that has proved it receives at its address.</summary>
    public void Meet(Contact contact, KademliaEngine engine, Instant now)
    {
        if (!IsOfUse(contact, engine)
            || WasSilent(contact.Endpoint, PauseWhenMet, now)
            || (_stages.TryGetValue(contact.Endpoint, out Stage stage) && stage != Stage.Named)
            || IsKeptElsewhere(contact, engine, now)
            || !HasRoom(contact, engine, now))
        {
            return;
        }

        if (_met.Count < config.ChallengesWaitingMax)
        {
            _stages[contact.Endpoint] = Stage.Met;
            _met.Enqueue(contact);
            Pump(engine, now);
        }
    }

    /// <summary>A contact that somebody else named.</summary>
    public void Hear(Contact contact, KademliaEngine engine, Instant now)
    {
        if (!engine.Table.Contains(contact.Id))
        {
            Enqueue(contact, isHearsay: true, engine, now);
        }
    }

    /// <summary>
    /// Whether a contact that pings us is to prove itself too, to a challenge that goes along in the PONG. That costs no datagram, and
    /// so nothing of what is kept for names. Of who has not shown that its address is its own nothing is remembered, and nobody is
    /// probed for its sake.
    /// </summary>
    public bool TryChallengeInReturn(Contact contact, bool isProven, KademliaEngine engine, Instant now, out TransactionId transaction)
    {
        transaction = default;

        // Whom one knows first: so it is with most that ping.
        return !engine.Knows(contact)
            && IsOfUse(contact, engine)
            && _askedInReturn.Count < (isProven ? InReturnMax : InReturnToUnprovenMax)
            && !_askedInReturn.Contains(contact.Endpoint)
            && !IsAsked(contact.Endpoint)
            && !WasSilent(contact.Endpoint, PauseWhenMet, now)
            && (isProven
                ? !IsKeptElsewhere(contact, engine, now) && HasRoom(contact, engine, now)
                : !IsReliable(contact.Id, engine) && engine.Table.HasRoomFor(contact, out _))
            && engine.TryExpectInReturn(contact, now, out transaction)
            && _askedInReturn.Add(contact.Endpoint);
    }

    /// <summary>A contact that waited for a place in the table, where there is one now.</summary>
    public void Consider(Contact candidate, KademliaEngine engine, Instant now) =>
        Enqueue(candidate, isHearsay: false, engine, now);

    /// <summary>A challenge has ended: with a proof, with an answer that proves nothing, or with none.</summary>
    public void OnEnded(Contact contact, bool isProven, KademliaEngine engine, Instant now)
    {
        _inFlight--;
        _stages.Remove(contact.Endpoint, out Stage stage);
        _namedInFlight -= stage == Stage.AskedAsNamed ? 1 : 0;
        if (!isProven)
        {
            NoteSilent(contact.Endpoint, now);
            ConsiderCandidate(engine, now);
        }

        Pump(engine, now);
        Shrink();
    }

    /// <summary>
    /// A challenge in return has ended. Who answered it with no proof gets none for a while; of who did not answer nothing is learned:
    /// its address may have been forged.
    /// </summary>
    public void OnEndedInReturn(NodeEndpoint endpoint, bool isRefuted, Instant now)
    {
        _askedInReturn.Remove(endpoint);
        if (isRefuted)
        {
            NoteSilent(endpoint, now);
        }
    }

    /// <summary>A place in the table may be free: has the best candidate for it prove itself.</summary>
    public void ConsiderCandidate(KademliaEngine engine, Instant now)
    {
        if (engine.Table.TryTakeCandidate(out Contact candidate))
        {
            Consider(candidate, engine, now);
        }
    }

    /// <summary>A node that joins meets its whole network in a second, and few after that: what that took is let go of.</summary>
    private void Shrink()
    {
        if (_stages.Count == 0 && _stages.Capacity > CapacityKept)
        {
            _stages.TrimExcess();
            _met.TrimExcess();
            _named.TrimExcess();
        }
    }

    private static bool IsOfUse(Contact contact, KademliaEngine engine) =>
        contact.Id != engine.Self && engine.Config.Families.Includes(contact.Endpoint);

    /// <summary>
    /// A node with two addresses keeps the one it was met at for as long as that one answers. Has it moved, the old one is
    /// found silent, and the new one is let in the next time it shows up.
    /// </summary>
    private static bool IsKeptElsewhere(Contact contact, KademliaEngine engine, Instant now)
    {
        if (!engine.Table.TryGet(contact.Id, out BucketEntry entry) || !entry.IsReliable)
        {
            return false;
        }

        engine.ProbeIfQuiet(entry.Contact, MovePatience, now);
        return true;
    }

    private static bool IsReliable(NodeId id, KademliaEngine engine) => engine.Table.TryGet(id, out BucketEntry entry) && entry.IsReliable;

    private bool IsAsked(NodeEndpoint endpoint) =>
        _stages.TryGetValue(endpoint, out Stage stage) && stage is Stage.AskedAsNamed or Stage.AskedAsMet;

    private void Enqueue(Contact contact, bool isHearsay, KademliaEngine engine, Instant now)
    {
        if (IsOfUse(contact, engine)
            && !_stages.ContainsKey(contact.Endpoint)
            && !WasSilent(contact.Endpoint, PauseWhenNamed, now)
            && HasRoom(contact, engine, now)
            && _named.Count < config.ChallengesWaitingMax
            && (!isHearsay || TrySpendOnHearsay(engine, now)))
        {
            _stages[contact.Endpoint] = Stage.Named;
            _named.Enqueue(contact);
            Pump(engine, now);
        }
    }

    /// <summary>Nobody expects to live longer than others, nor more than twice as long as it has lived already.</summary>
    private bool TrySpendOnHearsay(KademliaEngine engine, Instant now)
    {
        TimeSpan uptime = now - engine.StartedAt;
        TimeSpan life = engine.MeanLife < 2 * uptime ? engine.MeanLife : 2 * uptime;
        double rate = HearsayPerSecond * Math.Min(1, life / LongLife);
        _hearsay = Math.Min(HearsayBurst, _hearsay + rate * (now - _hearsayAt).TotalSeconds);
        _hearsayAt = now;
        if (_hearsay < 1)
        {
            return false;
        }

        _hearsay--;
        return true;
    }

    private bool HasRoom(Contact contact, KademliaEngine engine, Instant now)
    {
        if (engine.Table.HasRoomFor(contact, out Contact? leastRecentlySeen))
        {
            return true;
        }

        engine.Table.Suggest(contact);
        if (leastRecentlySeen is { } oldest)
        {
            engine.ProbeIfQuiet(oldest, config.SilenceBeforeProbe, now);
        }

        return false;
    }

    private void Pump(KademliaEngine engine, Instant now)
    {
        // Somebody waits for an answer: signing and verifying for the table must not keep the processors from it.
        int most = engine.HasCallers ? Math.Min(WhileCallersWait, config.ChallengesInFlightMax) : config.ChallengesInFlightMax;
        while (_inFlight < most && TryTakeNext(out Contact contact, out Stage asked))
        {
            if (engine.Knows(contact))
            {
                // It has answered our challenge in return since.
                _stages.Remove(contact.Endpoint);
                continue;
            }

            var challenge = new OutgoingRequest
            {
                Kind = MessageKind.Ping,
                To = contact,
                AsksForProof = true,
                PaddedSize = ChallengeSize,
            };
            if (!engine.Send(challenge, now))
            {
                _stages.Remove(contact.Endpoint);
                continue;
            }

            _stages[contact.Endpoint] = asked;
            _inFlight++;
            _namedInFlight += asked == Stage.AskedAsNamed ? 1 : 0;
        }
    }

    private bool TryTakeNext(out Contact contact, out Stage asked)
    {
        asked = Stage.AskedAsMet;
        if (_met.TryDequeue(out contact))
        {
            return true;
        }

        asked = Stage.AskedAsNamed;
        while (_namedInFlight < (config.ChallengesInFlightMax + 1) / 2 && _named.TryDequeue(out contact))
        {
            // Whoever was met meanwhile has left this line for the other.
            if (_stages.GetValueOrDefault(contact.Endpoint, Stage.Met) == Stage.Named)
            {
                return true;
            }
        }

        return false;
    }

    private bool WasSilent(NodeEndpoint endpoint, TimeSpan pause, Instant now) =>
        _silentSince.TryGetValue(endpoint, out Instant since) && now - since < pause;

    private void NoteSilent(NodeEndpoint endpoint, Instant now)
    {
        if (_silentSince.TryAdd(endpoint, now))
        {
            _silentOrder.Enqueue(endpoint);
            if (_silentOrder.Count > SilentMax)
            {
                _silentSince.Remove(_silentOrder.Dequeue());
            }
        }
        else
        {
            _silentSince[endpoint] = now;
        }
    }
}
