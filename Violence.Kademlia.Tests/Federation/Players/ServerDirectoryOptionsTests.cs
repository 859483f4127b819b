using Violence.Kademlia.Federation;

namespace Violence.Kademlia.Tests.Federation.Players;

[TestFixture]
internal sealed class ServerDirectoryOptionsTests
{
    private static readonly ServerDirectoryOptions[] Wrong =
    [
        new() { PlayerSecret = "" },
        new() { PlayerSecret = new string('x', 257) },
        new() { PlayerSecret = "half \ud800" },
        new() { MaxPlayers = 0 },
        new() { MaxPlayers = 1_001 },
        new() { PlayerLease = TimeSpan.FromSeconds(4) },
        new() { PlayerLease = TimeSpan.FromHours(2) },
        new() { TimeProvider = null! },
    ];

    [TestCaseSource(nameof(Wrong))]
    public void A_wrong_option_is_named_with_what_is_allowed_and_a_secret_is_never_shown(ServerDirectoryOptions options)
    {
        string message = Assert.Throws<ArgumentException>(() => options.Check("options"))!.Message;

        Assert.That(message, Does.Match(@"ServerDirectoryOptions\.\w+ is .+; allowed: .+\."));
        Assert.That(options.PlayerSecret is { Length: > 0 } secret && message.Contains(secret, StringComparison.Ordinal), Is.False);
    }

    [Test]
    public void The_secret_is_not_in_the_text_for_logs() =>
        Assert.That(new ServerDirectoryOptions { PlayerSecret = "hush" }.ToString(), Does.Contain("a secret").And.Not.Contain("hush"));

    [Test]
    public void The_defaults_and_the_limits_are_allowed()
    {
        ServerDirectoryOptions limits = new() { PlayerSecret = new string('x', 256), MaxPlayers = 1_000, PlayerLease = TimeSpan.FromHours(1) };

        Assert.That(() => new ServerDirectoryOptions().Check("options"), Throws.Nothing);
        Assert.That(() => limits.Check("options"), Throws.Nothing);
    }
}
