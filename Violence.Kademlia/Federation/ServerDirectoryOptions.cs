using System.Text;
using Violence.Kademlia.Federation.Players;

namespace Violence.Kademlia.Federation;

/// <summary>How a <see cref="ServerDirectory"/> announces, and how it treats who plays where. Checked by its constructor.</summary>
public sealed record ServerDirectoryOptions
{
    private const int MaxSecret = 256;

    /// <summary>
    /// How long a server is to be taken for alive after it was heard of: 30 s to 1 hour, default 2 minutes. It is announced again
    /// every half of it, at 8 datagrams for each of its two records.
    /// </summary>
    public TimeSpan Lease { get; init; } = ServerLease.Default;

    /// <summary>
    /// Whether this node tells the network who is on its servers. False: <see cref="ServerAnnouncement.SetPlayersAsync"/> does nothing.
    /// Default true. A single player who does not want to be found is left out of the list.
    /// </summary>
    public bool PublishPlayers { get; init; } = true;

    /// <summary>
    /// What servers and those who look for players have in common, and strangers don't know: 1 to 256 characters, best a random text of
    /// 22 or more. With another secret nobody is found. Null (the default): derived from the network's name, which gives no
    /// privacy against anybody who knows that name and a player's id.
    /// </summary>
    public string? PlayerSecret { get; init; }

    /// <summary>Most players a server publishes: 1 to 1,000, default 200.</summary>
    public int MaxPlayers { get; init; } = 200;

    /// <summary>
    /// How long a player can be found after the server's last word: 5 s to 1 hour, default 3 minutes. The server repeats its word every
    /// half of that, spread by a fifth each way.
    /// </summary>
    public TimeSpan PlayerLease { get; init; } = TimeSpan.FromMinutes(3);

    /// <summary>
    /// Whether servers with loopback, private and link-local addresses are announced and listed on a public network, which is one
    /// where this node's own external address is public. Default false: to everybody else such an address means another host. In a
    /// LAN and on one host they are always allowed.
    /// </summary>
    public bool AllowPrivateAddresses { get; init; }

#pragma warning disable RS0030 // The options are where time enters the directory.
    /// <summary>The clock for leases. Default: the system's.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;
#pragma warning restore RS0030

    /// <summary>The options for logs: whether there is a secret, and not which.</summary>
    public override string ToString() =>
        $"players {(PublishPlayers ? "published" : "not published")}, {(PlayerSecret is null ? "no secret" : "a secret")}, at most {MaxPlayers} for {PlayerLease:c}";

    internal AddressScope ScopeOn(KademliaNode node) =>
        !AllowPrivateAddresses && node.IsOnPublicNetwork ? AddressScope.PublicOnly : AddressScope.Any;

    internal PlayerKeys KeysIn(string network) => PlayerSecret is null ? PlayerKeys.OfNetwork(network) : new PlayerKeys(PlayerSecret);

    internal void Check(string parameter)
    {
        // The secret itself is never shown.
        Require(PlayerSecret is null || IsSecret(PlayerSecret), nameof(PlayerSecret), "not shown", $"null or 1 to {MaxSecret} characters, without halves of surrogate pairs", parameter);
        Require(MaxPlayers is >= 1 and <= 1_000, nameof(MaxPlayers), $"{MaxPlayers}", "1 to 1,000", parameter);
        bool isLease = PlayerLease >= TimeSpan.FromSeconds(5) && PlayerLease <= TimeSpan.FromHours(1);
        Require(isLease, nameof(PlayerLease), $"{PlayerLease:c}", "00:00:05 to 01:00:00", parameter);
        Require(ServerLease.IsValid(Lease), nameof(Lease), $"{Lease:c}", $"{ServerLease.Least:c} to {ServerLease.Most:c}, in whole seconds", parameter);
        Require(TimeProvider is not null, nameof(TimeProvider), "null", "a clock", parameter);
    }

    private static bool IsSecret(string secret)
    {
        bool isWhole = true;
        foreach (Rune rune in secret.EnumerateRunes())
        {
            isWhole &= rune != Rune.ReplacementChar;
        }

        return isWhole && secret.Length is >= 1 and <= MaxSecret;
    }

    private static void Require(bool holds, string option, string value, string allowed, string parameter)
    {
        if (!holds)
        {
            throw new ArgumentException($"{nameof(ServerDirectoryOptions)}.{option} is {value}; allowed: {allowed}.", parameter);
        }
    }
}
