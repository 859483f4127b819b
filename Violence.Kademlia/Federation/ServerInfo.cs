namespace Violence.Kademlia.Federation;

/// <summary>
/// What a game server tells about itself. An immutable value: two descriptions with the same contents are equal, tags
/// compared one by one. Nothing is checked here; <see cref="ServerDirectory.AnnounceAsync"/> and
/// <see cref="ServerAnnouncement.UpdateAsync"/> check everything and name all that is wrong at once.
/// </summary>
public sealed record ServerInfo
{
    /// <summary>The region of a server that does not tell one.</summary>
    public const string UnknownRegion = "unknown";

    /// <summary>
    /// The name players look it up by: 1 to 48 characters out of letters, digits, <c>-</c>, <c>_</c>, <c>.</c> and blank,
    /// all ASCII, so that no two names look alike. Blanks at either end are cut off; upper and lower case are the same name.
    /// </summary>
    public required string Name { get; init; }

    /// <summary>
    /// Where players connect: <c>host:port</c>, <c>192.0.2.1:port</c> or <c>[2001:db8::1]:port</c>, at most 261 characters.
    /// </summary>
    public required string Address { get; init; }

    /// <summary>What is played: 1 to 24 letters, digits and <c>-</c>, ASCII; made lower case.</summary>
    public required string Genre { get; init; }

    /// <summary>Where it stands, by the same rule as <see cref="Genre"/>. Default <see cref="UnknownRegion"/>.</summary>
    public string Region { get; init; } = UnknownRegion;

    /// <summary>How many players are on it: 0 to 65535, and not above <see cref="MaxPlayers"/> when that is told.</summary>
    public int Players { get; init; }

    /// <summary>How many players fit: 0 to 65535; 0 (the default) when it is not told.</summary>
    public int MaxPlayers { get; init; }

    /// <summary>The version of the game: at most 24 printable ASCII characters. Default empty.</summary>
    public string Version { get; init; } = "";

    /// <summary>How it is played: a word by the same rule as <see cref="Genre"/>, or empty (the default) when it is not told.</summary>
    public string Mode { get; init; } = "";

    /// <summary>Whether players need a password. Default false.</summary>
    public bool HasPassword { get; init; }

    /// <summary>At most 8 more words about it, each by the same rule as <see cref="Genre"/>. A copy is kept.</summary>
    public IReadOnlyList<string> Tags
    {
        get;
        init
        {
            ArgumentNullException.ThrowIfNull(value);
            field = Array.AsReadOnly([.. value]);
        }
    } = [];

    /// <summary>Whether both say the same, to the letter.</summary>
    /// <param name="other">Another description, or null.</param>
    public bool Equals(ServerInfo? other) =>
        other is not null
        && string.Equals(Name, other.Name, StringComparison.Ordinal)
        && string.Equals(Address, other.Address, StringComparison.Ordinal)
        && string.Equals(Genre, other.Genre, StringComparison.Ordinal)
        && string.Equals(Region, other.Region, StringComparison.Ordinal)
        && Players == other.Players
        && MaxPlayers == other.MaxPlayers
        && string.Equals(Version, other.Version, StringComparison.Ordinal)
        && string.Equals(Mode, other.Mode, StringComparison.Ordinal)
        && HasPassword == other.HasPassword
        && Tags.SequenceEqual(other.Tags, StringComparer.Ordinal);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        HashCode hash = default;
        hash.Add(Name, StringComparer.Ordinal);
        hash.Add(Address, StringComparer.Ordinal);
        hash.Add(Genre, StringComparer.Ordinal);
        hash.Add(Region, StringComparer.Ordinal);
        hash.Add(Players);
        hash.Add(MaxPlayers);
        hash.Add(Version, StringComparer.Ordinal);
        hash.Add(Mode, StringComparer.Ordinal);
        hash.Add(HasPassword);
        foreach (string tag in Tags)
        {
            hash.Add(tag, StringComparer.Ordinal);
        }

        return hash.ToHashCode();
    }

    /// <summary>Name, address, genre, region and players, for logs.</summary>
    public override string ToString() => $"{Name} at {Address} ({Genre}, {Region}, {Players}/{MaxPlayers})";
}
