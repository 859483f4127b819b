using CsCheck;
using Violence.Kademlia.Federation;

namespace Violence.Kademlia.Tests.Federation;

public sealed class ServerInfoTests
{
    [Test]
    public void Descriptions_with_the_same_contents_are_equal()
    {
        ServerInfo other = DirectorySamples.Arena with { Tags = new List<string> { "ranked", "no-bots" } };

        using (Assert.EnterMultipleScope())
        {
            Assert.That(other, Is.EqualTo(DirectorySamples.Arena));
            Assert.That(other.GetHashCode(), Is.EqualTo(DirectorySamples.Arena.GetHashCode()));
            Assert.That(DirectorySamples.Arena.Equals(null), Is.False);
        }
    }

    [Test]
    public void Descriptions_that_differ_in_one_field_are_not_equal()
    {
        ServerInfo arena = DirectorySamples.Arena;
        ServerInfo[] others =
        [
            arena with { Name = "ARENA ONE" },
            arena with { Address = "203.0.113.7:27016" },
            arena with { Genre = "ctf" },
            arena with { Region = "eu-east" },
            arena with { Players = 4 },
            arena with { MaxPlayers = 17 },
            arena with { Version = "1.4.3" },
            arena with { Tags = ["ranked"] },
            arena with { Tags = ["no-bots", "ranked"] },
        ];

        Assert.That(others, Has.None.EqualTo(arena));
    }

    [Test]
    public void Tags_are_a_copy_that_nobody_can_change()
    {
        string[] tags = ["ranked"];
        ServerInfo server = DirectorySamples.Arena with { Tags = tags };

        tags[0] = "casual";

        using (Assert.EnterMultipleScope())
        {
            Assert.That(server.Tags, Is.EqualTo(new[] { "ranked" }));
            Assert.That(() => ((IList<string>)server.Tags)[0] = "casual", Throws.InstanceOf<NotSupportedException>());
            Assert.That(() => server with { Tags = null! }, Throws.ArgumentNullException);
        }
    }

    [Test]
    public void The_text_for_logs_names_the_server() =>
        Assert.That(DirectorySamples.Arena.ToString(), Is.EqualTo("Arena One at 203.0.113.7:27015 (arena, eu-west, 3/16)"));

    [Test]
    public void Case_and_blanks_are_normalized_and_nothing_else()
    {
        ServerInfo typed = DirectorySamples.Arena with
        {
            Name = "  Arena One ",
            Genre = "Arena",
            Region = "EU-West",
            Tags = ["Ranked", "NO-BOTS"],
        };

        Assert.That(ServerInfoValidator.Require(typed, "server"), Is.EqualTo(DirectorySamples.Arena));
    }

    [Test]
    public void Valid_descriptions_have_no_problems_and_are_normalized_already() =>
        DirectorySamples.Servers.Sample(server =>
            ServerInfoValidator.Check(server).Count == 0 && ServerInfoValidator.Normalize(server).Equals(server));

    [Test]
    public void The_longest_description_is_valid() =>
        Assert.That(ServerInfoValidator.Check(DirectorySamples.Longest), Is.Empty);

    [TestCase("")]
    [TestCase("   ")]
    [TestCase("name#aaaa-bbbb-cccc")]
    [TestCase("line\nbreak")]
    [TestCase("ends in tab\t")]
    [TestCase("\u00a0no-break blank")]
    [TestCase("\u0410rena")]
    [TestCase("nul\0")]
    [TestCase("\u202eanera")]
    [TestCase("\ud800")]
    [TestCase(null)]
    public void Names_outside_the_alphabet_are_refused(string? name) =>
        Assert.That(FieldsRefused(DirectorySamples.Arena with { Name = name! }), Is.EqualTo(new[] { "Name" }));

    [Test]
    public void Names_are_refused_above_48_characters() =>
        Assert.That(FieldsRefused(DirectorySamples.Arena with { Name = new string('a', 49) }), Is.EqualTo(new[] { "Name" }));

    [TestCase("")]
    [TestCase("two words")]
    [TestCase("under_score")]
    [TestCase("\u212aing")]
    [TestCase("abcdefghijklmnopqrstuvwxy")]
    [TestCase(null)]
    public void Words_outside_the_rule_are_refused_as_genre_region_and_tag(string? word)
    {
        ServerInfo server = DirectorySamples.Arena with { Genre = word!, Region = word!, Tags = ["fine", word!] };

        Assert.That(FieldsRefused(server), Is.EqualTo(new[] { "Genre", "Region", "Tags[1]" }));
    }

    [TestCase(-1, 0, "Players")]
    [TestCase(65536, 0, "Players")]
    [TestCase(0, -1, "MaxPlayers")]
    [TestCase(0, 65536, "MaxPlayers")]
    [TestCase(17, 16, "Players")]
    public void Player_counts_outside_the_rule_are_refused(int players, int maxPlayers, string field)
    {
        ServerInfo server = DirectorySamples.Arena with { Players = players, MaxPlayers = maxPlayers };

        Assert.That(FieldsRefused(server), Is.EqualTo(new[] { field }));
    }

    [TestCase(65535, 0)]
    [TestCase(16, 16)]
    [TestCase(0, 65535)]
    public void Player_counts_at_the_limits_are_accepted(int players, int maxPlayers) =>
        Assert.That(FieldsRefused(DirectorySamples.Arena with { Players = players, MaxPlayers = maxPlayers }), Is.Empty);

    [TestCase("1234567890123456789012345")]
    [TestCase("1.0\n")]
    [TestCase("1.0é")]
    [TestCase(null)]
    public void Versions_outside_the_rule_are_refused(string? version) =>
        Assert.That(FieldsRefused(DirectorySamples.Arena with { Version = version! }), Is.EqualTo(new[] { "Version" }));

    [Test]
    public void More_than_8_tags_are_refused_in_one_line() =>
        Assert.That(
            FieldsRefused(DirectorySamples.Arena with { Tags = [.. Enumerable.Repeat("", 1000)] }),
            Is.EqualTo(new[] { "Tags" }.Concat(Enumerable.Range(0, 8).Select(i => $"Tags[{i}]"))));

    [Test]
    public void The_exception_names_every_field_with_its_value_and_rule()
    {
        ServerInfo server = DirectorySamples.Arena with { Name = "bad\u0007name", Address = "nowhere", Players = 99, Version = "é" };

        ArgumentException thrown = Assert.Throws<ArgumentException>(() => ServerInfoValidator.Require(server, "server"))!;

        using (Assert.EnterMultipleScope())
        {
            Assert.That(thrown.ParamName, Is.EqualTo("server"));
            Assert.That(thrown.Message, Does.Contain("Name is \"bad\\u0007name\": must be 1 to 48 characters"));
            Assert.That(thrown.Message, Does.Contain("Address is \"nowhere\": must be host:port"));
            Assert.That(thrown.Message, Does.Contain("Players is 99: must not be above MaxPlayers"));
            Assert.That(thrown.Message, Does.Contain("Version is \"\\u00E9\": must be at most 24"));
            Assert.That(thrown.Message, Does.Not.Contain("Genre"));
        }
    }

    [Test]
    public void A_value_in_a_message_is_cut_and_escaped()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(DirectoryText.Quote(new string('x', 10_000)), Has.Length.LessThan(100));
            Assert.That(DirectoryText.Quote("a\r\nb"), Is.EqualTo("\"a\\u000D\\u000Ab\""));
            Assert.That(DirectoryText.Quote(null), Is.EqualTo("null"));
        }
    }

    [Test]
    public void No_description_at_all_is_an_argument_null_exception() =>
        Assert.That(() => ServerInfoValidator.Require(null!, "server"), Throws.ArgumentNullException);

    [Test]
    public void Any_text_in_any_field_is_judged_without_an_exception()
    {
        Gen<string?> texts = Gen.OneOf(Gen.String.Select(text => (string?)text), Gen.Const((string?)null));
        Gen.Select(texts, texts, texts, texts.Array[0, 10]).Sample((a, b, c, tags) =>
        {
            ServerInfo server = new() { Name = a!, Address = b!, Genre = c!, Region = a!, Version = b!, Tags = tags! };
            foreach (DirectoryProblem problem in ServerInfoValidator.Check(ServerInfoValidator.Normalize(server)))
            {
                Assert.That(problem.ToString().Any(char.IsControl), Is.False);
            }
        });
    }

    private static string[] FieldsRefused(ServerInfo server) =>
        [.. ServerInfoValidator.Check(ServerInfoValidator.Normalize(server)).Select(problem => problem.Field)];
}
