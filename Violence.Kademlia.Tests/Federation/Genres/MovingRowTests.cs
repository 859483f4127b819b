using Violence.Kademlia.Federation;
using Violence.Kademlia.Federation.Genres;
using Violence.Kademlia.Federation.Watching;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Tests.Federation.Genres;

/// <summary>Rows that move from one shard of their genre to another, as a stream and a watch see them.</summary>
[TestFixture]
internal sealed class MovingRowTests
{
    private static readonly DateTimeOffset Now = DirectorySamples.Issued;
    private static readonly ServerInfo Arena = DirectorySamples.Arena;
    private static readonly ServerQuery Query = new() { Genre = Arena.Genre };
    private static readonly RecordKey Root = GenreShard.Root(Arena.Genre).Key;
    private static readonly RecordKey Child = GenreShard.Root(Arena.Genre).Children.Last().Key;

    private readonly List<ServerEvent> _events = [];

    [SetUp]
    public void Forget() => _events.Clear();

    [Test]
    public void A_streamed_server_comes_once_wherever_its_rows_stand()
    {
        var stream = new ServerStream(Query);

        bool[] accepted = [stream.TryAccept(Row(Root, 1), out _), stream.TryAccept(Row(Child, 2, players: 9), out _), stream.TryAccept(Row(Root, 3), out _)];

        Assert.That(accepted, Is.EqualTo(new[] { true, false, false }));
    }

    [Test]
    public void That_its_old_row_was_withdrawn_keeps_no_server_out_of_a_stream()
    {
        var stream = new ServerStream(Query);

        Assert.That(stream.TryAccept(Grave(Root, 3), out _), Is.False);
        Assert.That(stream.TryAccept(Row(Root, 1), out _), Is.False, "of one shard the newest counts");
        Assert.That(stream.TryAccept(Row(Child, 2), out ServerListing? listing), Is.True);
        Assert.That(listing?.Sequence, Is.EqualTo(2));
    }

    [TestCase(true)]
    [TestCase(false)]
    public void A_watched_server_that_moves_is_there_all_the_time(bool isPushed)
    {
        var watch = new ServerWatch(Query);
        Take(watch, isPushed, Row(Root, 1));

        Take(watch, isPushed, Row(Root, 1), Row(Child, 2));
        Take(watch, isPushed, Grave(Root, 3), Row(Child, 2));
        Take(watch, isPushed, Grave(Root, 3), Row(Child, 4, players: 9));
        Take(watch, isPushed, Row(Root, 5, players: 9), Row(Child, 4, players: 9));
        Take(watch, isPushed, Row(Root, 5, players: 9), Grave(Child, 6));
        Take(watch, isPushed, Grave(Root, 7), Grave(Child, 6));

        Assert.That(
            _events.Select(static change => $"{change.Kind} {change.Listing.Server.Players} {change.Reason}".TrimEnd()),
            Is.EqualTo(new[] { "Joined 3", "Changed 9", "Left 9 Withdrawn" }));
    }

    [Test]
    public void Of_a_watched_server_in_two_shards_the_newer_row_counts_in_whatever_order_they_come()
    {
        var watch = new ServerWatch(Query);
        watch.OnRecord(Row(Child, 5, players: 9), Now, _events);

        watch.OnRecord(Row(Root, 4), Now, _events);

        Assert.That(_events, Has.Count.EqualTo(1));
        Assert.That(watch.Listings.Single().Server.Players, Is.EqualTo(9));
    }

    [Test]
    public void A_server_that_is_listed_once_counts_once_for_the_limit_though_it_stands_in_two_shards()
    {
        var watch = new ServerWatch(Query with { Limit = 2 });
        watch.OnRecord(Row(Root, 1), Now, _events);
        watch.OnRecord(Row(Child, 2), Now, _events);

        watch.OnRecord(Row(Child, 1, owner: 2), Now, _events);
        watch.OnRecord(Grave(Root, 3), Now, _events);
        watch.OnRecord(Grave(Child, 4), Now, _events);
        watch.OnRecord(Row(Child, 1, owner: 3), Now, _events);

        Assert.That(watch.Listings.Select(static listing => listing.Owner), Is.EqualTo(new[] { DirectorySamples.Owner(2), DirectorySamples.Owner(3) }));
    }

    [Test]
    public void Stays_of_a_server_are_bounded_by_what_a_stream_may_know()
    {
        var stream = new ServerStream(Query with { Limit = ServerQuery.MaxLimit, Region = "nowhere" });
        byte[] row = ServerRowCodec.Encode(Arena);
        for (uint i = 0; i < ServerStream.MaxServers; i++)
        {
            stream.TryAccept(DirectorySamples.Record(Root, DirectorySamples.Owner(i), "arena one", 1, row), out _);
        }

        Assert.That(stream.TryAccept(Row(Child, 2, region: "nowhere"), out _), Is.False, "one place too many");
        Assert.That(stream.TryAccept(Row(Root, 2, region: "nowhere"), out _), Is.True, "its place is known");
    }

    private void Take(ServerWatch watch, bool isPushed, params Record[] records)
    {
        if (isPushed)
        {
            // The old row first: what is withdrawn there is so because the new one stands.
            foreach (Record record in records.OrderBy(static record => record.Sequence))
            {
                watch.OnRecord(record, Now, _events);
            }

            return;
        }

        watch.BeginReading();
        watch.OnReading(
            [.. records.Where(static record => !record.IsTombstone).Select(static record => new FoundRecord(record, 3, TimeSpan.Zero))],
            [.. records.Where(static record => record.IsTombstone)],
            isWhole: true,
            _events);
    }

    private static Record Row(RecordKey shard, ulong sequence, int players = 3, uint owner = 1, string? region = null) => DirectorySamples.Record(
        shard,
        DirectorySamples.Owner(owner),
        DirectoryText.NormalizeName(Arena.Name),
        sequence,
        ServerRowCodec.Encode(Arena with { Players = players, Region = region ?? Arena.Region }, TimeSpan.FromMinutes(2)));

    private static Record Grave(RecordKey shard, ulong sequence) => DirectorySamples.Tombstone(Row(shard, sequence - 1));
}
