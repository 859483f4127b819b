namespace Violence.Kademlia.Node.Demo;

/// <summary>What the demo is asked to do.</summary>
/// <param name="Nodes">How many nodes.</param>
/// <param name="Servers">How many servers they announce.</param>
/// <param name="Seed">Decides who joins through whom, who announces what and who crashes.</param>
/// <param name="Timeout">How long all of it may take.</param>
internal sealed record DemoSettings(int Nodes, int Servers, int Seed, TimeSpan Timeout)
{
    public const int LeastNodes = 4;
    public const int MostNodes = 200;
    public const int PresetNodes = 24;
    public const int LeastServers = 1;
    public const int MostServers = 200;
    public const int PresetServers = 12;
    public const int PresetTimeoutSeconds = 60;

    /// <summary>How many peers a node has to know before it counts as joined.</summary>
    public const int WantedPeers = 3;

    /// <summary>How many nodes have to acknowledge a server; fewer only where there are fewer.</summary>
    public int WantedAcks => Math.Min(3, Nodes - 1);

    /// <summary>How many nodes vanish.</summary>
    public int Crashes => Nodes / 4;
}
