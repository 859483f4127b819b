using System.Diagnostics;
using System.Globalization;
using System.Threading.Channels;

namespace Violence.Kademlia.Tests.Node;

/// <summary>
/// The program as a process of its own, built next to the tests. Every wait on it is bounded, and disposing kills it.
/// </summary>
internal sealed class ProgramProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly string _commandLine;
    private readonly Channel<string> _lines = Channel.CreateUnbounded<string>();
    private readonly Task _output;
    private readonly Task<string> _error;

    private ProgramProcess(Process process, string commandLine)
    {
        _process = process;
        _commandLine = commandLine;
        _output = PumpAsync();
        _error = process.StandardError.ReadToEndAsync();
    }

    /// <summary>How long any one wait may take: generous, since the machine may be busy.</summary>
    public static TimeSpan Patience { get; } = TimeSpan.FromSeconds(60);

    public static ProgramProcess Start(params string[] args)
    {
        var start = new ProcessStartInfo(DotnetHost())
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        foreach (string arg in (string[])["exec", Path.Combine(AppContext.BaseDirectory, "violence-kad.dll"), .. args])
        {
            start.ArgumentList.Add(arg);
        }

        return new ProgramProcess(Process.Start(start)!, string.Join(' ', args));
    }

    /// <summary>Runs the program to its end.</summary>
    public static async Task<CommandLineRun> RunAsync(params string[] args)
    {
        await using var program = Start(args);
        return await program.EndAsync();
    }

    /// <summary>The next line on stdout.</summary>
    public async Task<string> ReadLineAsync()
    {
        using var limit = new CancellationTokenSource(Patience);
        try
        {
            return await _lines.Reader.ReadAsync(limit.Token);
        }
        catch (ChannelClosedException)
        {
            throw new AssertionException($"'{_commandLine}' ended with {_process.ExitCode} instead of a line; stderr: {await _error}");
        }
        catch (OperationCanceledException)
        {
            throw new AssertionException($"'{_commandLine}' printed no line within {Patience.TotalSeconds} s.");
        }
    }

    /// <summary>Waits for the end; the output is what was not read line by line before.</summary>
    public async Task<CommandLineRun> EndAsync()
    {
        using var limit = new CancellationTokenSource(Patience);
        try
        {
            await _process.WaitForExitAsync(limit.Token);
            await _output.WaitAsync(limit.Token);
            List<string> rest = [];
            while (_lines.Reader.TryRead(out string? line))
            {
                rest.Add(line);
            }

            return new CommandLineRun(_process.ExitCode, string.Join('\n', rest), await _error.WaitAsync(limit.Token));
        }
        catch (OperationCanceledException)
        {
            throw new AssertionException($"'{_commandLine}' did not end within {Patience.TotalSeconds} s.");
        }
    }

    /// <summary>SIGKILL: the process gets no chance to say anything.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await EndAsync();
    }

    /// <summary>SIGTERM, which the framework can't send itself. Not on Windows.</summary>
    public async Task TerminateAsync()
    {
        string id = _process.Id.ToString(CultureInfo.InvariantCulture);
        using var kill = Process.Start("kill", ["-TERM", id]);
        using var limit = new CancellationTokenSource(Patience);
        await kill.WaitForExitAsync(limit.Token);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            using var limit = new CancellationTokenSource(Patience);
            await _process.WaitForExitAsync(limit.Token);
        }

        _process.Dispose();
    }

    private async Task PumpAsync()
    {
        while (await _process.StandardOutput.ReadLineAsync() is { } line)
        {
            _lines.Writer.TryWrite(line);
        }

        // The exit code in the message of a reader that waits for more is only known once the process is gone.
        await _process.WaitForExitAsync();
        _lines.Writer.Complete();
    }

    /// <summary>The host the tests run on, so that a private installation of .NET is found too.</summary>
    private static string DotnetHost() =>
        Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == "dotnet"
            ? path
            : Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";
}
