namespace Violence.Kademlia.Node.Demo;

/// <summary>
/// What <c>demo --json</c> prints. The fields keep their names and order: scripts read them. A time that was never measured
/// is null.
/// </summary>
internal sealed record DemoReport(
    int Nodes,
    int Servers,
    double? BootstrapMsP50,
    double? BootstrapMsMax,
    int? PeersMin,
    double? AnnounceMsP50,
    int? AnnounceAcksMin,
    int Lookups,
    int LookupsFound,
    double? LookupMsP50,
    double? LookupMsP95,
    int QueriesExpected,
    int QueriesFound,
    int FilteredExpected,
    int FilteredFound,
    int WatchEventsExpected,
    int WatchEventsHeard,
    int PlayerLookups,
    int PlayerLookupsFound,
    int AfterCrashLookups,
    int AfterCrashLookupsFound,
    bool StaleRefused,
    bool ForgedRefused,
    bool WithdrawnGone,
    bool Ok,
    IReadOnlyList<string> Reasons)
{
    public static DemoReport Of(DemoFigures figures, IReadOnlyList<string> reasons) => new(
        figures.Nodes,
        figures.Servers,
        Statistics.Round(Statistics.Percentile(figures.BootstrapMs, 50)),
        Statistics.Round(Statistics.Percentile(figures.BootstrapMs, 100)),
        figures.PeersMin,
        Statistics.Round(Statistics.Percentile(figures.AnnounceMs, 50)),
        figures.AnnounceAcksMin,
        figures.Lookups,
        figures.LookupsFound,
        Statistics.Round(Statistics.Percentile(figures.LookupMs, 50)),
        Statistics.Round(Statistics.Percentile(figures.LookupMs, 95)),
        figures.QueriesExpected,
        figures.QueriesFound,
        figures.FilteredExpected,
        figures.FilteredFound,
        figures.WatchEventsExpected,
        figures.WatchEventsHeard,
        figures.PlayerLookups,
        figures.PlayerLookupsFound,
        figures.AfterCrashLookups,
        figures.AfterCrashLookupsFound,
        figures.StaleRefused,
        figures.ForgedRefused,
        figures.WithdrawnGone,
        reasons.Count == 0,
        reasons);
}
