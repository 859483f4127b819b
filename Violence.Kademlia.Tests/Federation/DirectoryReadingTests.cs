using Violence.Kademlia.Federation;
using Violence.Kademlia.Identity;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Tests.Federation;

public sealed class DirectoryReadingTests
{
    private static readonly ServerInfo Arena = DirectorySamples.Arena;
    private static readonly NodeId One = DirectorySamples.Owner(1);
    private static readonly NodeId Two = DirectorySamples.Owner(2);

    [Test]
    public void A_name_lookup_gives_the_listing_with_all_that_its_record_says()
    {
        Record record = DirectorySamples.NameRecord(Arena, One, sequence: 42);

        ServerLookupResult result = DirectoryReading.Lookup(
            new ServerNameText("arena one", null),
            DirectorySamples.Found(new FoundRecord(record, 5, TimeSpan.FromMinutes(1))) with { Cost = new OperationCost(default, 7, 2) });

        using (Assert.EnterMultipleScope())
        {
            Assert.That(result.Status, Is.EqualTo(ServerLookupStatus.Found));
            Assert.That(result.Server, Is.EqualTo(new ServerListing
            {
                Server = Arena,
                Owner = One,
                Fingerprint = NodeIdentity.FingerprintOf(One),
                Sequence = 42,
                AnnouncedAt = DirectorySamples.Issued,
                Holders = 5,
            }));
            Assert.That(result.Rivals, Is.Empty);
            Assert.That(result.Cost.Requests, Is.EqualTo(7));
        }
    }

    [Test]
    public void Other_owners_of_the_name_are_rivals()
    {
        GetResult found = DirectorySamples.Found(
            new FoundRecord(DirectorySamples.NameRecord(Arena, One), 3, TimeSpan.FromSeconds(5)),
            new FoundRecord(DirectorySamples.NameRecord(Arena, Two), 3, TimeSpan.FromSeconds(50)));

        ServerLookupResult result = DirectoryReading.Lookup(new ServerNameText("arena one", null), found);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(result.Server!.Owner, Is.EqualTo(Two));
            Assert.That(result.Rivals.Select(rival => rival.Owner), Is.EqualTo(new[] { One }));
        }
    }

    [Test]
    public void A_fingerprint_chooses_its_owner_against_an_older_rival()
    {
        GetResult found = DirectorySamples.Found(
            new FoundRecord(DirectorySamples.NameRecord(Arena, One), 1, TimeSpan.Zero),
            new FoundRecord(DirectorySamples.NameRecord(Arena, Two), 8, TimeSpan.FromHours(5)));
        string fingerprint = ServerNameText.Compact(NodeIdentity.FingerprintOf(One));

        ServerLookupResult result = DirectoryReading.Lookup(new ServerNameText("arena one", fingerprint), found);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(result.Server!.Owner, Is.EqualTo(One));
            Assert.That(result.Rivals, Is.Empty);
        }
    }

    [Test]
    public void A_fingerprint_that_holds_the_name_no_more_is_told_with_who_does()
    {
        ServerLookupResult result = DirectoryReading.Lookup(
            new ServerNameText("arena one", "zzzzzzzzzzzz"), DirectorySamples.Found(DirectorySamples.NameRecord(Arena, One)));

        using (Assert.EnterMultipleScope())
        {
            Assert.That((result.Status, result.Server), Is.EqualTo((ServerLookupStatus.OwnerChanged, (ServerListing?)null)));
            Assert.That(result.Rivals.Select(rival => rival.Owner), Is.EqualTo(new[] { One }));
        }
    }

    [Test]
    public void A_fingerprint_of_a_name_that_only_garbage_stands_under_is_not_found() =>
        Assert.That(
            DirectoryReading.Lookup(
                new ServerNameText("arena one", "zzzzzzzzzzzz"),
                DirectorySamples.Found(DirectorySamples.Record(DirectoryKeys.Name("arena one"), One, "", 1, [1, 2]))).Status,
            Is.EqualTo(ServerLookupStatus.NotFound));

    [TestCase(GetStatus.NotFound, ServerLookupStatus.NotFound)]
    [TestCase(GetStatus.Withdrawn, ServerLookupStatus.Withdrawn)]
    [TestCase(GetStatus.NoPeers, ServerLookupStatus.NoPeers)]
    [TestCase(GetStatus.Found, ServerLookupStatus.NotFound)]
    public void A_get_without_rows_gives_its_own_status(GetStatus status, ServerLookupStatus expected) =>
        Assert.That(
            DirectoryReading.Lookup(new ServerNameText("arena one", null), new GetResult(status, [], default)).Status,
            Is.EqualTo(expected));

    [Test]
    public void Rows_that_do_not_belong_under_a_name_are_dropped()
    {
        RecordKey key = DirectoryKeys.Name("arena one");
        byte[] row = ServerRowCodec.Encode(Arena);
        GetResult found = DirectorySamples.Found(
            DirectorySamples.Record(key, DirectorySamples.Owner(1), "second claim", 1, row),
            DirectorySamples.Record(key, DirectorySamples.Owner(2), "", 1, ServerRowCodec.Encode(Arena with { Name = "Arena Two" })),
            DirectorySamples.Record(key, DirectorySamples.Owner(3), "", 1, row[..^1]),
            DirectorySamples.Record(key, DirectorySamples.Owner(4), "", 1, []),
            DirectorySamples.Record(key, DirectorySamples.Owner(5), "", 1, null));

        Assert.That(
            DirectoryReading.Lookup(new ServerNameText("arena one", null), found).Status, Is.EqualTo(ServerLookupStatus.NotFound));
    }

    [Test]
    public void Rows_that_do_not_belong_under_a_genre_are_dropped()
    {
        RecordKey key = DirectoryKeys.Genre("arena");
        byte[] row = ServerRowCodec.Encode(Arena);
        GetResult found = DirectorySamples.Found(
            DirectorySamples.Record(key, DirectorySamples.Owner(1), "another label", 1, row),
            DirectorySamples.Record(key, DirectorySamples.Owner(2), "Arena One", 1, row),
            DirectorySamples.Record(key, DirectorySamples.Owner(3), "arena one", 1, ServerRowCodec.Encode(Arena with { Genre = "ctf" })),
            DirectorySamples.Record(key, DirectorySamples.Owner(4), "arena one", 1, [0xc1]),
            DirectorySamples.GenreRecord(Arena, DirectorySamples.Owner(5)));

        Assert.That(
            DirectoryReading.Query(new ServerQuery { Genre = "arena" }, found).Select(listing => listing.Owner),
            Is.EqualTo(new[] { DirectorySamples.Owner(5) }));
    }

    [Test]
    public void A_complete_query_is_sorted_by_name_then_owner_and_cut_at_the_limit()
    {
        GetResult found = DirectorySamples.Found(
            DirectorySamples.GenreRecord(Arena with { Name = "delta" }, One),
            DirectorySamples.GenreRecord(Arena with { Name = "Bravo" }, Two),
            DirectorySamples.GenreRecord(Arena with { Name = "bravo" }, One),
            DirectorySamples.GenreRecord(Arena with { Name = "alpha", Region = "asia" }, One),
            DirectorySamples.GenreRecord(Arena with { Name = "Charlie" }, One));

        IReadOnlyList<ServerListing> listings =
            DirectoryReading.Query(new ServerQuery { Genre = "arena", Region = "eu-west", Limit = 3 }, found);

        Assert.That(
            listings.Select(listing => (listing.Server.Name, listing.Owner)),
            Is.EqualTo(new[] { ("bravo", One), ("Bravo", Two), ("Charlie", One) }));
    }

    [Test]
    public void One_text_has_unrelated_keys_as_name_and_as_genre() =>
        Assert.That(DirectoryKeys.Name("arena"), Is.Not.EqualTo(DirectoryKeys.Genre("arena")));

    [Test]
    public void A_name_taken_is_free_only_after_its_release()
    {
        AnnouncedNames names = new();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(names.TryTake("arena"), Is.True);
            Assert.That(names.TryTake("arena"), Is.False);
            Assert.That(names.TryTake("other"), Is.True);
            names.Release("arena");
            Assert.That(names.TryTake("arena"), Is.True);
        }
    }
}
