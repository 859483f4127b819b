using System.Net;
using Violence.Kademlia.Federation;
using Violence.Kademlia.Federation.Hub;

namespace Violence.Kademlia.Tests.Federation;

/// <summary>Whatever a hub does is a status, and what it brings obeys the directory's rules.</summary>
public sealed class HubClientTests
{
    private static readonly TimeSpan HubTimeout = TimeSpan.FromSeconds(3);
    private static readonly HubAnnouncement Arena = new()
    {
        Server = new ServerInfo { Name = "Arena", Address = "192.0.2.1:7777", Genre = "horror" },
        PlayerIds = ["p-1"],
    };

    [Test]
    public async Task An_announcement_is_posted_below_the_hubs_path_with_the_token()
    {
        using ScriptedHub hub = ScriptedHub.Answering("""{"status":"registered"}""");
        using HttpClient http = new(hub);
        HubEndpoint endpoint = new() { Address = new Uri("http://hub.test/fed?x=1"), Token = "secret" };

        var reply = await new HubClient(http, endpoint, HubTimeout, new VirtualClock()).AnnounceAsync(Arena, CancellationToken.None);
        HubRequest request = await hub.NextAsync();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(reply.Status, Is.EqualTo(HubStatus.Ok));
            Assert.That((request.Method, request.Address.ToString(), request.Authorization), Is.EqualTo(("POST", "http://hub.test/fed/announce", "Bearer secret")));
            Assert.That(request.Body, Does.Contain("\"playerList\":[\"p-1\"]").And.Not.Contain("timestamp"));
        }
    }

    [TestCase(HttpStatusCode.Unauthorized, HubStatus.Unauthorized)]
    [TestCase(HttpStatusCode.BadRequest, HubStatus.Rejected)]
    [TestCase(HttpStatusCode.MethodNotAllowed, HubStatus.Rejected)]
    [TestCase(HttpStatusCode.Found, HubStatus.Rejected)]
    [TestCase(HttpStatusCode.TooManyRequests, HubStatus.RateLimited)]
    [TestCase(HttpStatusCode.InternalServerError, HubStatus.ServerError)]
    public async Task Every_status_of_http_is_a_status(HttpStatusCode code, HubStatus expected)
    {
        using ScriptedHub hub = ScriptedHub.Answering("[]", code);

        var reply = await Client(hub).QueryAsync(new HubQuery(), CancellationToken.None);

        Assert.That((reply.Status, reply.Value), Is.EqualTo((expected, (IReadOnlyList<HubAnnouncement>?)null)));
    }

    [TestCase("", HubStatus.Malformed)]
    [TestCase("\u0000\u0001garbage", HubStatus.Malformed)]
    [TestCase("<html><body>It works!</body></html>", HubStatus.Malformed)]
    [TestCase("{}", HubStatus.Malformed)]
    [TestCase("\"text\"", HubStatus.Malformed)]
    [TestCase("[", HubStatus.Malformed)]
    [TestCase("null", HubStatus.Ok)]
    [TestCase("[]", HubStatus.Ok)]
    public async Task An_answer_that_is_no_list_is_malformed_and_null_is_an_empty_one(string body, HubStatus expected)
    {
        using ScriptedHub hub = ScriptedHub.Answering(body);

        var reply = await Client(hub).QueryAsync(new HubQuery(), CancellationToken.None);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(reply.Status, Is.EqualTo(expected));
            Assert.That(reply.Value, expected == HubStatus.Ok ? Is.Empty : Is.Null);
        }
    }

    [Test]
    public async Task Rows_that_break_a_rule_are_dropped_and_counted_and_those_not_asked_for_are_left_out()
    {
        using ScriptedHub hub = ScriptedHub.Answering(
            """
            [{"name":"good","address":"192.0.2.1:1","genre":"horror","region":"us-east","players":3,"maxPlayers":8,"playerList":7},
             {"name":"bad\u0007bell","address":"192.0.2.1:1","genre":"horror"},
             {"name":"nowhere","address":"0.0.0.0:1","genre":"horror"},
             {"name":"wrong type","address":"192.0.2.1:1","genre":"horror","players":"many"},
             5, null, [],
             {"name":"other genre","address":"192.0.2.1:1","genre":"scifi","region":"us-east"}]
            """);

        var reply = await Client(hub).QueryAsync(new HubQuery { Genre = "horror" }, CancellationToken.None);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(reply.Value!.Select(row => row.Server.Name), Is.EqualTo(new[] { "good" }));
            Assert.That(reply.Dropped, Is.EqualTo(6));
        }
    }

    [Test]
    public async Task Ten_megabytes_are_not_read_to_their_end()
    {
        using EndlessStream body = new(10 * 1024 * 1024);
        using ScriptedHub hub = new((_, _) => Task.FromResult(new HttpResponseMessage { Content = new StreamContent(body) }));

        var reply = await Client(hub).QueryAsync(new HubQuery(), CancellationToken.None);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(reply.Status, Is.EqualTo(HubStatus.TooLarge));
            Assert.That(body.WasRead, Is.EqualTo(HubClient.MaxAnswerBytes + 1));
        }
    }

    [Test]
    public async Task A_silent_hub_is_given_up_at_the_time_out()
    {
        VirtualClock clock = new();
        using ScriptedHub hub = ScriptedHub.Silent();
        var asking = Client(hub, clock).QueryAsync(new HubQuery(), CancellationToken.None);
        await hub.NextAsync();

        clock.Advance(HubTimeout - TimeSpan.FromMilliseconds(1));
        bool isEarly = asking.IsCompleted;
        clock.Advance(TimeSpan.FromMilliseconds(1));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(isEarly, Is.False);
            Assert.That((await asking).Status, Is.EqualTo(HubStatus.TimedOut));
        }
    }

    [Test]
    public async Task A_body_that_never_ends_is_given_up_at_the_time_out()
    {
        VirtualClock clock = new();
        using StalledStream body = new();
        using ScriptedHub hub = new((_, _) => Task.FromResult(new HttpResponseMessage { Content = new StreamContent(body) }));
        var asking = Client(hub, clock).QueryAsync(new HubQuery(), CancellationToken.None);
        await body.Waiting;

        clock.Advance(HubTimeout);

        Assert.That((await asking).Status, Is.EqualTo(HubStatus.TimedOut));
    }

    [Test]
    public async Task A_broken_connection_is_a_status()
    {
        using ScriptedHub refused = ScriptedHub.Failing(new HttpRequestException("refused"));
        using ScriptedHub broken = ScriptedHub.Failing(new IOException("broken"));

        using (Assert.EnterMultipleScope())
        {
            Assert.That((await Client(refused).HealthAsync(CancellationToken.None)).Status, Is.EqualTo(HubStatus.Unreachable));
            Assert.That((await Client(broken).LookupAsync("p", CancellationToken.None)).Status, Is.EqualTo(HubStatus.Unreachable));
        }
    }

    [Test]
    public async Task The_callers_own_cancellation_is_thrown()
    {
        using ScriptedHub hub = ScriptedHub.Silent();
        using CancellationTokenSource gone = new();
        var asking = Client(hub).QueryAsync(new HubQuery(), gone.Token);
        await hub.NextAsync();

        await gone.CancelAsync();

        await Assert.ThatAsync(() => asking, Throws.InstanceOf<OperationCanceledException>());
    }

    [TestCase("""{"online":true,"serverAddress":"192.0.2.1:1","serverName":"Arena"}""", HubStatus.Ok, "192.0.2.1:1")]
    [TestCase("""{"online":false}""", HubStatus.Ok, null)]
    [TestCase("""{"online":true,"serverAddress":"0.0.0.0:1","serverName":"Arena"}""", HubStatus.Malformed, null)]
    [TestCase("""{"online":true,"serverAddress":"192.0.2.1:1","serverName":"a\tb"}""", HubStatus.Malformed, null)]
    [TestCase("""{"online":"yes"}""", HubStatus.Malformed, null)]
    [TestCase("{}", HubStatus.Malformed, null)]
    public async Task A_players_place_is_read_or_malformed(string body, HubStatus expected, string? address)
    {
        using ScriptedHub hub = ScriptedHub.Answering(body);

        var reply = await Client(hub).LookupAsync("p-123", CancellationToken.None);

        using (Assert.EnterMultipleScope())
        {
            Assert.That((reply.Status, reply.Value?.ServerAddress), Is.EqualTo((expected, address)));
            Assert.That((await hub.NextAsync()).Body, Is.EqualTo("""{"playerID":"p-123"}"""));
        }
    }

    [Test]
    public async Task Health_is_read_and_its_texts_are_cut()
    {
        using ScriptedHub hub = ScriptedHub.Answering(
            $$"""{"status":"ok","version":"{{new string('6', 1_000)}}","uptime":"2h15m30s","serverCount":42}""");

        var reply = await Client(hub).HealthAsync(CancellationToken.None);

        using (Assert.EnterMultipleScope())
        {
            Assert.That((reply.Value!.Status, reply.Value.Uptime, reply.Value.ServerCount), Is.EqualTo(("ok", "2h15m30s", 42)));
            Assert.That(reply.Value.Version, Has.Length.EqualTo(64));
            Assert.That((await hub.NextAsync()).Method, Is.EqualTo("GET"));
        }
    }

    [Test]
    public void A_hub_that_keeps_failing_is_left_alone_for_longer_and_longer_and_tried_once_in_between()
    {
        HubBreaker breaker = new();
        TimeSpan now = TimeSpan.Zero;
        for (int i = 0; i < HubBreaker.FaultsAllowed; i++)
        {
            Assert.That(breaker.TryEnter(now), Is.True);
            breaker.Report(isFault: true, now);
        }

        TimeSpan pause = HubBreaker.FirstPause;
        for (int i = 0; i < 10; i++)
        {
            Assert.That(breaker.TryEnter(now + pause - TimeSpan.FromTicks(1)), Is.False);
            now += pause;
            Assert.That((breaker.TryEnter(now), breaker.TryEnter(now)), Is.EqualTo((true, false)));
            breaker.Report(isFault: true, now);
            pause = pause * 2 < HubBreaker.LongestPause ? pause * 2 : HubBreaker.LongestPause;
        }

        breaker.Report(isFault: false, now);
        Assert.That((breaker.TryEnter(now), breaker.TryEnter(now)), Is.EqualTo((true, true)));
    }

    private static HubClient Client(ScriptedHub hub, TimeProvider? time = null) =>
        new(new HttpClient(hub, disposeHandler: false), new HubEndpoint { Address = new Uri("http://hub.test") }, HubTimeout, time ?? new VirtualClock());

    private sealed class EndlessStream(int length) : MemoryStream(new byte[length])
    {
        public long WasRead { get; private set; }

        protected override void Dispose(bool disposing)
        {
            WasRead = CanRead ? Position : WasRead;
            base.Dispose(disposing);
        }
    }

    private sealed class StalledStream : MemoryStream
    {
        private readonly TaskCompletionSource _waiting = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Waiting => _waiting.Task;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            _waiting.TrySetResult();
            await Task.Delay(Timeout.Infinite, cancellationToken);
            return 0;
        }
    }
}
