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
    /// A network that is just coming up: who joins through a node that was started a moment before learns of nobody else. With fewer
    /// contacts than this it looks again, three times, until the first refresh of its table does so in earnest.
    /// </summary>
    private const int ContactsOfYoungNetwork = 8;

    private static readonly TimeSpan NoLongerYoung = TimeSpan.FromSeconds(2);

    private TimeSpan _pause = TimeSpan.Zero;
    private Instant _lastTry = start;
    private bool _isWished;

    public JoinState State { get; private set; } = JoinState.Joining;

    public Instant NextTry { get; private set; } = start;

    /// <summary>Raises the wish for seeds when it is time.</summary>
    public void Check(Instant now, int contacts)
    {
        if (NextTry > now)
        {
            return;
        }

        int wanted = _pause < NoLongerYoung ? ContactsOfYoungNetwork : ContactsWanted;
        _isWished = State != JoinState.Joined || contacts < wanted || now - _lastTry >= reunionInterval;
        NextTry = now + pauseMax;
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
        NextTry = now + pauseMin / 2;
        _pause = TimeSpan.Zero;
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
