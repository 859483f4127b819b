using CsCheck;
using Violence.Kademlia.Federation;
using Violence.Kademlia.Federation.Watching;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Tests.Federation.Watching;

[TestFixture]
internal sealed class ServerWatchTests
{
    private static readonly DateTimeOffset Now = DirectorySamples.Issued;
    private static readonly ServerQuery Europe = new() { Genre = "arena", Region = "eu-west", Limit = 1_000 };
    private static readonly ServerInfo Arena = DirectorySamples.Arena;

    private readonly List<ServerEvent> _events = [];

    [SetUp]
    public void Forget() => _events.Clear();

    [Test]
    public void A_server_joins_changes_and_leaves_as_it_is_told()
    {
        var watch = new ServerWatch(Europe);

        Push(watch, Arena, 1);
        Push(watch, Arena, 2);
        Push(watch, Arena with { Players = 9 }, 3);
        watch.OnRecord(Tombstone(4), Now, _events);

        Assert.That(Told(), Is.EqualTo(new[] { "Joined 3", "Changed 9", "Left 9 Withdrawn" }));
    }

    [Test]
    public void What_answers_the_query_no_more_has_left_and_may_come_back()
    {
        var watch = new ServerWatch(Europe);

        Push(watch, Arena with { Region = "us-east" }, 1);
        Push(watch, Arena, 2);
        Push(watch, Arena with { Region = "us-east" }, 3);
        Push(watch, Arena, 4);

        Assert.That(Told(), Is.EqualTo(new[] { "Joined 3", "Left 3 NoLongerMatches", "Joined 3" }));
    }

    [Test]
    public void Older_versions_and_replays_change_nothing()
    {
        var watch = new ServerWatch(Europe);
        Push(watch, Arena, 5);
        watch.OnRecord(Tombstone(6), Now, _events);
        _events.Clear();

        Push(watch, Arena, 5);
        Push(watch, Arena with { Players = 1 }, 4);
        Read(watch, [Row(Arena, 5)]);

        Assert.That(Told(), Is.Empty);
    }

    [Test]
    public void A_server_that_a_reading_finds_stale_has_left_and_comes_back_when_it_is_heard_of()
    {
        var watch = new ServerWatch(Europe);
        Read(watch, [Row(Arena, 1, age: 10)]);
        Read(watch, [Row(Arena, 1, age: 161)]);
        Push(watch, Arena, 1);
        Read(watch, [Row(Arena, 1, age: 300)]);
        Read(watch, [Row(Arena, 2, age: 3)]);

        Assert.That(Told(), Is.EqualTo(new[] { "Joined 3", "Left 3 Silent", "Joined 3" }));
    }

    [Test]
    public void Stale_servers_never_join()
    {
        var watch = new ServerWatch(Europe);
        Read(watch, [Row(Arena, 1, age: 161)]);
        watch.OnRecord(RecordOf(Arena with { Name = "Crashed" }, 1), Now + TimeSpan.FromMinutes(20), _events);

        Assert.That(Told(), Is.Empty);
    }

    [Test]
    public void A_pushed_server_with_a_slow_clock_joins()
    {
        var watch = new ServerWatch(Europe);

        watch.OnRecord(RecordOf(Arena, 1), Now + TimeSpan.FromMinutes(9), _events);
        watch.OnRecord(RecordOf(Arena with { Name = "Fast" }, 1), Now - TimeSpan.FromHours(1), _events);

        Assert.That(Told(), Is.EqualTo(new[] { "Joined 3", "Joined 3" }));
        Assert.That(_events.Select(static change => change.Listing.Liveness), Is.EqualTo(new[] { ServerLiveness.Unknown, ServerLiveness.Live }));
    }

    /// <summary>A row that half of its holders have missed may be missed by a reading, and is found by the next.</summary>
    [Test]
    public void What_one_reading_in_between_does_not_find_has_not_left()
    {
        var watch = new ServerWatch(Europe with { Region = null });

        for (int i = 0; i < 4; i++)
        {
            Read(watch, [Row(Arena, 1, age: 1)]);
            Read(watch, []);
        }

        Assert.That(Told(), Is.EqualTo(new[] { "Joined 3" }));
        Read(watch, []);
        Assert.That(Told(), Is.EqualTo(new[] { "Joined 3", "Left 3 Silent" }));
    }

    [TestCase(null, 2, ServerLeaveReason.Silent)]
    [TestCase("eu-west", 1, ServerLeaveReason.NoLongerMatches)]
    public void What_whole_readings_do_not_find_has_left_unless_it_was_heard_of_since(string? region, int readings, ServerLeaveReason reason)
    {
        var watch = new ServerWatch(Europe with { Region = region });
        Push(watch, Arena, 1);
        watch.BeginReading();
        Push(watch, Arena with { Name = "New" }, 1);
        watch.OnReading([], [], isWhole: false, _events);
        Assert.That(watch.Listings.Count(), Is.EqualTo(2));

        for (int i = 1; i < readings; i++)
        {
            Read(watch, []);
            Assert.That(watch.Listings.Count(), Is.EqualTo(2));
        }

        watch.BeginReading();
        Push(watch, Arena with { Name = "Newer" }, 1);
        watch.OnReading([], [], isWhole: true, _events);

        Assert.That(watch.Listings.Select(static listing => listing.Server.Name), Is.EqualTo(new[] { "Newer" }));
        Assert.That(_events[^1].Reason, Is.EqualTo(reason));
    }

    [Test]
    public void A_tombstone_of_a_reading_tells_why_unless_the_server_is_back()
    {
        var watch = new ServerWatch(Europe);
        Push(watch, Arena, 1);
        watch.BeginReading();
        watch.OnReading([Row(Arena, 3, age: 1)], [Tombstone(2)], isWhole: true, _events);
        watch.BeginReading();
        watch.OnReading([], [Tombstone(4)], isWhole: false, _events);

        Assert.That(Told(), Is.EqualTo(new[] { "Joined 3", "Left 3 Withdrawn" }));
    }

    [Test]
    public void Where_the_limit_is_reached_others_come_when_there_is_room()
    {
        var watch = new ServerWatch(Europe with { Limit = 1 });
        ServerInfo other = Arena with { Name = "Other", Players = 8 };
        Push(watch, Arena, 1);
        Push(watch, other, 1);
        Read(watch, [Row(Arena, 1, age: 1), Row(other, 1, age: 1)]);
        watch.BeginReading();
        watch.OnReading([Row(other, 1, age: 1)], [Tombstone(2)], isWhole: true, _events);

        Assert.That(Told(), Is.EqualTo(new[] { "Joined 3", "Left 3 Withdrawn", "Joined 8" }));
    }

    [Test]
    public void What_is_known_is_bounded()
    {
        var watch = new ServerWatch(Europe with { Region = null });
        byte[] row = ServerRowCodec.Encode(Arena);
        for (uint i = 0; i < ServerWatch.MaxServers + 50; i++)
        {
            watch.OnRecord(DirectorySamples.Record(DirectoryKeys.Genre("arena"), DirectorySamples.Owner(i), "arena one", 1, row), Now, _events);
        }

        Assert.That(_events, Has.Count.EqualTo(Europe.Limit));
        for (int i = 0; i < 8; i++)
        {
            Read(watch, []);
        }

        _events.Clear();
        watch.OnRecord(
            DirectorySamples.Record(DirectoryKeys.Genre("arena"), DirectorySamples.Owner(90_000), "arena one", 1, row), Now, _events);
        Assert.That(_events, Has.Count.EqualTo(1), "who is gone makes room after some readings");
    }

    [Test]
    public void Whatever_is_pushed_and_read_the_events_give_who_is_there() =>
        Actions.Sample(actions =>
        {
            var world = new World();
            foreach ((int Kind, int Server, int Detail) action in actions)
            {
                world.Do(action);
            }

            world.ReadAll();
        }, iter: 2_000);

    // What happens, to which of four servers, and a number that says more.
    private static readonly Gen<(int Kind, int Server, int Detail)[]> Actions =
        Gen.Select(Gen.Int[0, 6], Gen.Int[0, 3], Gen.Int[0, 63]).Array[0, 60];

    private void Push(ServerWatch watch, ServerInfo server, ulong sequence) => watch.OnRecord(RecordOf(server, sequence), Now, _events);

    private void Read(ServerWatch watch, FoundRecord[] rows)
    {
        watch.BeginReading();
        watch.OnReading(rows, [], isWhole: true, _events);
    }

    private IEnumerable<string> Told() => _events.Select(static change => $"{change.Kind} {change.Listing.Server.Players} {change.Reason}".TrimEnd());

    private static Record RecordOf(ServerInfo server, ulong sequence) => DirectorySamples.Record(
        DirectoryKeys.Genre(server.Genre),
        DirectorySamples.Owner(1),
        DirectoryText.NormalizeName(server.Name),
        sequence,
        ServerRowCodec.Encode(server, TimeSpan.FromMinutes(2)));

    private static Record Tombstone(ulong sequence) => DirectorySamples.Tombstone(RecordOf(Arena, sequence - 1));

    private static FoundRecord Row(ServerInfo server, ulong sequence, int age = 0) =>
        new(RecordOf(server, sequence), 3, TimeSpan.FromMinutes(1)) { Age = TimeSpan.FromSeconds(age) };

    /// <summary>
    /// Four servers that publish versions, and holders that push any of them and are read, some lagging, some without a server. Checks
    /// after each step what must hold of any events.
    /// </summary>
    private sealed class World
    {
        private readonly List<Record>[] _versions = [[], [], [], []];
        private readonly ServerWatch _watch = new(Europe);
        private readonly SortedDictionary<string, ServerInfo> _shown = new(StringComparer.Ordinal);
        private readonly ulong[] _newestHeard = new ulong[4];
        private readonly long[] _lastHeard = new long[4];
        private readonly HashSet<int> _pushedSinceBegin = [];
        private long _readings;
        private bool _isReading;

        public void Do((int Kind, int Server, int Detail) action)
        {
            List<Record> versions = _versions[action.Server];
            if (action.Kind <= 1)
            {
                versions.Add(Next(action.Server, action.Detail));
            }
            else if (action.Kind <= 3 && versions.Count > 0)
            {
                Record pushed = versions[action.Kind == 2 ? ^1 : action.Detail % versions.Count];
                if (pushed.Sequence > _newestHeard[action.Server])
                {
                    _pushedSinceBegin.Add(action.Server);
                }

                _lastHeard[action.Server] = pushed.Sequence > _newestHeard[action.Server] ? _readings : _lastHeard[action.Server];
                Hear(action.Server, pushed);
                Step(events => _watch.OnRecord(pushed, Now, events));
            }
            else if (action.Kind == 4)
            {
                Begin();
            }
            else if (_isReading)
            {
                End(isWhole: action.Kind == 5, lag: i => (action.Detail >> i & 1) == 0 ? 0 : 1 + action.Detail / 16 % 2, isMissing: i => action.Detail % 5 == i);
            }
        }

        /// <summary>A reading that finds everything as it is: then the truth must be shown.</summary>
        public void ReadAll()
        {
            Begin();
            _pushedSinceBegin.Clear();
            End(isWhole: true, static _ => 0, static _ => false);
            string[] truth = [.. _versions.Where(static versions => versions.Count > 0).Select(static versions => versions[^1]).Where(Matches).Select(static record => record.Label)];
            Assert.That(_shown.Keys, Is.EquivalentTo(truth));
        }

        private void Begin()
        {
            _isReading = true;
            _readings++;
            _pushedSinceBegin.Clear();
            _watch.BeginReading();
        }

        private void End(bool isWhole, Func<int, int> lag, Func<int, bool> isMissing)
        {
            List<FoundRecord> rows = [];
            List<Record> tombstones = [];
            for (int i = 0; i < 4; i++)
            {
                if (_versions[i].Count > lag(i) && !isMissing(i))
                {
                    Record read = _versions[i][^(1 + lag(i))];
                    rows.AddRange(read.IsTombstone ? [] : [new FoundRecord(read, 3, TimeSpan.Zero) { Age = TimeSpan.FromSeconds(5) }]);
                    tombstones.AddRange(read.IsTombstone ? [read] : []);
                }
            }

            string[] before = [.. _shown.Keys];
            Record[] found = [.. rows.Select(static row => row.Record), .. tombstones];
            for (int i = 0; i < 4; i++)
            {
                if (Array.Find(found, record => record.Owner == DirectorySamples.Owner((uint)i)) is { } record)
                {
                    Hear(i, record);
                    _lastHeard[i] = _readings;
                }
            }

            Step(events => _watch.OnReading(rows, tombstones, isWhole, events));
            for (int i = 0; isWhole && i < 4; i++)
            {
                // Exactly those that it found, or that were pushed since it began: each in the newest version heard of.
                string name = $"server {i}";
                Record? read = Array.Find(found, record => record.Owner == DirectorySamples.Owner((uint)i));
                Record? newest = _versions[i].Find(version => version.Sequence == _newestHeard[i]);
                bool isThere = _pushedSinceBegin.Contains(i) || read == newest || (read is not null && before.Contains(name));
                Assert.That(_shown.ContainsKey(name), Is.EqualTo(newest is not null && isThere && Matches(newest)), name);

                // After some readings without it nothing is remembered of it; what was shown till now is remembered for one more.
                _newestHeard[i] = _lastHeard[i] < _readings - 5 && !before.Contains(name) ? 0 : _newestHeard[i];
            }

            _isReading = false;
            _pushedSinceBegin.Clear();
        }

        private void Hear(int server, Record record) => _newestHeard[server] = Math.Max(_newestHeard[server], record.Sequence);

        private void Step(Action<List<ServerEvent>> step)
        {
            List<ServerEvent> events = [];
            step(events);
            foreach (ServerEvent change in events)
            {
                string name = DirectoryText.NormalizeName(change.Listing.Server.Name);
                bool isShown = _shown.TryGetValue(name, out ServerInfo? before);
                Assert.That(isShown, Is.EqualTo(change.Kind != ServerEventKind.Joined), $"{change.Kind} of {name}");
                Assert.That(change.Reason is null, Is.EqualTo(change.Kind != ServerEventKind.Left));
                if (change.Kind == ServerEventKind.Left)
                {
                    _shown.Remove(name);
                    continue;
                }

                Assert.That(change.Listing.Server, Is.Not.EqualTo(before));
                _shown[name] = change.Listing.Server;
            }

            Assert.That(_watch.Listings.Select(static listing => listing.Server), Is.EquivalentTo(_shown.Values));
            foreach (ServerListing listing in _watch.Listings)
            {
                int server = listing.Server.Name[^1] - '0';
                Assert.That(listing.Sequence, Is.GreaterThanOrEqualTo(_newestHeard[server]), "older versions never win");
            }
        }

        private Record Next(int server, int detail)
        {
            var info = Arena with { Name = $"Server {server}", Players = detail % 3, Region = detail % 4 == 0 ? "us-east" : "eu-west" };
            Record record = DirectorySamples.Record(
                DirectoryKeys.Genre("arena"),
                DirectorySamples.Owner((uint)server),
                $"server {server}",
                (ulong)_versions[server].Count + 1,
                detail % 7 == 0 ? null : ServerRowCodec.Encode(info, TimeSpan.FromMinutes(2)));
            return record;
        }

        private static bool Matches(Record record) =>
            !record.IsTombstone
            && DirectoryReading.TryReadGenre(new FoundRecord(record, 1, TimeSpan.Zero), "arena", out ServerListing? listing)
            && listing.Server.Region == "eu-west";
    }
}
