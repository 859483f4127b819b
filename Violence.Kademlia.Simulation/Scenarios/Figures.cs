using Violence.Kademlia.Engine.Operations;

namespace Violence.Kademlia.Simulation.Scenarios;

/// <summary>What lookups cost and how they ended. Only those count whose asker lived to see the end.</summary>
internal sealed class Figures
{
    public Percentiles GetMs { get; } = new();

    /// <summary>From a node's start until it has found a record, where newcomers look up.</summary>
    public Percentiles StartToFoundMs { get; } = new();

    public Percentiles Hops { get; } = new();

    public Percentiles Datagrams { get; } = new();

    public int Gets { get; private set; }

    public int Found { get; private set; }

    public double Success => Gets == 0 ? 0 : (double)Found / Gets;

    /// <param name="get">The lookup, or the last of several tries.</param>
    /// <param name="datagrams">Requests and answers of all tries.</param>
    /// <param name="isFound">Whether it found the record in time.</param>
    public void Add(GetOperation get, int datagrams, bool isFound)
    {
        Gets++;
        Found += isFound ? 1 : 0;
        GetMs.Add(get.Elapsed.TotalMilliseconds);
        Hops.Add(get.Hops);
        Datagrams.Add(datagrams);
    }
}
