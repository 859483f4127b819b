using CsCheck;
using Violence.Kademlia.Federation;
using Violence.Kademlia.Storage;

namespace Violence.Kademlia.Tests.Federation;

/// <summary>What a query has the holders leave out, over real rows.</summary>
[TestFixture]
internal sealed class ServerFilterTests
{
    private static readonly ServerQuery Arenas = new() { Genre = "arena" };
    private static readonly ServerInfo Arena = DirectorySamples.Arena with { Mode = "ctf", HasPassword = true };

    /// <summary>Each is met by <see cref="Arena"/>, and the other is not.</summary>
    private static IEnumerable<TestCaseData> Pairs()
    {
        (string Name, ServerQuery Met, ServerQuery Unmet)[] pairs =
        [
            ("region", Arenas with { Region = "eu-west" }, Arenas with { Region = "us-east" }),
            ("least players", Arenas with { MinPlayers = 3 }, Arenas with { MinPlayers = 4 }),
            ("most players", Arenas with { MaxPlayers = 3 }, Arenas with { MaxPlayers = 2 }),
            ("mode", Arenas with { Mode = "ctf" }, Arenas with { Mode = "duel" }),
            ("password", Arenas with { HasPassword = true }, Arenas with { HasPassword = false }),
            ("version", Arenas with { Version = "1.4.2" }, Arenas with { Version = "1.4.3" }),
            ("tags", Arenas with { Tags = ["no-bots", "ranked"] }, Arenas with { Tags = ["ranked", "bots"] }),
        ];
        return pairs.Select(pair => new TestCaseData(pair.Met, pair.Unmet).SetArgDisplayNames(pair.Name));
    }

    [TestCaseSource(nameof(Pairs))]
    public void Rows_that_do_not_answer_are_left_out_by_the_holder_and_by_the_reader(ServerQuery met, ServerQuery unmet)
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That((Passes(met, Arena), ServerQueryRules.Matches(met, Arena)), Is.EqualTo((true, true)));
            Assert.That((Passes(unmet, Arena), ServerQueryRules.Matches(unmet, Arena)), Is.EqualTo((false, false)));
        }
    }

    [Test]
    public void Full_servers_are_left_out_when_a_free_slot_is_wanted()
    {
        ServerQuery free = Arenas with { HasFreeSlots = true };

        Assert.That(Passes(free, Arena), Is.True);
        Assert.That(Passes(free, Arena with { Players = 16 }), Is.False);
        Assert.That(Passes(Arenas with { HasFreeSlots = false }, Arena with { MaxPlayers = 0 }), Is.False);
    }

    [Test]
    public void A_query_that_asks_for_nothing_more_has_no_filter()
    {
        Assert.That(ServerFilter.Of(Arenas), Is.Null);
    }

    [Test]
    public void Whatever_is_asked_the_filter_is_one_and_passes_every_row_that_answers() => Gen.Select(
        DirectorySamples.Servers,
        Gen.Select(Gen.Bool, Gen.Bool, Gen.Bool, Gen.Bool, Gen.Bool, Gen.Int[0, 8]),
        Gen.Bool.Nullable(),
        (server, ask, free) => (Server: server, Query: new ServerQuery
        {
            Genre = server.Genre,
            Region = ask.Item1 ? server.Region : null,
            MinPlayers = ask.Item2 ? server.Players : null,
            MaxPlayers = ask.Item3 ? server.Players : null,
            HasPassword = ask.Item4 ? server.HasPassword : null,
            Mode = ask.Item5 && server.Mode.Length > 0 ? server.Mode : null,
            Version = ask.Item5 ? server.Version : null,
            Tags = [.. server.Tags.Take(ask.Item6)],
            HasFreeSlots = free,
        })).Sample(asked => !ServerQueryRules.Matches(asked.Query, asked.Server) || Passes(asked.Query, asked.Server));

    [Test]
    public void Queries_that_ask_the_same_are_equal_and_others_are_not()
    {
        ServerQuery query = Arenas with { Tags = ["a", "b"], Mode = "ctf" };

        Assert.That(query with { Tags = ["a", "b"] }, Is.EqualTo(query));
        Assert.That((query with { Tags = ["a", "b"] }).GetHashCode(), Is.EqualTo(query.GetHashCode()));
        ServerQuery[] others =
        [
            query with { Tags = ["a"] }, query with { Mode = null }, query with { HasPassword = false }, query with { Version = "" }, query with { Genre = "b" },
            query with { Region = "r" }, query with { Limit = 1 }, query with { HasFreeSlots = true }, query with { MinPlayers = 1 }, query with { MaxPlayers = 1 },
        ];
        Assert.That(others, Has.None.EqualTo(query));
    }

    [Test]
    public void All_that_is_wrong_with_a_query_is_named_and_words_are_made_lower_case()
    {
        ServerQuery wrong = Arenas with { Mode = "", Version = new string('v', 25), Tags = ["a b", null!] };

        Assert.That(
            () => ServerQueryRules.Require(wrong, "query"),
            Throws.ArgumentException.With.Message.Contains("Mode is").And.Message.Contains("Version is").And.Message.Contains("Tags[0] is").And.Message.Contains("Tags[1] is"));
        Assert.That(
            () => ServerQueryRules.Require(Arenas with { Tags = [.. Enumerable.Repeat("t", 9)] }, "query"), Throws.ArgumentException.With.Message.Contains("Tags is a list of 9"));
        Assert.That(ServerQueryRules.Require(Arenas with { Mode = "CTF", Tags = ["PvP"] }, "query"), Is.EqualTo(Arenas with { Mode = "ctf", Tags = ["pvp"] }));
    }

    private static bool Passes(ServerQuery query, ServerInfo server)
    {
        byte[]? bytes = ServerFilter.Of(query);
        if (bytes is null)
        {
            return true;
        }

        Assert.That(PayloadFilter.TryParse(bytes, out PayloadFilter filter), Is.True);
        return filter.Matches(ServerRowCodec.Encode(server, ServerLease.Default));
    }
}
