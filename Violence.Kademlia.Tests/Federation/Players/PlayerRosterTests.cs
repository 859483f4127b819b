using Microsoft.Extensions.Time.Testing;
using Violence.Kademlia.Federation;
using Violence.Kademlia.Federation.Players;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Tests.Federation.Players;

/// <summary>What a server puts for its players, and when, on a clock moved by hand.</summary>
[TestFixture]
internal sealed class PlayerRosterTests
{
    private static readonly NodeId Owner = DirectorySamples.Owner(7);
    private static readonly TimeSpan Lease = TimeSpan.FromMinutes(3);

    private readonly FakeTimeProvider _clock = new(DirectorySamples.Issued);
    private readonly List<(TimeSpan At, PlayerPut Put)> _puts = [];
    private Func<PlayerPut, CancellationToken, Task<PutStatus>> _network = (_, _) => Task.FromResult(PutStatus.Stored);
    private PlayerRoster _roster = null!;

    [SetUp]
    public void Open()
    {
        _puts.Clear();
        _network = (_, _) => Task.FromResult(PutStatus.Stored);
        _roster = Roster(new ServerDirectoryOptions());
    }

    [TearDown]
    public void Close() => _roster.Dispose();

    [Test]
    public async Task Who_came_is_put_who_left_gets_a_farewell_and_who_stayed_is_left_alone()
    {
        await SetAsync("ann", "bob");
        PlayersResult result = await SetAsync("bob", "cid");

        PlayerPut ann = PutsOf("ann")[0];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(result, Is.EqualTo(new PlayersResult(2, 0)));
            Assert.That(Reading("ann", ann), Is.EqualTo(new PlayerRow("Arena One", "203.0.113.7:27015", _clock.GetUtcNow())));
            Assert.That(ann.TimeToLive, Is.EqualTo(Lease));
            Assert.That(PutsOf("ann")[1], Is.EqualTo(new PlayerPut(ann.Key, ann.Label, ReadOnlyMemory<byte>.Empty, Lease + TimeSpan.FromMinutes(10))));
            Assert.That(PutsOf("bob"), Has.Count.EqualTo(1));
            Assert.That(PutsOf("cid"), Has.Count.EqualTo(1));
        }
    }

    [Test]
    public async Task Rows_are_repeated_well_before_their_lease_ends_and_no_more_often_than_needed()
    {
        string[] ids = [.. Enumerable.Range(0, 50).Select(i => $"p-{i}")];
        await SetAsync(ids);

        Pass(TimeSpan.FromMinutes(60));

        foreach (string id in ids)
        {
            TimeSpan[] times = [.. _puts.Where(put => put.Put.Key == PlayerSamples.Keys.Of(id).Position).Select(put => put.At)];
            TimeSpan[] pauses = [.. times.Zip(times.Skip(1), (before, after) => after - before)];
            Assert.That(pauses, Has.Length.InRange(30, 50).And.All.InRange(TimeSpan.FromSeconds(72), TimeSpan.FromSeconds(118)));
        }
    }

    [Test]
    public async Task A_put_that_too_few_took_is_tried_again_within_half_a_minute_and_counts_as_pending()
    {
        _network = (_, _) => Task.FromResult(PutStatus.TooFewReplicas);
        PlayersResult result = await SetAsync("ann");
        _network = (_, _) => Task.FromResult(PutStatus.Stored);
        Pass(TimeSpan.FromSeconds(30));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(result, Is.EqualTo(new PlayersResult(0, 1)));
            Assert.That(_puts, Has.Count.EqualTo(2));
            Assert.That((await SetAsync("ann")).IsStored, Is.True);
        }
    }

    [Test]
    public async Task A_farewell_that_nobody_took_is_tried_again_until_the_row_has_expired()
    {
        await SetAsync("ann");
        _network = (_, _) => Task.FromResult(PutStatus.NoPeers);
        await SetAsync();

        Pass(Lease);
        int tries = _puts.Count(put => put.Put.IsFarewell);
        Pass(TimeSpan.FromHours(1));

        Assert.That(tries, Is.InRange(6, 16));
        Assert.That(_puts.Count(put => put.Put.IsFarewell), Is.InRange(tries, tries + 1));
    }

    [Test]
    public async Task Who_comes_back_begins_a_new_stay()
    {
        await SetAsync("ann");
        await SetAsync();
        _clock.Advance(TimeSpan.FromSeconds(10));
        await SetAsync("ann");

        List<PlayerPut> puts = PutsOf("ann");
        Assert.That(puts[2].Label, Is.Not.EqualTo(puts[0].Label));
        Assert.That(Reading("ann", puts[2]).Since - Reading("ann", puts[0]).Since, Is.EqualTo(TimeSpan.FromSeconds(10)));
    }

    [Test]
    public async Task A_player_who_leaves_while_the_row_is_under_way_gets_the_farewell_after_it()
    {
        TaskCompletionSource<PutStatus> underWay = new();
        _network = (put, _) => put.IsFarewell ? Task.FromResult(PutStatus.Stored) : underWay.Task;
        Task<PlayersResult> came = SetAsync("ann");
        Task<PlayersResult> left = SetAsync();
        int before = _puts.Count;

        underWay.SetResult(PutStatus.Stored);
        await Task.WhenAll(came, left);
        Pass(TimeSpan.FromMinutes(10));

        Assert.That(before, Is.EqualTo(1));
        Assert.That(_puts.Select(put => put.Put.IsFarewell), Is.EqualTo([false, true]));
    }

    [Test]
    public async Task No_more_than_eight_puts_are_under_way_at_once()
    {
        TaskCompletionSource<PutStatus> answers = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _network = (_, _) => answers.Task;

        Task<PlayersResult> set = SetAsync([.. Enumerable.Range(0, 40).Select(i => $"p-{i}")]);
        int atOnce = _puts.Count;
        answers.SetResult(PutStatus.Stored);

        Assert.That((await set).Published, Is.EqualTo(40));
        Assert.That((atOnce, _puts.Count), Is.EqualTo((8, 40)));
    }

    [Test]
    public async Task A_caller_who_gives_up_does_not_stop_the_list_from_being_put()
    {
        using var givesUp = new CancellationTokenSource();
        _network = (_, token) => Task.Delay(Timeout.Infinite, token).ContinueWith(_ => PutStatus.NoPeers, token, TaskContinuationOptions.None, TaskScheduler.Default);
        Task<PlayersResult> set = _roster.SetAsync(["ann", "bob"], givesUp.Token);
        await givesUp.CancelAsync();
        Assert.That(async () => await set, Throws.InstanceOf<OperationCanceledException>());

        _network = (_, _) => Task.FromResult(PutStatus.Stored);
        Pass(TimeSpan.FromSeconds(15));

        Assert.That(await SetAsync("ann", "bob"), Is.EqualTo(new PlayersResult(2, 0)));
    }

    [Test]
    public async Task A_server_that_moved_puts_its_rows_anew_at_once_and_no_stay_begins()
    {
        await SetAsync("ann");
        await _roster.RestateAsync(DirectorySamples.Arena, CancellationToken.None);
        await _roster.RestateAsync(DirectorySamples.Arena with { Address = "203.0.113.8:1", Players = 9 }, CancellationToken.None);

        List<PlayerPut> puts = PutsOf("ann");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(puts, Has.Count.EqualTo(2));
            Assert.That(puts[1].Label, Is.EqualTo(puts[0].Label));
            Assert.That(Reading("ann", puts[1]).ServerAddress, Is.EqualTo("203.0.113.8:1"));
        }
    }

    [Test]
    public async Task An_ended_roster_says_farewell_for_all_and_nothing_after_that()
    {
        await SetAsync("ann", "bob");
        await _roster.EndAsync(CancellationToken.None);
        int puts = _puts.Count;
        Pass(TimeSpan.FromHours(1));

        Assert.That(_puts.Count(put => put.Put.IsFarewell), Is.EqualTo(2));
        Assert.That(_puts, Has.Count.EqualTo(puts));
        Assert.That(async () => await SetAsync("ann"), Throws.InvalidOperationException);
    }

    [Test]
    public async Task Farewells_that_nobody_takes_do_not_pile_up()
    {
        _roster.Dispose();
        _roster = Roster(new ServerDirectoryOptions { MaxPlayers = 10 });
        _network = (_, _) => Task.FromResult(PutStatus.NoPeers);
        for (int i = 0; i < 100; i++)
        {
            await SetAsync($"p-{i}");
        }

        _puts.Clear();
        Pass(TimeSpan.FromSeconds(20));

        Assert.That(_puts.Select(put => put.Put.Key).Distinct().Count(), Is.LessThanOrEqualTo(11));
    }

    [Test]
    public void Too_many_players_and_wrong_ids_are_refused_with_field_value_and_rule()
    {
        string[] many = [.. Enumerable.Range(0, 201).Select(i => $"p-{i}")];

        using (Assert.EnterMultipleScope())
        {
            Assert.That(async () => await SetAsync(many), Throws.ArgumentException.With.Message.Contains("PlayerIds is a list of 201: must be at most 200"));
            Assert.That(
                async () => await SetAsync("ann", "", "b\u0001", new string('x', 65)),
                Throws.ArgumentException.With.Message.Contains("PlayerIds[1] is \"\": must be 1 to 64 printable ASCII characters")
                    .And.Message.Contains("PlayerIds[2] is \"b\\u0001\": must").And.Message.Contains("PlayerIds[3]"));
            Assert.That(async () => await SetAsync(null!), Throws.ArgumentException.With.Message.Contains("PlayerIds[0] is null"));
            Assert.That(_puts, Is.Empty);
        }
    }

    [Test]
    public async Task An_id_given_twice_is_one_player() => Assert.That((await SetAsync("ann", "ann")).Published, Is.EqualTo(1));

    private Task<PlayersResult> SetAsync(params string[] ids) => _roster.SetAsync(ids ?? [null!], CancellationToken.None);

    private List<PlayerPut> PutsOf(string id) =>
        [.. _puts.Select(put => put.Put).Where(put => put.Key == PlayerSamples.Keys.Of(id).Position)];

    private static PlayerRow Reading(string id, PlayerPut put) =>
        PlayerSeal.TryOpen(PlayerSamples.Keys.Of(id), Owner, put.Payload.Span, out byte[]? bytes) && PlayerRowCodec.TryDecode(bytes, out PlayerRow? row)
            ? row
            : throw new AssertionException("It is no row of that player.");

    private PlayerRoster Roster(ServerDirectoryOptions options) => new(
        new PlayerRecords(Owner, (put, token) =>
        {
            lock (_puts)
            {
                _puts.Add((_clock.GetElapsedTime(0), put));
            }

            return _network(put, token);
        }),
        PlayerSamples.Keys,
        options with { TimeProvider = _clock },
        DirectorySamples.Arena);

    private void Pass(TimeSpan span)
    {
        for (TimeSpan passed = TimeSpan.Zero; passed < span; passed += TimeSpan.FromSeconds(1))
        {
            _clock.Advance(TimeSpan.FromSeconds(1));
        }
    }
}
