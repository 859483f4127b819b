using System.Diagnostics;
using System.Globalization;
using System.Net;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Benchmarks.Torture;

/// <summary>A <see cref="ChildNode"/> in a process of its own, seen from the parent.</summary>
internal sealed class ChildProcess : IDisposable
{
    private readonly Process _process;
    private readonly Task _reading;
    private readonly List<(RecordKey Key, ulong Sequence)> _own = [];
    private readonly TaskCompletionSource<Ready?> _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ChildProcess(Process process)
    {
        _process = process;
        _reading = ReadAsync();
    }

    /// <summary>What it says when it serves.</summary>
    public sealed record Ready(IPEndPoint Endpoint, int Held, int Owned);

    /// <summary>Completes when it serves; with null when it ended before.</summary>
    public Task<Ready?> Serving => _ready.Task;

    public static ChildProcess Start(string directory, IEnumerable<string> bootstrap)
    {
        string[] arguments = ["torture", ChildNode.CommandName, "--data-dir", directory, .. bootstrap.SelectMany(static seed => new[] { "--bootstrap", seed })];
        ProcessStartInfo start = ThisProgram.With(arguments);
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        return new ChildProcess(Process.Start(start)!);
    }

    /// <summary>SIGKILL: not a line of it runs any more when this returns.</summary>
    /// <returns>What it had said of its own puts; and whether it had ended by itself before.</returns>
    public async Task<(IReadOnlyList<(RecordKey Key, ulong Sequence)> Own, bool EndedItself)> KillAsync()
    {
        bool endedItself = _process.HasExited;
        _process.Kill();
        await _process.WaitForExitAsync();
        await _reading;
        return (_own, endedItself);
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.Dispose();
    }

    private async Task ReadAsync()
    {
        while (await _process.StandardOutput.ReadLineAsync() is { } line)
        {
            string[] words = line.Split(' ');
            if (words is ["ready", var endpoint, var held, var owned])
            {
                _ready.TrySetResult(new Ready(IPEndPoint.Parse(endpoint), Number(held), Number(owned)));
            }
            else if (words is ["own", var key, var sequence] && NodeId.TryParse(key, out NodeId position) && ulong.TryParse(sequence, out ulong number))
            {
                _own.Add((new RecordKey(position), number));
            }
        }

        _ready.TrySetResult(null);
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
