namespace Violence.Kademlia.Simulation.Scenarios.Directory;

/// <summary>Ordinary asynchronous code that runs in a simulation, between its events. What fails ends the run.</summary>
internal sealed class Flows(Simulator simulator)
{
    private Exception? _fault;

    /// <summary>Starts one; it runs on until it waits for something. That the node it runs on dies is no fault.</summary>
    public void Start(Func<Task> flow) => _ = GuardAsync(flow);

    public void RunFor(TimeSpan span)
    {
        simulator.RunUntil(() => _fault is not null, span);
        Check();
    }

    /// <returns>Whether the condition holds.</returns>
    public bool RunUntil(Func<bool> condition, TimeSpan atMost)
    {
        simulator.RunUntil(() => _fault is not null || condition(), atMost);
        Check();
        return condition();
    }

    private async Task GuardAsync(Func<Task> flow)
    {
        try
        {
            await flow().ConfigureAwait(false);
        }
        catch (ObjectDisposedException)
        {
            // Its node has crashed, and with it the process that would have gone on.
        }
#pragma warning disable CA1031 // Nobody awaits a flow: whatever it threw is thrown again where the simulation is run.
        catch (Exception fault)
#pragma warning restore CA1031
        {
            _fault ??= fault;
        }
    }

    private void Check()
    {
        if (_fault is not null)
        {
            throw new InvalidOperationException($"A flow failed: {_fault.Message}", _fault);
        }
    }
}
