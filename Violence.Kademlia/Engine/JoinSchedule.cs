using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Engine;

/// <summary>Where a node stands on its way into the network.</summary>
internal enum JoinState
{
    /// <summary>Nobody has been met yet.</summary>
    Joining,

    /// <summary>It knows others.</summary>
    Joined,

    /// <summary>It has nobody to ask: the first node of a network. Others may still find it.</summary>
    Alone,
}

/// <summary>
/// When to ask for seeds and try to join: at once, then with pauses that double, for as long as the node knows too few
/// others. It never gives up: an operator may start the bootstrap node last. A node that has joined asks its seeds again
/// now and then: the halves of a network that was cut in two for long have forgotten each other, and only the seeds they
/// have in common bring them together.
/// </summary>
internal sealed class JoinSchedule(TimeSpan pauseMin, TimeSpan pauseMax, TimeSpan reunionInterval, Instant start)
{
    /// <summary>With fewer contacts than this the seeds are asked again: they may know the rest of a split network.</summary>
    private const int ContactsWanted = 3;

    /// <summary>
    /// A network that is just coming up: who joins through a node that was started a moment before learns of nobody else. Who knows fewer
    /// than this looks around again a few times, until the first refresh of its table does so in earnest.
    /// </summary>
    private const int ContactsOfYoungNetwork = 8;

    private const int LooksMax = 3;

    private TimeSpan _pause = TimeSpan.Zero;
    private Instant _lastTry = start;
    private bool _isWished;
    private int _looks;
    private Instant _nextLook = Instant.Never;

    public JoinState State { get; private set; } = JoinState.Joining;

    public Instant NextTry { get; private set; } = start;

    /// <summary>When something is due here: a try to join, or a look around.</summary>
    public Instant NextDue => Instant.Min(NextTry, _nextLook);

    /// <summary>Raises the wish for seeds when it is time.</summary>
    public void Check(Instant now, int contacts)
    {
        if (NextTry > now)
        {
            return;
        }

        _isWished = State != JoinState.Joined || contacts < ContactsWanted || now - _lastTry >= reunionInterval;
        NextTry = now + pauseMax;
    }

    /// <summary>
    /// Whether it is time to ask whom one knows whether there are others by now. Not while contacts are being challenged: they may be those
    /// others.
    /// </summary>
    public bool TakeLook(Instant now, int contacts, bool isMeeting)
    {
        if (_nextLook > now)
        {
            return false;
        }

        _looks++;
        _nextLook = _looks < LooksMax && State == JoinState.Joined ? now + pauseMin * (1 << (_looks - 1)) : Instant.Never;
        return State == JoinState.Joined && contacts < ContactsOfYoungNetwork && !isMeeting;
    }

    public bool TakeWish()
    {
        bool isWished = _isWished;
        _isWished = false;
        return isWished;
    }

    public void OnTry(Instant now, EntropySource entropy)
    {
        TimeSpan doubled = _pause * 2;
        _pause = doubled < pauseMin ? pauseMin : doubled > pauseMax ? pauseMax : doubled;
        NextTry = now + entropy.Jitter(_pause, 0.2);
        _lastTry = now;
    }

    public void OnNobodyToAsk(Instant now)
    {
        State = State == JoinState.Joined ? State : JoinState.Alone;
        NextTry = now + pauseMax;
    }

    public void OnJoined(Instant now)
    {
        State = JoinState.Joined;
        NextTry = now + pauseMax;
        _pause = TimeSpan.Zero;
        _looks = 0;
        _nextLook = now + pauseMin / 2;
    }

    /// <summary>The last contact is gone: begin again, gently if this happens over and over.</summary>
    public void OnLost(Instant now)
    {
        if (State == JoinState.Joined)
        {
            State = JoinState.Joining;
            NextTry = now + pauseMin;
        }
    }
}
