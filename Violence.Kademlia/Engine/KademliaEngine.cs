using Violence.Kademlia.Admission;
using Violence.Kademlia.Engine.Operations;
using Violence.Kademlia.Identity;
using Violence.Kademlia.Lookups;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Reachability;
using Violence.Kademlia.Requests;
using Violence.Kademlia.Routing;
using Violence.Kademlia.Storage;

namespace Violence.Kademlia.Engine;

/// <summary>
/// One node's protocol as a deterministic state machine. In go datagrams, commands and the time; out come datagrams
/// (<see cref="Outbox"/>), finished operations (<see cref="TryTakeFinished"/>), a wish for seeds (<see cref="TakeSeedsWanted"/>)
/// and the next moment it wants to be called (<see cref="NextDeadline"/>). It has no clock, no socket, no task and no lock: one
/// caller at a time drives it, the node's loop in production, the simulator in tests. Same inputs and seed, same outputs.
/// </summary>
internal sealed partial class KademliaEngine
{
    private readonly NodeIdentity _identity;
    private readonly EntropySource _entropy;
    private readonly RequestTable<OutgoingRequest> _requests = new();
    private readonly PeerBook _peers = new();
    private readonly AddressCookies _cookies;
    private readonly SourceLimiter _limiter;
    private readonly ProofBudget _signatures = new(ProofBudget.DefaultRate);
    private readonly ProofBudget _signaturesForUnproven = new(ProofBudget.DefaultRate);
    private readonly ReachabilityState _reachability;
    private readonly RecordAuthor _author;
    private readonly OwnedRecords _owned;
    private readonly Introductions _introductions;
    private readonly Custody _custody;
    private readonly RefreshSchedule _refresh;
    private readonly JoinSchedule _join;

    // Where contacts were that fell silent and were dropped, the latest last: who loses everybody was probably offline
    // itself, and the first node of a network has no seeds to come back through.
    private readonly Queue<NodeEndpoint> _lost = new();
    private EngineScratch? _scratch;
    private bool _isRefreshed;
    private Instant _utcReadAt;
    private DateTimeOffset _utc;
    private Instant _nextProbe;

    private const int LostMax = 16;

    public KademliaEngine(
        EngineConfig config,
        NodeIdentity identity,
        NodeEndpoint boundTo,
        EntropySource entropy,
        Instant now,
        DateTimeOffset utc,
        EngineScratch? scratch = null,
        Counters? counters = null)
    {
        Config = config;
        _scratch = scratch;
        Counters = counters ?? new Counters();
        _identity = identity;
        _entropy = entropy;
        _utcReadAt = now;
        _utc = utc;
        Self = identity.Id;
        StartedAt = now;
        Table = new RoutingTable(Self, config.Routing);
        Store = new RecordStore(config.Storage, entropy, config.NotesChanges);
        _cookies = new AddressCookies(entropy, now);
        _limiter = new SourceLimiter(config.Sources, entropy);
        _reachability = new ReachabilityState(boundTo);
        _author = new RecordAuthor(identity, config.Network);
        var schedule = new RepublishSchedule(entropy, config.RepublishInterval, journals: config.NotesChanges);
        _owned = new OwnedRecords(_author, schedule, config.Storage.ClockTolerance);
        _introductions = new Introductions(config);
        _custody = new Custody(config, entropy);

        // A node that has just joined knows its neighbours and little else: the first refresh of all buckets comes early
        // (the paper, section 2.3), a moment later so that the join itself has the first word.
        _refresh = new RefreshSchedule(Table, config.RefreshInterval, now - config.RefreshInterval + entropy.Jitter(config.FirstRefresh, 0.5));
        _join = new JoinSchedule(config.JoinPauseMin, config.JoinPauseMax, config.RefreshInterval, now);
        _nextProbe = now + config.SilenceBeforeProbe;
    }

    public EngineConfig Config { get; }

    public NodeId Self { get; }

    /// <summary>This node as others may know it; the address is the one it is bound to.</summary>
    public Contact SelfContact => new(Self, _reachability.Bound);

    public RoutingTable Table { get; }

    public RecordStore Store { get; }

    public Instant StartedAt { get; }

    public Counters Counters { get; }

    public Outbox Outbox => Scratch.Outbox;

    /// <summary>Belongs to the driver, which may hand another to each step: nothing in it outlives one.</summary>
    /// <exception cref="InvalidOperationException">There is none: outside of steps the driver need not leave it one.</exception>
    public EngineScratch Scratch => _scratch ?? throw new InvalidOperationException("Outside of its steps this engine has no scratch.");

    public JoinState JoinState => _join.State;

    public NodeEndpoint? ExternalEndpoint(Instant now) => _reachability.External(now);

    /// <summary>
    /// Whether this node takes part in a public network: its external address is a public one; or, while that is not known, it
    /// has met a node at one.
    /// </summary>
    public bool IsOnPublicNetwork(Instant now) => ExternalEndpoint(now) is { } external
        ? !external.IsPrivate
        : Array.Exists(Table.Entries(), static entry => !entry.Contact.Endpoint.IsPrivate);

    /// <summary>
    /// Whether an endpoint that a stranger may have named can be pinged: on a public network none inside a private one, or
    /// whoever signs a row could have its readers knock at their neighbours' doors.
    /// </summary>
    public bool MayPing(NodeEndpoint endpoint, Instant now) =>
        endpoint.IsSendable && Config.Families.Includes(endpoint) && !(endpoint.IsPrivate && IsOnPublicNetwork(now));

    /// <summary>The records this node keeps alive.</summary>
    public OwnedRecords Owned => _owned;

    /// <summary>Identity challenges that are neither answered nor given up.</summary>
    public int ChallengesInFlight => _introductions.InFlight;

    /// <summary>Challenges that went along in answers and are not answered themselves yet.</summary>
    public int ChallengesInReturn => _introductions.InReturn;

    /// <summary>Contacts that are being challenged or wait for it.</summary>
    public int ChallengesUnderWay => _introductions.UnderWay;

    public int RequestsInFlight => _requests.InFlight;

    /// <summary>Endpoints whose round trips and cookies are remembered.</summary>
    public int PeersRemembered => _peers.Count;

    public int OperationsRunning => _running.Count;

    public int OperationsWaiting => _waiting.Count;

    /// <summary>When <see cref="Advance"/> wants to be called next.</summary>
    public Instant NextDeadline
    {
        get
        {
            Instant next = Instant.Min(_requests.NextDeadline, NextOperationDeadline);
            next = Instant.Min(next, Instant.Min(Store.NextExpiry, _owned.NextDue));
            next = Instant.Min(next, Instant.Min(Table.Count > 0 ? _refresh.NextDue : Instant.Never, _nextProbe));
            next = Instant.Min(next, _watches?.NextDue ?? Instant.Never);
            return Instant.Min(next, Instant.Min(_join.NextDue, _custody.NextDue(Store)));
        }
    }

    /// <summary>Before a step the driver hands over the scratch for it; after the step, the outbox being empty, it may take it away.</summary>
    public void Use(EngineScratch? scratch) => _scratch = scratch;

    /// <summary>The wall clock at <paramref name="now"/>, as last told by <see cref="SetUtc"/>: only records know it.</summary>
    public DateTimeOffset UtcAt(Instant now) => _utc + (now - _utcReadAt);

    /// <summary>Tells the wall clock anew: it may have been set.</summary>
    public void SetUtc(Instant now, DateTimeOffset utc)
    {
        _utcReadAt = now;
        _utc = utc;
    }

    /// <summary>Does everything that is due: time-outs, upkeep, expiry.</summary>
    public void Advance(Instant now)
    {
        HandleTimeouts(now);
        EndOverdueOperations(now);
        Store.Expire(now);
        KeepUp(now);
        EndStep(now);
    }

    /// <summary>Signs and stores a record of this node's, and keeps it alive if told so.</summary>
    public OperationId Put(RecordKey key, string label, ReadOnlySpan<byte> payload, TimeSpan timeToLive, bool keepAlive, Instant now)
    {
        Record record = Sign(key, label, payload, timeToLive, now);
        if (keepAlive)
        {
            _owned.Keep(record, now);
        }
        else
        {
            _owned.Forget(key, label);
        }

        return Begin(OwnPut(record, isInternal: false, now), now);
    }

    /// <summary>Replaces this node's record by a tombstone.</summary>
    public OperationId Withdraw(RecordKey key, string label, Instant now)
    {
        Record tombstone = _author.Tombstone(key, label, UtcAt(now));
        _owned.Keep(tombstone, now);
        return Begin(OwnPut(tombstone, isInternal: false, now), now);
    }

    /// <summary>Hands on a record that its owner signed.</summary>
    public OperationId Publish(Record record, Instant now) =>
        Begin(new PutOperation(record, NewRefreshingLookup(record.Key.Position, Config.HolderLookup, now), isOwn: false), now);

    /// <summary>Signs without sending.</summary>
    public Record Sign(RecordKey key, string label, ReadOnlySpan<byte> payload, TimeSpan timeToLive, Instant now) =>
        _author.Write(key, label, payload, timeToLive, UtcAt(now));

    /// <summary>Finds the nodes closest to a position; done when the closest k have answered.</summary>
    public OperationId FindNode(NodeId target, Instant now) => Begin(new FindNodeOperation(NewRefreshingLookup(target, Config.Lookup(Config.K), now)), now);

    /// <summary>Measures the round trip to an endpoint, whoever is there.</summary>
    public OperationId Ping(NodeEndpoint endpoint, Instant now) => Begin(new PingOperation(endpoint), now);

    /// <summary>
    /// Finds the records under a key. <paramref name="onRecord"/> hears of each as it is verified, <paramref name="onHeldCount"/> of how
    /// many there are by what holders have said so far, two at least.
    /// </summary>
    public OperationId Get(
        RecordKey key,
        GetMode mode,
        NodeId? owner,
        int limit,
        Action<HeldRecord>? onRecord,
        Instant now,
        byte[]? filter = null,
        Action<HeldCounts>? onHeldCount = null)
    {
        // Keys whose readers want counts are the popular ones: all their holders take part. Others are read where their writers' first
        // acknowledgements come from, so that who has just heard of a change finds it.
        bool isPopular = mode == GetMode.All && owner is null && onHeldCount is not null;
        LookupLimits limits = Config.Lookup(Config.ClosestAnswered) with { Spread = isPopular ? Config.Holders : 1 };
        Lookup lookup = NewRefreshingLookup(key.Position, limits, now);
        var get = new GetOperation(key, lookup, Config.ClosestAnswered, mode, owner, limit, onRecord, filter) { OnHeldCount = onHeldCount, IsPopular = isPopular };
        return Begin(get, now);
    }

    /// <summary>Asks the closest holders how many records they have under a key, which is <see cref="GetOperation.HeldCount"/>.</summary>
    public OperationId Count(RecordKey key, Action<HeldCounts>? onHeldCount, Instant now) =>
        Get(key, GetMode.Closest, owner: null, limit: 1, onRecord: null, now, onHeldCount: onHeldCount);

    /// <summary>A random place among records.</summary>
    public ulong DrawPlace() => _entropy.NextUInt64();

    /// <summary>
    /// Joins through these addresses: the answer to <see cref="TakeSeedsWanted"/>. When none of them is usable the node
    /// tries again later; when there never were any (<paramref name="hasSeeds"/>) it is the first of its network.
    /// </summary>
    public void Join(IReadOnlyCollection<NodeEndpoint> seeds, bool hasSeeds, Instant now)
    {
        NodeEndpoint[] usable = [.. seeds.Where(seed => seed.IsSendable && Config.Families.Includes(seed))];
        if (Table.Count == 0)
        {
            if (!hasSeeds && _lost.Count == 0)
            {
                _join.OnNobodyToAsk(now);
                return;
            }

            usable = [.. usable.Union(_lost)];
        }

        _join.OnTry(now, _entropy);
        if (usable.Length > 0 || Table.Count > 0)
        {
            LookForSelf(usable, now);
        }
    }

    /// <summary>Whether the shell should resolve its seeds and call <see cref="Join"/>; true once per wish.</summary>
    public bool TakeSeedsWanted() => _join.TakeWish();

    /// <summary>Says goodbye to everybody who would otherwise wait for an answer from here.</summary>
    public void SayGoodbye(Instant now)
    {
        if (Config.IsClient)
        {
            return;
        }

        foreach (Contact contact in Contacts())
        {
            if (_peers.TryGetCookie(contact.Endpoint, now, out ulong cookie))
            {
                Post(contact.Endpoint, Scratch.Writer.Goodbye(Header(MessageKind.Goodbye, _entropy.NextTransactionId()), cookie));
            }
        }
    }

    /// <summary>The contacts of the table, farthest bucket first.</summary>
    public Contact[] Contacts() => Array.ConvertAll(Table.Entries(), static entry => entry.Contact);

    /// <summary>Verifies a record's signature, and counts it: the dearest thing a datagram can make this node do.</summary>
    public bool Verify(Record record)
    {
        Counters.SignaturesVerified++;
        return RecordSigner.Verify(_identity.Scheme, record);
    }

    /// <summary>Keeps a record that this node sends out when it is itself one of the closest to its key.</summary>
    public void StoreIfHolder(Record record, ReadOnlySpan<Contact> others, Instant now)
    {
        NodeId position = record.Key.Position;
        bool isHolder = !Config.IsClient
            && (others.Length < Config.Holders
                || Self.DistanceTo(position) < others[Config.Holders - 1].Id.DistanceTo(position));
        if (isHolder && (Store.Holds(record) || Verify(record)))
        {
            Keep(record, SourceOf(record), now, isFirstHand: record.Owner == Self);
        }
    }

    /// <summary>
    /// Signs a record of this node's anew, above the sequence that holders have; null when what they have may be a later word
    /// of its own.
    /// </summary>
    public Record? Reissue(Record stale, ulong newestHeld, Instant now) => _owned.Reissue(stale, newestHeld, now, UtcAt(now));

    /// <summary>Whether a holder's claim to have a record of this sequence deserves an answer.</summary>
    public bool IsPlausible(ulong sequence, Instant now) => RecordAuthor.IsPlausible(sequence, UtcAt(now));

    private void LookForSelf(NodeEndpoint[] seeds, Instant now) =>
        Begin(new BootstrapOperation(seeds, NewLookup(Self, Config.Lookup(Config.ClosestAnswered))) { IsInternal = true }, now);

    private Lookup NewLookup(NodeId target, LookupLimits limits) =>
        new(target, Self, limits, Config.Families, limits.Spread > 1 ? _entropy.NextUInt64() : 0);

    /// <summary>
    /// A search that is also the refresh of the bucket it searches in. Not before the first refresh: until then there is one
    /// bucket for everything, and one search would put off them all.
    /// </summary>
    private Lookup NewRefreshingLookup(NodeId target, LookupLimits limits, Instant now)
    {
        if (_isRefreshed)
        {
            _refresh.Touch(target, now);
        }

        return NewLookup(target, limits);
    }

    private PutOperation OwnPut(Record record, bool isInternal, Instant now) =>
        new(record, NewRefreshingLookup(record.Key.Position, Config.HolderLookup, now), isOwn: true) { IsInternal = isInternal };
}
