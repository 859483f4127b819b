namespace Violence.Kademlia.Federation.Hub;

/// <summary>
/// Leaves a hub alone that keeps failing: after 3 faults in a row for 5 s, then twice as long with every further one, up to
/// 5 minutes. When a pause is over one request goes out as a trial; the others wait for how it ends. Not safe for several threads.
/// </summary>
internal sealed class HubBreaker
{
    public const int FaultsAllowed = 3;

    public static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(5);
    public static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(5);

    private TimeSpan _closedUntil;

    public int FailuresInARow { get; private set; }

    /// <summary>Whether a request may go out now; a trial is granted once per pause.</summary>
    public bool TryEnter(TimeSpan now)
    {
        if (FailuresInARow < FaultsAllowed)
        {
            return true;
        }

        if (now < _closedUntil)
        {
            return false;
        }

        // A trial that is given up tells nothing: the next one is due after another pause.
        _closedUntil = now + Pause();
        return true;
    }

    public void Report(bool isFault, TimeSpan now)
    {
        FailuresInARow = isFault ? Math.Min(FailuresInARow + 1, 64) : 0;
        _closedUntil = FailuresInARow < FaultsAllowed ? TimeSpan.Zero : now + Pause();
    }

    private TimeSpan Pause()
    {
        TimeSpan pause = FirstPause * Math.Pow(2, Math.Min(FailuresInARow - FaultsAllowed, 16));
        return pause < LongestPause ? pause : LongestPause;
    }
}
