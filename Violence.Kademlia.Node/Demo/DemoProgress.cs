using System.Globalization;
using Spectre.Console;
using Spectre.Console.Rendering;
using Violence.Kademlia.Node.Output;

namespace Violence.Kademlia.Node.Demo;

/// <summary>Shows nothing: with --json only the object is printed.</summary>
internal sealed class SilentProgress : IDemoProgress
{
    public Task<DemoOutcome> ShowAsync(Func<Task<DemoOutcome>> demo) => demo();

    public void Begin(string title, int pieces)
    {
    }

    public void Advance()
    {
    }

    public void End(StepLog step)
    {
    }
}

/// <summary>One line per act, for files and other programs.</summary>
internal sealed class PlainProgress(Terminal terminal) : IDemoProgress
{
    public Task<DemoOutcome> ShowAsync(Func<Task<DemoOutcome>> demo) => demo();

    public void Begin(string title, int pieces)
    {
    }

    public void Advance()
    {
    }

    public void End(StepLog step) => terminal.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"{step.Title.PadRight(DemoRunner.LongestTitle)} {step.Done}/{step.Expected} {(step.IsGood ? "ok" : "FAILED")}"));
}

/// <summary>Bars on a live terminal.</summary>
internal sealed class LiveProgress(Terminal terminal) : IDemoProgress
{
    private ProgressContext? _context;
    private ProgressTask? _task;

    public async Task<DemoOutcome> ShowAsync(Func<Task<DemoOutcome>> demo) =>
        await terminal.Console.Progress()
            .Columns(new SpinnerColumn(), new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new CountColumn(), new ElapsedTimeColumn())
            .StartAsync(context =>
            {
                _context = context;
                return demo();
            });

    public void Begin(string title, int pieces) => _task = _context?.AddTask(TerminalText.Markup(title), maxValue: Math.Max(1, pieces));

    public void Advance() => _task?.Increment(1);

    public void End(StepLog step)
    {
        if (_task is not null)
        {
            _task.Description = $"[{(step.IsGood ? "green" : "red")}]{TerminalText.Markup(step.Title)}[/]";
            _task.StopTask();
        }
    }

    /// <summary>How many of how many.</summary>
    private sealed class CountColumn : ProgressColumn
    {
        public override IRenderable Render(RenderOptions options, ProgressTask task, TimeSpan deltaTime) =>
            new Text(string.Create(CultureInfo.InvariantCulture, $"{task.Value:0}/{task.MaxValue:0}"));
    }
}
