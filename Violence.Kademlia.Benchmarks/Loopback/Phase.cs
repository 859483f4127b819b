using System.Diagnostics;
using Violence.Kademlia.Simulation.Scenarios;

namespace Violence.Kademlia.Benchmarks.Loopback;

/// <summary>
/// One measured phase: runs its operations, times each as its caller sees it, and tells what the process and the network spent
/// meanwhile. It ends within its time limit; operations that had no time any more count as failed.
/// </summary>
internal sealed class Phase
{
    /// <summary>How long a phase may take; its operations have time-outs of their own, which are shorter.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    private readonly string _metric;
    private readonly LoopbackNetwork _network;

    // A slot of its own for each operation, so that those in flight at once need no lock; NaN until it has succeeded.
    private readonly double[] _latencies;
    private readonly long _startedAt;
    private readonly long _datagrams;
    private readonly TimeSpan _cpu;
    private string? _problem;
    private int _next = -1;

    /// <summary>Begins a phase of so many operations; for those that do not simply run one after the other.</summary>
    public Phase(string metric, LoopbackNetwork network, int total)
    {
        _metric = metric;
        _network = network;
        _latencies = new double[total];
        Array.Fill(_latencies, double.NaN);
        _datagrams = network.DatagramsSent();
        _cpu = Environment.CpuUsage.TotalTime;
        _startedAt = Stopwatch.GetTimestamp();
    }

    /// <summary>An operation: null when it succeeded, else what went wrong.</summary>
    public delegate Task<string?> Operation(int index, CancellationToken cancellationToken);

    /// <summary>Runs a phase.</summary>
    /// <param name="metric">Its name.</param>
    /// <param name="network">Whose datagrams are counted.</param>
    /// <param name="total">How many operations.</param>
    /// <param name="operation">The operation; its whole time counts.</param>
    /// <param name="inFlight">How many at once.</param>
    /// <param name="cleanUp">Called after each operation, successful or not; its time does not count, what it costs does.</param>
    public static async Task<MetricLine> MeasureAsync(
        string metric, LoopbackNetwork network, int total, Operation operation, int inFlight = 1, Func<Task>? cleanUp = null)
    {
        using var limit = new CancellationTokenSource(Limit);
        var phase = new Phase(metric, network, total);
        await Task.WhenAll(Enumerable.Range(0, inFlight).Select(_ => phase.RunAsync(operation, cleanUp, limit.Token)));
        return phase.Conclude();
    }

    public void Succeeded(int index, TimeSpan latency) => _latencies[index] = latency.TotalMilliseconds;

    public void Failed(string problem) => Interlocked.CompareExchange(ref _problem, problem, null);

    /// <summary>Ends the phase; operations that nothing was said of have failed.</summary>
    public MetricLine Conclude()
    {
        TimeSpan elapsed = Stopwatch.GetElapsedTime(_startedAt);
        TimeSpan cpu = Environment.CpuUsage.TotalTime - _cpu;
        long datagrams = _network.DatagramsSent() - _datagrams;
        var latencies = new Percentiles();
        foreach (double latency in _latencies.Where(static latency => !double.IsNaN(latency)))
        {
            latencies.Add(latency);
        }

        int total = _latencies.Length;
        return new MetricLine
        {
            Metric = _metric,
            Nodes = _network.Nodes.Count,
            Ok = latencies.Count,
            Total = total,
            P50 = latencies.At(0.5),
            P95 = latencies.At(0.95),
            P99 = latencies.At(0.99),
            Max = latencies.At(1),
            Mean = Math.Round(latencies.Mean, 3),
            CpuMsPerOp = Math.Round(cpu.TotalMilliseconds / total, 3),
            DatagramsPerOp = Math.Round((double)datagrams / total, 2),
            OpsPerS = Math.Round(latencies.Count / elapsed.TotalSeconds, 1),
            Problem = _problem,
        };
    }

    private async Task RunAsync(Operation operation, Func<Task>? cleanUp, CancellationToken limit)
    {
        for (int i = Interlocked.Increment(ref _next); i < _latencies.Length; i = Interlocked.Increment(ref _next))
        {
            long start = Stopwatch.GetTimestamp();
            string? problem;
            try
            {
                problem = await operation(i, limit);
            }
            catch (Exception e) when (e is OperationCanceledException or KademliaException or ObjectDisposedException)
            {
                problem = e.Message;
            }

            if (problem is null)
            {
                Succeeded(i, Stopwatch.GetElapsedTime(start));
            }
            else
            {
                Failed(problem);
            }

            if (cleanUp is not null)
            {
                await cleanUp();
            }
        }
    }
}
