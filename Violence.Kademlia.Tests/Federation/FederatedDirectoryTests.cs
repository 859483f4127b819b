using Violence.Kademlia.Federation;
using Violence.Kademlia.Federation.Hub;

namespace Violence.Kademlia.Tests.Federation;

/// <summary>Who is asked when, who is waited for, and whose word counts: all on a clock moved by hand.</summary>
public sealed class FederatedDirectoryTests : FederatedFixture
{
    [Test]
    public async Task A_dht_that_answers_is_believed_and_no_hub_is_asked()
    {
        ScriptedHub hub = Own(ScriptedHub.Silent());
        FederatedDirectory directory = Directory(Dht(rows: [Signed("Arena", "192.0.2.1:1")]), hub);

        IReadOnlyList<FederatedListing> rows = await directory.QueryAllAsync(Horror);
        FederatedLookupResult lookup = await directory.LookupAsync("arena");

        using (Assert.EnterMultipleScope())
        {
            Assert.That(rows.Select(row => (row.Server.Name, row.Source)), Is.EqualTo(new[] { ("Arena", ServerSource.Dht) }));
            Assert.That((lookup.Status, lookup.Server!.Source), Is.EqualTo((ServerLookupStatus.Found, ServerSource.Dht)));
            Assert.That(hub.Count, Is.Zero);
        }
    }

    [Test]
    public async Task A_late_dht_is_not_kept_waiting_by_a_hub_that_is_down()
    {
        VirtualClock clock = new();
        TaskCompletionSource<IReadOnlyList<ServerListing>> late = new();
        ScriptedHub hub = Own(ScriptedHub.Silent());
        FederatedDirectory directory = Directory(Dht(query: _ => late.Task), hub, clock);
        Task<IReadOnlyList<FederatedListing>> asking = directory.QueryAllAsync(Horror);

        clock.Advance(SoftDeadline);
        await hub.NextAsync();
        late.SetResult([Signed("Arena", "192.0.2.1:1")]);

        // No more time passes: the hub's time-out can't be what ends it.
        Assert.That((await asking.WaitAsync(TimeSpan.FromSeconds(30))).Select(row => row.Source), Is.EqualTo(new[] { ServerSource.Dht }));
    }

    [Test]
    public async Task Isolated_from_the_dht_the_hubs_answer_comes_after_the_soft_deadline_and_the_hubs_own_time()
    {
        VirtualClock clock = new();
        TaskCompletionSource hubTime = new();
        ScriptedHub hub = Own(new ScriptedHub(async (_, token) =>
        {
            await hubTime.Task.WaitAsync(token);
            return ScriptedHub.Response(Rows(("Old", "192.0.2.9:1")));
        }));
        FederatedDirectory directory = Directory(Dht(query: Never<IReadOnlyList<ServerListing>>), hub, clock);
        Task<IReadOnlyList<FederatedListing>> asking = directory.QueryAllAsync(Horror);

        clock.Advance(SoftDeadline - Tick);
        int before = hub.Count;
        clock.Advance(Tick);
        await hub.NextAsync();
        hubTime.SetResult();
        FederatedListing row = (await asking.WaitAsync(TimeSpan.FromSeconds(30))).Single();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(before, Is.Zero);
            Assert.That((row.Server.Name, row.Source, row.IsSigned, row.Hub), Is.EqualTo(("Old", ServerSource.Hub, false, new Uri("http://hub0.test"))));
        }
    }

    [Test]
    public async Task A_dht_that_fails_or_finds_nothing_has_the_hub_asked_at_once()
    {
        ScriptedHub hub = Own(ScriptedHub.Answering(Rows(("Old", "192.0.2.9:1"))));
        FederatedDirectory failing = Directory(Dht(query: _ => Task.FromException<IReadOnlyList<ServerListing>>(new ObjectDisposedException("node"))), hub);
        FederatedDirectory empty = Directory(Dht(), hub);

        using (Assert.EnterMultipleScope())
        {
            Assert.That((await failing.QueryAllAsync(Horror)).Select(row => row.Source), Is.EqualTo(new[] { ServerSource.Hub }));
            Assert.That((await empty.QueryAllAsync(Horror)).Select(row => row.Source), Is.EqualTo(new[] { ServerSource.Hub }));
            Assert.That((await empty.LookupAsync("OLD")).Server!.Source, Is.EqualTo(ServerSource.Hub));
        }
    }

    [Test]
    public async Task Asked_together_hubs_add_what_only_they_know_and_are_waited_for_until_the_soft_deadline()
    {
        VirtualClock clock = new();
        ScriptedHub quick = Own(ScriptedHub.Answering(Rows(("Arena", "192.0.2.1:1"), ("Old", "192.0.2.9:1"), ("Taken", "192.0.2.66:1"))));
        ScriptedHub slow = Own(ScriptedHub.Silent());
        DhtQuestions dht = Dht(rows: [Signed("Arena", "192.0.2.1:1"), Signed("Taken", "192.0.2.2:1")]);

        IReadOnlyList<FederatedListing> merged = await Directory(dht, quick, clock, HubUse.Always).QueryAllAsync(Horror);
        Task<IReadOnlyList<FederatedListing>> waiting = Directory(dht, slow, clock, HubUse.Always).QueryAllAsync(Horror);
        await slow.NextAsync();
        bool isEarly = waiting.IsCompleted;
        clock.Advance(SoftDeadline);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(
                merged.Select(row => (row.Server.Name, row.Server.Address, row.Source)),
                Is.EqualTo(new[]
                {
                    ("Arena", "192.0.2.1:1", ServerSource.Both), ("Old", "192.0.2.9:1", ServerSource.Hub), ("Taken", "192.0.2.2:1", ServerSource.Dht),
                }));
            Assert.That(isEarly, Is.False);
            Assert.That(await waiting, Has.Count.EqualTo(2));
        }
    }

    [Test]
    public async Task What_an_owner_signed_or_withdrew_beats_the_hub_whose_row_is_a_rival()
    {
        ScriptedHub hub = Own(ScriptedHub.Answering(Rows(("Arena", "192.0.2.66:1"))));
        FederatedLookupResult found = await Directory(Dht(rows: [Signed("Arena", "192.0.2.1:1")]), hub, use: HubUse.Always).LookupAsync("Arena");
        FederatedLookupResult withdrawn = await Directory(Dht(status: ServerLookupStatus.Withdrawn), hub).LookupAsync("Arena");

        using (Assert.EnterMultipleScope())
        {
            Assert.That(found.Server!.Server.Address, Is.EqualTo("192.0.2.1:1"));
            Assert.That(found.Rivals.Select(rival => (rival.Server.Address, rival.Source)), Is.EqualTo(new[] { ("192.0.2.66:1", ServerSource.Hub) }));
            Assert.That((withdrawn.Status, withdrawn.Server), Is.EqualTo((ServerLookupStatus.Withdrawn, (FederatedListing?)null)));
            Assert.That(withdrawn.Rivals.Select(rival => rival.Source), Is.EqualTo(new[] { ServerSource.Hub }));
        }
    }

    [Test]
    public async Task A_name_with_a_fingerprint_is_no_question_for_a_hub()
    {
        ScriptedHub hub = Own(ScriptedHub.Answering(Rows(("Arena", "192.0.2.66:1"))));

        FederatedLookupResult result = await Directory(Dht(), hub).LookupAsync("Arena#aaaa-aaaa-aaaa");

        Assert.That((result.Status, hub.Count), Is.EqualTo((ServerLookupStatus.NotFound, 0)));
    }

    [Test]
    public async Task Nobody_answering_is_told_from_nobody_knowing()
    {
        ScriptedHub down = Own(ScriptedHub.Failing(new HttpRequestException("down")));
        ScriptedHub empty = Own(ScriptedHub.Answering("null"));
        DhtQuestions alone = Dht(status: ServerLookupStatus.NoPeers);

        using (Assert.EnterMultipleScope())
        {
            Assert.That((await Directory(alone, down).LookupAsync("a")).Status, Is.EqualTo(ServerLookupStatus.NoPeers));
            Assert.That((await Directory(alone, empty).LookupAsync("a")).Status, Is.EqualTo(ServerLookupStatus.NotFound));
        }
    }

    [Test]
    public async Task One_slow_hub_does_not_keep_the_answer_of_another_and_the_earlier_hub_is_believed()
    {
        ScriptedHub slow = Own(ScriptedHub.Silent());
        ScriptedHub quick = Own(ScriptedHub.Answering(Rows(("Old", "192.0.2.9:1"))));
        ScriptedHub other = Own(ScriptedHub.Answering(Rows(("Old", "192.0.2.77:1"))));

        IReadOnlyList<FederatedListing> rows = await Directory(Dht(), [slow, quick]).QueryAllAsync(Horror);
        IReadOnlyList<FederatedListing> contradiction = await Directory(Dht(), [quick, other]).QueryAllAsync(Horror);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(rows.Single().Hub, Is.EqualTo(new Uri("http://hub1.test")));
            Assert.That(contradiction.Single().Server.Address, Is.EqualTo("192.0.2.9:1"));
        }
    }

    [Test]
    public async Task A_hub_can_not_crowd_out_what_is_signed()
    {
        ScriptedHub lying = Own(ScriptedHub.Answering(Rows([.. Enumerable.Range(0, 500).Select(i => ($"aaa{i:D3}", "192.0.2.66:1"))])));
        FederatedDirectory directory = Directory(Dht(rows: [Signed("Zenith", "192.0.2.1:1")]), lying, use: HubUse.Always);

        IReadOnlyList<FederatedListing> rows = await directory.QueryAllAsync(Horror with { Limit = 10 });

        Assert.That((rows.Count, rows.Count(row => row.IsSigned)), Is.EqualTo((10, 1)));
    }

    [TestCase("<html>")]
    [TestCase("{\"error\":1}")]
    [TestCase("[{\"name\":\"x\"}]")]
    public async Task A_lying_hub_leaves_the_list_empty_and_its_state_tells(string body)
    {
        ScriptedHub hub = Own(ScriptedHub.Answering(body));
        FederatedDirectory directory = Directory(Dht(), hub);

        IReadOnlyList<FederatedListing> rows = await directory.QueryAllAsync(Horror);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(rows, Is.Empty);
            Assert.That(directory.Hubs[0].FailuresInARow + directory.Hubs[0].RowsDropped, Is.EqualTo(1));
        }
    }

    [Test]
    public async Task A_hub_that_keeps_failing_is_not_asked_again_before_its_pause_is_over()
    {
        VirtualClock clock = new();
        ScriptedHub hub = Own(ScriptedHub.Failing(new HttpRequestException("down")));
        FederatedDirectory directory = Directory(Dht(), hub, clock);
        for (int i = 0; i < 10; i++)
        {
            await directory.QueryAllAsync(Horror);
        }

        int asked = hub.Count;
        clock.Advance(HubBreaker.FirstPause);
        await directory.QueryAllAsync(Horror);

        Assert.That((asked, hub.Count), Is.EqualTo((HubBreaker.FaultsAllowed, HubBreaker.FaultsAllowed + 1)));
    }

    [Test]
    public async Task A_streamed_query_lists_the_hubs_rows_and_then_the_signed_ones_of_a_late_dht()
    {
        VirtualClock clock = new();
        TaskCompletionSource late = new();
        ScriptedHub hub = Own(ScriptedHub.Answering(Rows(("Arena", "192.0.2.1:1"), ("Old", "192.0.2.9:1"))));
        FederatedDirectory directory = Directory(Dht(stream: token => LateAsync(late.Task, Signed("Arena", "192.0.2.1:1"), token)), hub, clock);
        await using IAsyncEnumerator<FederatedListing> rows = directory.QueryAsync(Horror).GetAsyncEnumerator();

        ValueTask<bool> first = rows.MoveNextAsync();
        clock.Advance(SoftDeadline);
        List<(string, ServerSource)> seen = [];
        for (bool has = await first; has; has = await rows.MoveNextAsync())
        {
            seen.Add((rows.Current.Server.Name, rows.Current.Source));
            if (seen.Count == 2)
            {
                late.SetResult();
            }
        }

        Assert.That(seen, Is.EqualTo(new[] { ("Arena", ServerSource.Hub), ("Old", ServerSource.Hub), ("Arena", ServerSource.Both) }));
    }

    [Test]
    public async Task A_streamed_query_of_a_dht_that_answers_asks_no_hub_and_keeps_the_limit()
    {
        ScriptedHub hub = Own(ScriptedHub.Silent());
        FederatedDirectory directory = Directory(Dht(rows: [Signed("A", "192.0.2.1:1"), Signed("B", "192.0.2.1:2"), Signed("C", "192.0.2.1:3")]), hub);
        List<string> names = [];

        await foreach (FederatedListing row in directory.QueryAsync(Horror with { Limit = 2 }))
        {
            names.Add(row.Server.Name);
        }

        Assert.That((string.Join(',', names), hub.Count), Is.EqualTo(("A,B", 0)));
    }

    [Test]
    public async Task A_player_is_found_through_the_hub_and_through_the_dht_once_that_can_tell()
    {
        ScriptedHub hub = Own(ScriptedHub.Answering("""{"online":true,"serverAddress":"192.0.2.9:1","serverName":"Old"}"""));
        ScriptedHub offline = Own(ScriptedHub.Answering("""{"online":false}"""));
        ScriptedHub down = Own(ScriptedHub.Failing(new HttpRequestException("down")));
        FederatedPlayerResult known = new(FederatedPlayerStatus.Online, "Arena", "192.0.2.1:1", ServerSource.Dht);
        DhtQuestions dht = Dht() with { FindPlayerAsync = (_, _) => Task.FromResult(known) };

        using (Assert.EnterMultipleScope())
        {
            Assert.That(
                await Directory(Dht(), hub).FindPlayerAsync("p-1"),
                Is.EqualTo(new FederatedPlayerResult(FederatedPlayerStatus.Online, "Old", "192.0.2.9:1", ServerSource.Hub)));
            Assert.That((await Directory(Dht(), offline).FindPlayerAsync("p-1")).Status, Is.EqualTo(FederatedPlayerStatus.Offline));
            Assert.That((await Directory(Dht(), down).FindPlayerAsync("p-1")).Status, Is.EqualTo(FederatedPlayerStatus.Unavailable));
            Assert.That(await Directory(dht, hub).FindPlayerAsync("p-1"), Is.EqualTo(known));
            await Assert.ThatAsync(() => Directory(Dht(), hub).FindPlayerAsync(""), Throws.ArgumentException);
        }
    }

    [Test]
    public async Task What_the_dht_refuses_to_announce_no_hub_hears_of()
    {
        ScriptedHub hub = Own(ScriptedHub.Silent());
        DhtQuestions taken = Dht() with { AnnounceAsync = (_, _) => Task.FromException<ServerAnnouncement>(new InvalidOperationException("taken")) };

        using (Assert.EnterMultipleScope())
        {
            await Assert.ThatAsync(() => Directory(taken, hub).AnnounceAsync(Info("Arena", "192.0.2.1:1")), Throws.InvalidOperationException);
            await Assert.ThatAsync(() => Directory(taken, hub).AnnounceAsync(Info("Arena", "192.0.2.1:1"), [""]), Throws.ArgumentException);
            Assert.That(hub.Count, Is.Zero);
        }
    }

    [Test]
    public async Task Wrong_arguments_are_refused_before_anybody_is_asked()
    {
        ScriptedHub hub = Own(ScriptedHub.Silent());
        FederatedDirectory directory = Directory(Dht(), hub);

        using (Assert.EnterMultipleScope())
        {
            await Assert.ThatAsync(() => directory.QueryAllAsync(new ServerQuery { Genre = "a b" }), Throws.ArgumentException);
            await Assert.ThatAsync(() => directory.LookupAsync("a#b"), Throws.ArgumentException);
            Assert.That(() => directory.QueryAsync(new ServerQuery { Genre = "" }), Throws.ArgumentException);
            Assert.That(
                () => new FederatedDirectory(Dht(), new FederatedDirectoryOptions { Hubs = [new HubEndpoint { Address = new Uri("ftp://hub.test") }] }),
                Throws.ArgumentException.With.Message.Contains("http"));
            Assert.That(
                () => new FederatedDirectory(Dht(), new FederatedDirectoryOptions { HeartbeatInterval = TimeSpan.Zero }),
                Throws.ArgumentException.With.Message.Contains("HeartbeatInterval"));
            Assert.That(hub.Count, Is.Zero);
        }
    }
}
