using System.Diagnostics;

namespace Violence.Kademlia.Node.Demo;

/// <summary>
/// What one act set out to do, did, and how long each piece took. Every piece ends as done or with a reason; an act is good
/// when all it expected is done and there is no reason. Safe to use from several tasks.
/// </summary>
internal sealed class StepLog(string title, IDemoProgress progress)
{
    private const int MostReasons = 10;

    private readonly Lock _lock = new();
    private readonly List<double> _milliseconds = [];
    private readonly List<string> _reasons = [];
    private int _unlistedReasons;

    public string Title => title;

    public int Expected { get; private set; }

    public int Done { get; private set; }

    public bool IsGood
    {
        get
        {
            lock (_lock)
            {
                return _reasons.Count == 0 && Done == Expected;
            }
        }
    }

    public IReadOnlyList<double> Milliseconds
    {
        get
        {
            lock (_lock)
            {
                return [.. _milliseconds];
            }
        }
    }

    /// <summary>Why the act is not good; empty when it is.</summary>
    public IReadOnlyList<string> Reasons
    {
        get
        {
            lock (_lock)
            {
                List<string> all = [.. _reasons.Select(reason => $"{title}: {reason}")];
                if (_unlistedReasons > 0)
                {
                    all.Add($"{title}: and {_unlistedReasons} more");
                }

                if (all.Count == 0 && Done != Expected)
                {
                    all.Add($"{title}: {Done} of {Expected} done");
                }

                return all;
            }
        }
    }

    /// <summary>Tells how many pieces there will be.</summary>
    public void Expect(int pieces)
    {
        Expected = pieces;
        progress.Begin(title, pieces);
    }

    /// <summary>A piece is done.</summary>
    public void Count(double? milliseconds = null)
    {
        lock (_lock)
        {
            Done++;
            if (milliseconds is { } time)
            {
                _milliseconds.Add(time);
            }
        }

        progress.Advance();
    }

    /// <summary>Something is not as it should be.</summary>
    public void Fail(string reason)
    {
        lock (_lock)
        {
            if (_reasons.Count < MostReasons)
            {
                _reasons.Add(reason);
            }
            else
            {
                _unlistedReasons++;
            }
        }
    }

    /// <summary>Runs one piece and times it: done when it gives no reason, else failed with it.</summary>
    /// <returns>The time in milliseconds when it is done, else null.</returns>
    public async Task<double?> MeasureAsync(Func<Task<string?>> piece)
    {
        long start = Stopwatch.GetTimestamp();
        string? reason = await piece();
        double milliseconds = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        if (reason is not null)
        {
            Fail(reason);
            return null;
        }

        Count(milliseconds);
        return milliseconds;
    }
}
