namespace Violence.Kademlia.Federation;

/// <summary>Which servers to list: all of a genre, less those that a filter leaves out.</summary>
public sealed record ServerQuery
{
    /// <summary>The largest <see cref="Limit"/>.</summary>
    public const int MaxLimit = 1_000;

    /// <summary>The genre, in any case; the rule of <see cref="ServerInfo.Genre"/>.</summary>
    public required string Genre { get; init; }

    /// <summary>Only servers of this region, in any case. Null: of any.</summary>
    public string? Region { get; init; }

    /// <summary>
    /// How many servers at most: 1 to <see cref="MaxLimit"/>, default 100. Counts servers that are listed, not what was
    /// filtered out.
    /// </summary>
    public int Limit { get; init; } = 100;

    /// <summary>
    /// True: only servers with a free slot. False: only full ones. Null: both. A server that does not tell how many fit is
    /// neither.
    /// </summary>
    public bool? HasFreeSlots { get; init; }

    /// <summary>Only servers with at least so many players: 0 to 65535. Null: any.</summary>
    public int? MinPlayers { get; init; }

    /// <summary>Only servers with at most so many players: 0 to 65535, not below <see cref="MinPlayers"/>. Null: any.</summary>
    public int? MaxPlayers { get; init; }
}
