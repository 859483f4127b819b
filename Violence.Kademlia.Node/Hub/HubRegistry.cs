using Violence.Kademlia.Federation.Hub;

namespace Violence.Kademlia.Node.Hub;

/// <summary>Takes announcements in, keeps them for their lease, and has the relay follow.</summary>
internal sealed class HubRegistry : IAsyncDisposable
{
    private static readonly TimeSpan ExpiryPeriod = TimeSpan.FromSeconds(1);

    private readonly HubTable _table;
    private readonly HubRelay _relay;
    private readonly TimeProvider _time;
    private readonly ITimer _expiry;
    private readonly ITimer _sweep;

    public HubRegistry(HubTable table, HubRelay relay, HubSettings settings)
    {
        _table = table;
        _relay = relay;
        _time = settings.Time;
        _expiry = _time.CreateTimer(static registry => ((HubRegistry)registry!).Expire(), this, ExpiryPeriod, ExpiryPeriod);
        // By then every server that lives has been heard of since the start.
        _sweep = _time.CreateTimer(static registry => _ = ((HubRegistry)registry!).SweepAsync(), this, settings.PostLease, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Null when it was taken; otherwise what is wrong.</summary>
    public HubProblem? Announce(HubAnnouncement announcement, SourceKey source, TimeSpan lease)
    {
        HubAnnouncement stamped = announcement with { Timestamp = _time.GetUtcNow() };
        HubAdmission admission = _table.Announce(stamped, source, lease, _time.GetElapsedTime(0));
        if (admission == HubAdmission.Registered)
        {
            _relay.Touch(HubTable.KeyOf(announcement.Server));
            return null;
        }

        return admission switch
        {
            HubAdmission.NameTaken => new HubProblem(
                "name", $"\"{announcement.Server.Name}\"", "is taken by a server at another address, and free when that one has not been heard of for its lease"),
            HubAdmission.SourceFull => new HubProblem("$", "one server more", "your address announces as many servers as one may"),
            _ => new HubProblem("$", "one server more", "this hub is full"),
        };
    }

    public async ValueTask DisposeAsync()
    {
        await _expiry.DisposeAsync();
        await _sweep.DisposeAsync();
        await _relay.DisposeAsync();
    }

    private async Task SweepAsync()
    {
        try
        {
            await _relay.SweepAsync(HubSettings.KnownGenres);
        }
        catch (Exception failure) when (failure is OperationCanceledException or ObjectDisposedException)
        {
            // The hub or its node stops.
        }
    }

    private void Expire()
    {
        foreach (string key in _table.Expire(_time.GetElapsedTime(0)))
        {
            _relay.Touch(key);
        }
    }
}
