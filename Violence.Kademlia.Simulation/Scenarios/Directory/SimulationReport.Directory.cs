namespace Violence.Kademlia.Simulation.Scenarios;

/// <content>What the scenarios of the server directory measure; absent in others.</content>
internal sealed partial record SimulationReport
{
    /// <summary>Hops of players that somebody looked for.</summary>
    public int? Finds { get; init; }

    /// <summary>Share of hops after which a find named the newest server in time, 0 to 1.</summary>
    public double? FoundNewestShare { get; init; }

    /// <summary>The same for the first find after each hop.</summary>
    public double? FirstFindNewestShare { get; init; }

    /// <summary>From a hop until a find has named the new server.</summary>
    public double? FindMsP50 { get; init; }

    public double? FindMsP99 { get; init; }

    public double? FindMsMax { get; init; }

    /// <summary>Datagrams of a find, requests and answers.</summary>
    public double? DatagramsPerFind { get; init; }

    /// <summary>Servers that lived at the end.</summary>
    public int? Servers { get; init; }

    /// <summary>Share of the living servers that queries listed, 0 to 1; the mean over the queries.</summary>
    public double? RecallMean { get; init; }

    public double? RecallMin { get; init; }

    /// <summary>Share of the rows shown as live whose server is gone and whose row is older than its lease allows.</summary>
    public double? LiveButDeadShare { get; init; }

    /// <summary>Share of all rows listed whose server was gone, however they were shown.</summary>
    public double? DeadRowsShare { get; init; }

    public double? RowsMean { get; init; }

    public double? QueryMsP50 { get; init; }

    public double? QueryMsP99 { get; init; }

    /// <summary>Requests and answers of a query that waits for all rows.</summary>
    public double? DatagramsPerQuery { get; init; }

    /// <summary>What the asker sends and receives meanwhile, anything else it does included.</summary>
    public double? BytesPerQuery { get; init; }

    /// <summary>What all nodes send more than they did before any server was announced, for each server and second.</summary>
    public double? AnnounceBytesPerServerS { get; init; }

    /// <summary>The same in datagrams.</summary>
    public double? AnnounceDatagramsPerServerS { get; init; }

    /// <summary>Of servers that were announced at the same moment, the share that was listed afterwards.</summary>
    public double? ConcurrentFoundShare { get; init; }

    public double? AnnounceMsP50 { get; init; }

    public double? AnnounceMsP99 { get; init; }

    /// <summary>From the start of a streamed query to its 50th row.</summary>
    public double? First50MsP50 { get; init; }

    public double? First50MsP99 { get; init; }

    /// <summary>Until a query that waits for all rows has them.</summary>
    public double? AllMsP50 { get; init; }

    public double? AllMsP99 { get; init; }

    /// <summary>Share of the servers that a query listed; the mean over the queries.</summary>
    public double? RowsFoundShare { get; init; }

    /// <summary>Nodes that hold any record of the genre.</summary>
    public int? Holders { get; init; }

    /// <summary>The larger of the two that follow.</summary>
    public double? HolderLoadMaxOverMean { get; init; }

    /// <summary>Records of the genre on the node that holds most, over the mean of all that hold any.</summary>
    public double? HolderRecordsMaxOverMean { get; init; }

    /// <summary>Requests that queries brought to the busiest of them, over their mean.</summary>
    public double? HolderRequestsMaxOverMean { get; init; }

    /// <summary>What happened to servers while others watched.</summary>
    public int? Changes { get; init; }

    /// <summary>Of all changes and all who watched, the share that heard within a second, 0 to 1.</summary>
    public double? HeardIn1sShare { get; init; }

    /// <summary>The same within the lease of a server.</summary>
    public double? HeardInLeaseShare { get; init; }

    /// <summary>From the call that changed something until somebody heard of it.</summary>
    public double? HearMsP50 { get; init; }

    public double? HearMsP99 { get; init; }

    /// <summary>What the whole network sends in the 2 s after a change more than in the 2 s after those.</summary>
    public double? DatagramsPerChange { get; init; }
}
