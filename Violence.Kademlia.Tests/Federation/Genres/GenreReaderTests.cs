using Violence.Kademlia.Federation;
using Violence.Kademlia.Federation.Genres;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Tests.Federation.Genres;

[TestFixture]
internal sealed class GenreReaderTests
{
    private const string Genre = "arena";

    private static readonly GenreShard Root = GenreShard.Root(Genre);

    private readonly SortedDictionary<string, Call> _calls = new(StringComparer.Ordinal);
    private GenreHints _hints = null!;
    private GenreReader _reader = null!;
    private Action<GenreShard> _onBegun = null!;

    [SetUp]
    public void Begin()
    {
        // Whoever waits goes on inside the call that it waited for.
        SynchronizationContext.SetSynchronizationContext(null);
        _calls.Clear();
        _hints = new GenreHints();
        _reader = NewReader();
        _onBegun = static _ => { };
    }

    [Test]
    public void Of_a_genre_seen_for_the_first_time_the_children_are_read_on_the_chance_and_given_up_when_the_root_is_not_full()
    {
        Task<IReadOnlyList<GetResult>> reading = _reader.ReadAsync(Genre, default);
        Assert.That(_calls.Keys, Is.EqualTo(new[] { "", "0", "1", "2", "3" }));

        _calls[""].End(GenreShard.MayHaveMore - 1);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(reading.IsCompletedSuccessfully, Is.True);
            Assert.That(_calls.Values.Count(static call => call.Token.IsCancellationRequested), Is.EqualTo(4));
            Assert.That(reading.Result, Has.Count.EqualTo(1));
            Assert.That(_reader.Shards, Is.EqualTo(new[] { Root }));
            Assert.That(_hints.IsSplit(Genre), Is.False);
        }
    }

    [Test]
    public void A_genre_known_to_be_small_is_one_read_and_children_begin_as_soon_as_the_count_tells()
    {
        _hints.Note(Genre, isSplit: false);
        Task<IReadOnlyList<GetResult>> reading = _reader.ReadAsync(Genre, default);
        Assert.That(_calls.Keys, Is.EqualTo(new[] { "" }));

        _calls[""].OnHeldCount(GenreShard.MayHaveMore - 1);
        Assert.That(_calls, Has.Count.EqualTo(1));
        _calls[""].OnHeldCount(GenreShard.MayHaveMore);
        Assert.That(_calls, Has.Count.EqualTo(5), "while the root is still being read");
        _calls["2"].OnHeldCount(GenreShard.Full);
        Assert.That(_calls.Keys, Is.EqualTo(new[] { "", "0", "1", "2", "20", "21", "22", "23", "3" }));

        EndAll(heldCount: 1);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(reading.IsCompletedSuccessfully, Is.True);
            Assert.That(_reader.Shards[0], Is.EqualTo(Root));
            Assert.That(_reader.Shards, Has.Count.EqualTo(9).And.Unique);
            Assert.That(_hints.IsSplit(Genre), Is.True);
        }
    }

    [Test]
    public void A_shard_whose_only_sign_is_its_result_has_its_children_read()
    {
        _hints.Note(Genre, isSplit: false);
        Task<IReadOnlyList<GetResult>> reading = _reader.ReadAsync(Genre, default);

        _calls[""].End(GenreShard.Full);
        Assert.That(reading.IsCompleted, Is.False);
        EndAll(heldCount: 0);

        Assert.That(reading.Result, Has.Count.EqualTo(5));
    }

    [Test]
    public void What_a_shard_has_is_taken_though_it_ends_while_its_children_are_begun()
    {
        _hints.Note(Genre, isSplit: false);
        _onBegun = shard =>
        {
            if (shard.Path == "3")
            {
                _calls[""].End(GenreShard.Full);
            }
        };
        Task<IReadOnlyList<GetResult>> reading = _reader.ReadAsync(Genre, default);

        _calls[""].OnHeldCount(GenreShard.Full);
        EndAll(heldCount: 0);

        Assert.That(reading.Result.Select(static result => result.HeldCount), Is.EquivalentTo(new[] { 0, 0, 0, 0, GenreShard.Full }));
    }

    [Test]
    public void What_was_begun_below_a_guess_in_vain_is_given_up_with_it()
    {
        Task<IReadOnlyList<GetResult>> reading = _reader.ReadAsync(Genre, default);
        _calls["1"].OnHeldCount(1_000_000);
        Assert.That(_calls, Has.Count.EqualTo(9));

        _calls[""].End(heldCount: 3);

        Assert.That(reading.IsCompletedSuccessfully, Is.True);
        Assert.That(_calls.Values.Count(static call => call.Token.IsCancellationRequested), Is.EqualTo(8));
    }

    [Test]
    public void Holders_that_claim_to_be_full_everywhere_cost_a_bounded_number_of_reads_and_the_reading_is_not_whole()
    {
        Task<IReadOnlyList<GetResult>> reading = _reader.ReadAsync(Genre, default);
        while (!reading.IsCompleted)
        {
            EndAll(heldCount: int.MaxValue);
        }

        using (Assert.EnterMultipleScope())
        {
            Assert.That(_calls, Has.Count.EqualTo(GenreReader.ShardsMax));
            Assert.That(_reader.IsWhole, Is.False);
        }
    }

    [Test]
    public void When_one_read_fails_the_others_are_ended_before_the_caller_hears_of_it()
    {
        Task<IReadOnlyList<GetResult>> reading = _reader.ReadAsync(Genre, default);
        _calls[""].OnHeldCount(GenreShard.Full);
        _calls["0"].OnHeldCount(GenreShard.Full);

        _calls["2"].Fail(new ObjectDisposedException("node"));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(reading.Exception?.InnerException, Is.InstanceOf<ObjectDisposedException>());
            Assert.That(_calls.Values.Where(static call => call.Shard.Path != "2").All(static call => call.Result.IsCanceled), Is.True);
            Assert.That(_hints.IsSplit(Genre), Is.Null);
        }
    }

    [Test]
    public void A_caller_who_gives_up_ends_every_read()
    {
        using var gaveUp = new CancellationTokenSource();
        Task<IReadOnlyList<GetResult>> reading = _reader.ReadAsync(Genre, gaveUp.Token);
        _calls["1"].End(GenreShard.Full);

        gaveUp.Cancel();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(reading.IsCanceled, Is.True);
            Assert.That(_calls, Has.Count.EqualTo(9));
            Assert.That(_calls.Values.Count(static call => call.Result.IsCanceled), Is.EqualTo(8));
        }
    }

    [Test]
    public void Of_a_row_that_is_in_two_shards_the_newer_counts()
    {
        ServerInfo server = DirectorySamples.Arena;
        GetResult Shard(GenreShard shard, int players, ulong sequence) => DirectorySamples.Found(DirectorySamples.Record(
            shard.Key,
            DirectorySamples.Owner(1),
            DirectoryText.NormalizeName(server.Name),
            sequence,
            ServerRowCodec.Encode(server with { Players = players })));
        GetResult[] shards = [Shard(Root, 7, 1), Shard(Root.Children.First(), 9, 3), Shard(Root.Children.Last(), 8, 2)];

        List<ServerListing> listings = DirectoryReading.Matching(new ServerQuery { Genre = Genre }, shards, AddressScope.Any);

        Assert.That(listings.Select(static listing => listing.Server.Players), Is.EqualTo(new[] { 9 }));
    }

    [Test]
    public void Hints_are_bounded()
    {
        for (int i = 0; i < 5_000; i++)
        {
            _hints.Note($"genre {i}", isSplit: true);
        }

        Assert.That(Enumerable.Range(0, 5_000).Count(i => _hints.IsSplit($"genre {i}") is not null), Is.LessThanOrEqualTo(256));
        Assert.That(_hints.IsSplit("genre 4999"), Is.True);
    }

    private GenreReader NewReader() => new(
        (shard, onHeldCount, token) =>
        {
            var call = new Call(shard, onHeldCount, token);
            _calls.Add(shard.Path, call);
            _onBegun(shard);
            return call.Result;
        },
        _hints,
        continuesInline: true);

    private void EndAll(int heldCount)
    {
        foreach (Call call in _calls.Values.ToArray())
        {
            call.End(heldCount);
        }
    }

    /// <summary>A read that ends when the test says so.</summary>
    private sealed class Call
    {
        private readonly TaskCompletionSource<GetResult> _end = new();

        public Call(GenreShard shard, Action<int> onHeldCount, CancellationToken token)
        {
            Shard = shard;
            OnHeldCount = onHeldCount;
            Token = token;
            token.Register(() => _end.TrySetCanceled(token));
        }

        public GenreShard Shard { get; }

        public Action<int> OnHeldCount { get; }

        public CancellationToken Token { get; }

        public Task<GetResult> Result => _end.Task;

        public void End(int heldCount) => _end.TrySetResult(DirectorySamples.Found(Array.Empty<Record>()) with { HeldCount = heldCount });

        public void Fail(Exception exception) => _end.TrySetException(exception);
    }
}
