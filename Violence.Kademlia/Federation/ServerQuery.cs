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
    /// In what order <see cref="ServerDirectory.QueryAllAsync"/> lists them; the first <see cref="Limit"/> of that order, of all that
    /// match. Default <see cref="ServerOrder.Name"/>. A streamed query lists what comes as it comes.
    /// </summary>
    public ServerOrder OrderBy { get; init; }

    /// <summary>
    /// True: only servers with a free slot. False: only full ones. Null: both. A server that does not tell how many fit is
    /// neither.
    /// </summary>
    public bool? HasFreeSlots { get; init; }

    /// <summary>Only servers of this mode, in any case; the rule of <see cref="ServerInfo.Mode"/>, but not empty. Null: of any.</summary>
    public string? Mode { get; init; }

    /// <summary>True: only servers that need a password. False: only those that need none. Null: both.</summary>
    public bool? HasPassword { get; init; }

    /// <summary>Only servers of this version of the game, upper and lower case alike: at most 24 printable ASCII characters. Null: of any.</summary>
    public string? Version { get; init; }

    /// <summary>Only servers that have all of these tags: at most 8, in any case. A copy is kept.</summary>
    public IReadOnlyList<string> Tags
    {
        get;
        init
        {
            ArgumentNullException.ThrowIfNull(value);
            field = Array.AsReadOnly([.. value]);
        }
    } = [];

    /// <summary>Only servers with at least so many players: 0 to 65535. Null: any.</summary>
    public int? MinPlayers { get; init; }

    /// <summary>Only servers with at most so many players: 0 to 65535, not below <see cref="MinPlayers"/>. Null: any.</summary>
    public int? MaxPlayers { get; init; }

    /// <summary>Whether both ask the same, to the letter.</summary>
    /// <param name="other">Another query, or null.</param>
    public bool Equals(ServerQuery? other) =>
        other is not null
        && string.Equals(Genre, other.Genre, StringComparison.Ordinal)
        && string.Equals(Region, other.Region, StringComparison.Ordinal)
        && Limit == other.Limit
        && OrderBy == other.OrderBy
        && HasFreeSlots == other.HasFreeSlots
        && string.Equals(Mode, other.Mode, StringComparison.Ordinal)
        && HasPassword == other.HasPassword
        && string.Equals(Version, other.Version, StringComparison.Ordinal)
        && Tags.SequenceEqual(other.Tags, StringComparer.Ordinal)
        && MinPlayers == other.MinPlayers
        && MaxPlayers == other.MaxPlayers;

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        HashCode hash = default;
        hash.Add(Genre, StringComparer.Ordinal);
        hash.Add(Region, StringComparer.Ordinal);
        hash.Add((Limit, OrderBy, HasFreeSlots, HasPassword, MinPlayers, MaxPlayers));
        hash.Add(Mode, StringComparer.Ordinal);
        hash.Add(Version, StringComparer.Ordinal);
        foreach (string tag in Tags)
        {
            hash.Add(tag, StringComparer.Ordinal);
        }

        return hash.ToHashCode();
    }
}
