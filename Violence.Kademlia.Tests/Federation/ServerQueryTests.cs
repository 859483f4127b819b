using CsCheck;
using Violence.Kademlia.Federation;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Tests.Federation;

public sealed class ServerQueryTests
{
    private static readonly ServerInfo Arena = DirectorySamples.Arena;
    private static readonly ServerQuery Any = new() { Genre = "arena" };
    private static readonly NodeId One = DirectorySamples.Owner(1);

    [Test]
    public void Genre_and_region_are_asked_for_in_any_case()
    {
        ServerQuery query = ServerQueryRules.Require(new ServerQuery { Genre = "ARENA", Region = "Eu-West" }, "query");

        Assert.That(ServerQueryRules.Matches(query, Arena), Is.True);
    }

    [Test]
    public void A_query_with_problems_is_refused_with_all_of_them()
    {
        ServerQuery query = new() { Genre = "two words", Region = "\u0007", Limit = 1001, MinPlayers = 70_000, MaxPlayers = -1 };

        ArgumentException thrown = Assert.Throws<ArgumentException>(() => ServerQueryRules.Require(query, "query"))!;

        using (Assert.EnterMultipleScope())
        {
            Assert.That(thrown.ParamName, Is.EqualTo("query"));
            Assert.That(thrown.Message, Does.Contain("Genre is \"two words\""));
            Assert.That(thrown.Message, Does.Contain("Region is \"\\u0007\""));
            Assert.That(thrown.Message, Does.Contain("Limit is 1001: must be 1 to 1000"));
            Assert.That(thrown.Message, Does.Contain("MinPlayers is 70000: must be 0 to 65535"));
            Assert.That(thrown.Message, Does.Contain("MaxPlayers is -1: must be 0 to 65535"));
            Assert.That(thrown.Message, Does.Contain("MinPlayers is 70000: must not be above MaxPlayers"));
        }
    }

    [Test]
    public void Limits_at_the_edges_are_accepted_and_beyond_them_refused()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => ServerQueryRules.Require(Any with { Limit = 1 }, "query"), Throws.Nothing);
            Assert.That(() => ServerQueryRules.Require(Any with { Limit = 1000 }, "query"), Throws.Nothing);
            Assert.That(() => ServerQueryRules.Require(Any with { Limit = 0 }, "query"), Throws.ArgumentException);
            Assert.That(() => ServerQueryRules.Require(Any with { MinPlayers = 5, MaxPlayers = 5 }, "query"), Throws.Nothing);
            Assert.That(() => ServerQueryRules.Require(Any with { Genre = null! }, "query"), Throws.ArgumentException);
            Assert.That(() => ServerQueryRules.Require(null!, "query"), Throws.ArgumentNullException);
        }
    }

    [Test]
    public void Only_servers_inside_every_filter_match()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(ServerQueryRules.Matches(Any, Arena), Is.True);
            Assert.That(ServerQueryRules.Matches(Any with { Genre = "ctf" }, Arena), Is.False);
            Assert.That(ServerQueryRules.Matches(Any with { Region = "eu-east" }, Arena), Is.False);
            Assert.That(ServerQueryRules.Matches(Any with { MinPlayers = 3, MaxPlayers = 3 }, Arena), Is.True);
            Assert.That(ServerQueryRules.Matches(Any with { MinPlayers = 4 }, Arena), Is.False);
            Assert.That(ServerQueryRules.Matches(Any with { MaxPlayers = 2 }, Arena), Is.False);
        }
    }

    [TestCase(15, 16, true, true)]
    [TestCase(15, 16, false, false)]
    [TestCase(16, 16, true, false)]
    [TestCase(16, 16, false, true)]
    [TestCase(0, 0, true, false)]
    [TestCase(0, 0, false, false)]
    public void Free_slots_count_only_where_they_are_told(int players, int maxPlayers, bool wanted, bool matches) =>
        Assert.That(
            ServerQueryRules.Matches(Any with { HasFreeSlots = wanted }, Arena with { Players = players, MaxPlayers = maxPlayers }),
            Is.EqualTo(matches));

    [Test]
    public void A_stream_lists_a_server_once_and_stops_at_the_limit()
    {
        ServerStream stream = new(Any with { Limit = 2 });
        Record first = DirectorySamples.GenreRecord(Arena, One, sequence: 1);

        bool[] accepted =
        [
            stream.TryAccept(first, out ServerListing? listing),
            stream.TryAccept(first, out _),
            stream.TryAccept(DirectorySamples.GenreRecord(Arena with { Players = 4 }, One, sequence: 2), out _),
            stream.TryAccept(DirectorySamples.GenreRecord(Arena, DirectorySamples.Owner(2)), out _),
            stream.TryAccept(DirectorySamples.GenreRecord(Arena, DirectorySamples.Owner(3)), out _),
        ];

        using (Assert.EnterMultipleScope())
        {
            Assert.That(accepted, Is.EqualTo(new[] { true, false, false, true, false }));
            Assert.That(listing!.Server, Is.EqualTo(Arena));
            Assert.That(listing.Holders, Is.EqualTo(1));
            Assert.That(stream.IsComplete, Is.True);
        }
    }

    [Test]
    public void What_is_filtered_out_or_invalid_uses_up_no_limit()
    {
        ServerStream stream = new(Any with { Limit = 1, Region = "eu-west" });

        bool[] accepted =
        [
            stream.TryAccept(DirectorySamples.GenreRecord(Arena with { Region = "asia" }, One), out _),
            stream.TryAccept(DirectorySamples.Record(DirectoryKeys.Genre("arena"), DirectorySamples.Owner(2), "x", 1, [1, 2, 3]), out _),
            stream.TryAccept(DirectorySamples.Tombstone(DirectorySamples.GenreRecord(Arena, DirectorySamples.Owner(3))), out _),
            stream.TryAccept(DirectorySamples.GenreRecord(Arena, DirectorySamples.Owner(4)), out _),
        ];

        Assert.That(accepted, Is.EqualTo(new[] { false, false, false, true }));
    }

    [Test]
    public void A_stream_lists_nothing_older_than_what_it_saw_of_the_server()
    {
        Record old = DirectorySamples.GenreRecord(Arena, One, sequence: 1);
        Record moved = DirectorySamples.GenreRecord(Arena with { Region = "asia" }, One, sequence: 2);
        Record back = DirectorySamples.GenreRecord(Arena, One, sequence: 3);

        using (Assert.EnterMultipleScope())
        {
            ServerStream withdrawn = new(Any);
            Assert.That(withdrawn.TryAccept(DirectorySamples.Tombstone(old), out _), Is.False);
            Assert.That(withdrawn.TryAccept(old, out _), Is.False);
            Assert.That(withdrawn.TryAccept(back, out _), Is.True, "announced again after the withdrawal");

            ServerStream region = new(Any with { Region = "eu-west" });
            Assert.That(region.TryAccept(moved, out _), Is.False);
            Assert.That(region.TryAccept(old, out _), Is.False);
            Assert.That(region.TryAccept(back, out _), Is.True);
        }
    }

    [Test]
    public void A_flooded_genre_is_cut_off()
    {
        ServerStream stream = new(Any with { Region = "eu-west" });
        RecordKey key = DirectoryKeys.Genre("arena");
        for (uint owner = 0; owner < ServerStream.MaxServers; owner++)
        {
            stream.TryAccept(DirectorySamples.Record(key, DirectorySamples.Owner(owner + 10), "x", 1, []), out _);
        }

        Assert.That(stream.TryAccept(DirectorySamples.GenreRecord(Arena, One), out _), Is.False);
    }

    [Test]
    public void Which_servers_a_stream_lists_does_not_depend_on_the_order_of_arrival()
    {
        Gen<Record> records = Gen.Select(Gen.UInt[1, 6], Gen.Int[0, 3]).Select(
            (owner, kind) => kind switch
            {
                0 => DirectorySamples.Tombstone(DirectorySamples.GenreRecord(Arena, DirectorySamples.Owner(owner))),
                1 => DirectorySamples.GenreRecord(Arena with { Region = "asia" }, DirectorySamples.Owner(owner)),
                _ => DirectorySamples.GenreRecord(Arena, DirectorySamples.Owner(owner)),
            });

        // One record per server: with several, a stream has to list what came first.
        records.Array[0, 12].Select(all => all.DistinctBy(record => record.Owner).ToArray()).Sample(all =>
            Listed(all).SetEquals(Listed([.. all.Reverse()])));

        static HashSet<NodeId> Listed(Record[] all)
        {
            ServerStream stream = new(Any with { Region = "eu-west" });
            return [.. all.Where(record => stream.TryAccept(record, out _)).Select(record => record.Owner)];
        }
    }
}
