using Microsoft.Extensions.Logging;

namespace Violence.Kademlia.Node.Demo;

/// <summary>Plays the acts in order, within the time there is, and puts their figures and reasons together.</summary>
internal static class DemoRunner
{
    private static readonly IDemoAct[] Acts =
    [
        new BootstrapAct(),
        new AnnounceAct(),
        new LookupAct(),
        new QueryAct(),
        new FilterAct(),
        new PlayerAct(),
        new WatchAct(),
        new ConflictAct(),
        new ForgeryAct(),
        new CrashAct(),
        new WithdrawalAct(),
    ];

    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);

    public static int LongestTitle { get; } = Acts.Max(act => act.Title.Length);

    public static async Task<DemoOutcome> RunAsync(DemoSettings settings, IDemoProgress progress, ILoggerFactory logging, CancellationToken stop)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(settings.Timeout);
        List<StepLog> steps = [];
        List<string> reasons = [];
        await using var world = new DemoWorld(settings, logging);
        foreach (var act in Acts)
        {
            var step = new StepLog(act.Title, progress);
            steps.Add(step);
            string? interruption = await PlayAsync(act, world, step, settings, limit.Token, stop);
            if (interruption is not null)
            {
                step.Fail(interruption);
            }

            reasons.AddRange(step.Reasons);
            progress.End(step);
            if (interruption is not null)
            {
                break;
            }
        }

        // What an interrupted act left running ends before the nodes do.
        await limit.CancelAsync();
        return new DemoOutcome(DemoReport.Of(world.Figures, reasons), steps);
    }

    /// <summary>Why the act ended before its end, and so the demo with it; null when it did not.</summary>
    private static async Task<string?> PlayAsync(
        IDemoAct act, DemoWorld world, StepLog step, DemoSettings settings, CancellationToken limit, CancellationToken stop)
    {
        try
        {
            await WithinAsync(act.PlayAsync(world, step, limit), limit);
            return null;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return "stopped before it was done";
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            return FormattableString.Invariant($"the demo was not done within {settings.Timeout.TotalSeconds} s");
        }
        catch (Exception failure)
        {
            // Whatever an act stumbles over is a reason for the report, which the figures so far belong to.
            return failure is KademliaException ? failure.Message : $"{failure.GetType().Name}: {failure.Message}";
        }
    }

    /// <summary>Lets a stopped act end by itself, but an operation that ignores its token must not keep the demo from ending.</summary>
    private static async Task WithinAsync(Task play, CancellationToken limit)
    {
        try
        {
            await play.WaitAsync(limit);
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAny(play, Task.Delay(Grace, CancellationToken.None));
            throw;
        }
    }
}
