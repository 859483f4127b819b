namespace Violence.Kademlia.Node.Demo;

/// <summary>What the acts have counted. Nothing is written here that was not measured or counted.</summary>
internal sealed class DemoFigures
{
    public int Nodes { get; set; }

    public int Servers { get; set; }

    public List<double> BootstrapMs { get; } = [];

    public int? PeersMin { get; set; }

    public List<double> AnnounceMs { get; } = [];

    public int? AnnounceAcksMin { get; set; }

    public int Lookups { get; set; }

    public int LookupsFound { get; set; }

    public List<double> LookupMs { get; } = [];

    public int QueriesExpected { get; set; }

    public int QueriesFound { get; set; }

    public int FilteredExpected { get; set; }

    public int FilteredFound { get; set; }

    public int WatchEventsExpected { get; set; }

    public int WatchEventsHeard { get; set; }

    public int PlayerLookups { get; set; }

    public int PlayerLookupsFound { get; set; }

    public int AfterCrashLookups { get; set; }

    public int AfterCrashLookupsFound { get; set; }

    public bool StaleRefused { get; set; }

    public bool ForgedRefused { get; set; }

    public bool WithdrawnGone { get; set; }
}
