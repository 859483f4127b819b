namespace Violence.Kademlia.Engine;

/// <summary>
/// How long nodes live around here, learned from contacts that were asked after a silence and answered, or did not. Maximum
/// likelihood for lives without memory: time watched, over deaths seen. Old observations fade, so that it follows a network
/// that becomes restless or quiet.
/// </summary>
internal sealed class ChurnEstimate
{
    // As if one node had been watched for 5 minutes and then died: nobody knows at first, and where nodes live for minutes most of them
    // never learn better. Where they live for hours a few contacts tell within a minute.
    private static readonly TimeSpan FirstGuess = TimeSpan.FromMinutes(5);
    private const double DeathsMax = 64;
    private const double HoursMax = 256;

    private double _hours = FirstGuess.TotalHours;
    private double _deaths = 1;

    public TimeSpan MeanLife => TimeSpan.FromHours(_hours / Math.Max(_deaths, 1));

    /// <summary>A contact answered after so long a silence. The mean never falls by it below what matters to anybody: some days.</summary>
    public void OnAlive(TimeSpan silence) => Add(silence.TotalHours, deaths: 0);

    /// <summary>A contact was found gone after so long a silence; on average it died in the middle of it.</summary>
    public void OnDead(TimeSpan silence) => Add(silence.TotalHours / 2, deaths: 1);

    private void Add(double hours, double deaths)
    {
        _hours += Math.Max(0, hours);
        _deaths += deaths;
        if (_deaths > DeathsMax || _hours > HoursMax)
        {
            _hours /= 2;
            _deaths /= 2;
        }
    }
}
