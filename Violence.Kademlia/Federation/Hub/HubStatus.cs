namespace Violence.Kademlia.Federation.Hub;

/// <summary>How a request to a hub ended.</summary>
public enum HubStatus
{
    /// <summary>It was not asked yet.</summary>
    NotAsked,

    /// <summary>It answered as its wire promises.</summary>
    Ok,

    /// <summary>No connection, or it broke.</summary>
    Unreachable,

    /// <summary>No full answer in time.</summary>
    TimedOut,

    /// <summary>The token is missing or wrong (401, 403).</summary>
    Unauthorized,

    /// <summary>It asks for fewer requests (429).</summary>
    RateLimited,

    /// <summary>It refuses what was sent: another 4xx, or a redirection, which is not followed.</summary>
    Rejected,

    /// <summary>It failed (5xx, or a status that means nothing here).</summary>
    ServerError,

    /// <summary>Its answer is longer than a hub may answer.</summary>
    TooLarge,

    /// <summary>Its answer is not what its wire promises.</summary>
    Malformed,

    /// <summary>It failed repeatedly and is left alone for a while: nothing was sent.</summary>
    BackingOff,
}

/// <summary>How a hub does, as one <see cref="FederatedDirectory"/> has seen it.</summary>
/// <param name="Address">The hub.</param>
/// <param name="LastStatus">How the last request to it ended.</param>
/// <param name="FailuresInARow">How many requests in a row failed for a reason on the hub's side.</param>
/// <param name="RowsDropped">How many rows of its lists broke the directory's rules, in all.</param>
public sealed record HubState(Uri Address, HubStatus LastStatus, int FailuresInARow, long RowsDropped);

/// <summary>What came of one request.</summary>
/// <param name="Status">How it ended.</param>
/// <param name="Value">The answer when <see cref="HubStatus.Ok"/>.</param>
/// <param name="Dropped">How many rows of the answer were not valid.</param>
internal readonly record struct HubReply<T>(HubStatus Status, T? Value = null, int Dropped = 0)
    where T : class
{
    /// <summary>Whether the hub is at fault, so that it should be left alone for a while. A refusal is no fault of it.</summary>
    public bool IsFault => Status is HubStatus.Unreachable or HubStatus.TimedOut or HubStatus.RateLimited
        or HubStatus.ServerError or HubStatus.TooLarge or HubStatus.Malformed;
}

/// <summary>That an announcement was taken.</summary>
internal sealed record HubRegistered
{
    public static HubRegistered Instance { get; } = new();
}

/// <summary>Where a hub says a player is; null when it is on no server.</summary>
internal sealed record HubPlayerPlace(string? ServerName, string? ServerAddress)
{
    public static HubPlayerPlace Offline { get; } = new(null, null);

    public bool IsOnline => ServerAddress is not null;
}

/// <summary>What a hub says about itself.</summary>
internal sealed record HubHealth(string Status, string? Version, string? Uptime, int? ServerCount);
