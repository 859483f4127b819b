namespace Violence.Kademlia.Federation.Hub;

/// <summary>A hub to use.</summary>
public sealed record HubEndpoint
{
    /// <summary>Where it is: an absolute http or https address; a path is kept, <c>announce</c> and so on stand below it.</summary>
    public required Uri Address { get; init; }

    /// <summary>The bearer token it wants with announcements; null when it wants none. Over plain http anybody on the way reads it.</summary>
    public string? Token { get; init; }
}

/// <summary>When hubs are asked.</summary>
public enum HubUse
{
    /// <summary>When the DHT has not answered by the soft deadline, failed, or found nothing. The default.</summary>
    Fallback,

    /// <summary>
    /// Together with the DHT, and waited for up to the soft deadline: lists servers that only hubs know also while the DHT
    /// is well. For as long as old servers are about.
    /// </summary>
    Always,
}

/// <summary>How a <see cref="FederatedDirectory"/> uses hubs beside the DHT. Checked by its constructor.</summary>
public sealed record FederatedDirectoryOptions
{
    /// <summary>Most <see cref="Hubs"/>.</summary>
    public const int MaxHubs = 8;

    /// <summary>The hubs; where they contradict each other the earlier one is believed. At most 8; may be empty.</summary>
    public IReadOnlyList<HubEndpoint> Hubs { get; init; } = [];

    /// <summary>When they are asked. Default <see cref="HubUse.Fallback"/>.</summary>
    public HubUse Use { get; init; } = HubUse.Fallback;

    /// <summary>How long the DHT is waited for before the hubs are asked as well: zero to 1 minute, default 500 ms.</summary>
    public TimeSpan SoftDeadline { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>How long a request to a hub may take: 10 ms to 1 minute, default 3 s.</summary>
    public TimeSpan HubTimeout { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>How often hubs hear of an announced server: 10 s to 10 minutes, default 1 minute, spread by a tenth each way.</summary>
    public TimeSpan HeartbeatInterval { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// What to send requests with; the caller keeps it. Null (the default): a client of one's own, which follows no
    /// redirection and uses no cookies.
    /// </summary>
    public HttpClient? HttpClient { get; init; }

#pragma warning disable RS0030 // The options are where time enters the federation.
    /// <summary>The clock for deadlines, heartbeats and pauses. Default: the system's.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;
#pragma warning restore RS0030

    internal void Check(string parameter)
    {
        Require(Hubs is not null && Hubs.Count <= MaxHubs, nameof(Hubs), $"at most {MaxHubs}", parameter);
        foreach (HubEndpoint hub in Hubs!)
        {
            bool isHttp = hub?.Address is { IsAbsoluteUri: true } address
                && address.Scheme is "http" or "https";
            Require(isHttp, $"{nameof(Hubs)}.{nameof(HubEndpoint.Address)}", "absolute http or https addresses", parameter);
            bool isToken = hub!.Token is null || (hub.Token.Length is >= 1 and <= 512 && !hub.Token.AsSpan().ContainsAnyExceptInRange('!', '~'));
            Require(isToken, $"{nameof(Hubs)}.{nameof(HubEndpoint.Token)}", "1 to 512 printable ASCII characters without blanks", parameter);
        }

        Require(Enum.IsDefined(Use), nameof(Use), "Fallback or Always", parameter);
        RequireSpan(SoftDeadline, TimeSpan.Zero, TimeSpan.FromMinutes(1), nameof(SoftDeadline), parameter);
        RequireSpan(HubTimeout, TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(1), nameof(HubTimeout), parameter);
        RequireSpan(HeartbeatInterval, TimeSpan.FromSeconds(10), TimeSpan.FromMinutes(10), nameof(HeartbeatInterval), parameter);
        Require(TimeProvider is not null, nameof(TimeProvider), "a clock", parameter);
    }

    private static void RequireSpan(TimeSpan value, TimeSpan least, TimeSpan most, string option, string parameter) =>
        Require(value >= least && value <= most, option, $"{least:c} to {most:c}", parameter);

    private static void Require(bool holds, string option, string allowed, string parameter)
    {
        if (!holds)
        {
            throw new ArgumentException($"{nameof(FederatedDirectoryOptions)}.{option} is wrong; allowed: {allowed}.", parameter);
        }
    }
}
