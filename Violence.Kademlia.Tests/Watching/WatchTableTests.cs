using CsCheck;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Storage;
using Violence.Kademlia.Watching;

namespace Violence.Kademlia.Tests.Watching;

[TestFixture]
internal sealed class WatchTableTests
{
    private static readonly Instant Start = Instant.FromMilliseconds(1_000);
    private static readonly RecordKey Key = RecordKey.FromText("test", "key");
    private static readonly RecordKey Other = RecordKey.FromText("test", "other");
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    [Test]
    public void Who_watches_is_there_until_the_life_granted_is_over()
    {
        WatchTable table = Table();

        WatchStatus status = Watch(table, Key, host: 1, life: Minute);

        Assert.That(status, Is.EqualTo(WatchStatus.Granted));
        Assert.That(table.Of(Key, Start + TimeSpan.FromSeconds(59.9)).Length, Is.EqualTo(1));
        Assert.That(table.Of(Other, Start).Length, Is.Zero);
        Assert.That(table.Of(Key, Start + Minute).Length, Is.Zero);
        Assert.That((table.Count, table.KeyCount, table.SourceCount), Is.EqualTo((0, 0, 0)));
    }

    [TestCase(1, 10)]
    [TestCase(10, 10)]
    [TestCase(60, 60)]
    [TestCase(120, 120)]
    [TestCase(uint.MaxValue, 120)]
    public void Lives_are_neither_shorter_nor_longer_than_the_limits(long asked, int granted)
    {
        WatchTable table = Table();

        table.Watch(Key, Host(1), 1, 7, [], TimeSpan.FromSeconds(asked), Start, out TimeSpan life);

        Assert.That(life, Is.EqualTo(TimeSpan.FromSeconds(granted)));
        Assert.That(table.Of(Key, Start + life - TimeSpan.FromTicks(1)).Length, Is.EqualTo(1));
        Assert.That(table.Of(Key, Start + life).Length, Is.Zero);
    }

    [Test]
    public void The_same_endpoint_and_number_renew_and_change_the_filter()
    {
        WatchTable table = Table();
        Watch(table, Key, host: 1, life: Minute);

        table.Watch(Key, Host(1), 1, 7, [1, 2], Minute, Start + TimeSpan.FromSeconds(50), out _);

        ReadOnlySpan<Watcher> watchers = table.Of(Key, Start + TimeSpan.FromSeconds(100));
        Assert.That(watchers.Length, Is.EqualTo(1));
        Assert.That(watchers[0].Filter, Is.EqualTo(new byte[] { 1, 2 }));
    }

    [Test]
    public void Another_number_endpoint_or_key_is_another_watcher()
    {
        WatchTable table = Table();
        Watch(table, Key, host: 1, life: Minute, number: 7);
        Watch(table, Key, host: 1, life: Minute, number: 8);
        Watch(table, Key, host: 2, life: Minute, number: 7);
        Watch(table, Other, host: 1, life: Minute, number: 7);

        Assert.That((table.Of(Key, Start).Length, table.Of(Other, Start).Length), Is.EqualTo((3, 1)));
    }

    [Test]
    public void No_life_ends_it_and_only_for_who_knows_the_number()
    {
        WatchTable table = Table();
        Watch(table, Key, host: 1, life: Minute);

        Watch(table, Key, host: 1, life: TimeSpan.Zero, number: 8);
        Watch(table, Key, host: 2, life: TimeSpan.Zero);
        Assert.That(table.Of(Key, Start).Length, Is.EqualTo(1));

        Watch(table, Key, host: 1, life: TimeSpan.Zero);
        Assert.That((table.Count, table.KeyCount, table.SourceCount), Is.EqualTo((0, 0, 0)));
    }

    [Test]
    public void A_full_key_a_full_source_and_a_full_table_refuse_new_ones_and_renew_old_ones()
    {
        WatchTable ofKey = Table(new WatchLimits { MaxPerKey = 2 });
        WatchTable ofSource = Table(new WatchLimits { MaxPerSource = 2 });
        WatchTable ofAll = Table(new WatchLimits { MaxWatchers = 2 });
        foreach (WatchTable table in (WatchTable[])[ofKey, ofSource, ofAll])
        {
            Watch(table, Key, host: 1, life: Minute, network: 5);
            Watch(table, Key, host: 2, life: Minute, network: 5);
            Assert.That(Watch(table, Key, host: 1, life: Minute, network: 5), Is.EqualTo(WatchStatus.Granted));
            Assert.That(Watch(table, Key, host: 3, life: Minute, network: 5), Is.EqualTo(WatchStatus.Full));
        }

        Assert.That(Watch(ofKey, Other, host: 3, life: Minute, network: 5), Is.EqualTo(WatchStatus.Granted));
        Assert.That(Watch(ofSource, Key, host: 3, life: Minute, network: 6), Is.EqualTo(WatchStatus.Granted));
        Assert.That(Watch(ofAll, Other, host: 3, life: Minute, network: 6), Is.EqualTo(WatchStatus.Full));
        Assert.That(ofKey.Of(Key, Start + Minute).Length, Is.Zero);
        Assert.That(Watch(ofKey, Key, host: 3, life: Minute, network: 5), Is.EqualTo(WatchStatus.Granted), "what has expired makes room");
    }

    [Test]
    public void It_holds_what_a_plain_list_would()
    {
        // An action: the key, host, number, life in seconds and the pause after it.
        Gen.Select(Gen.Int[0, 2], Gen.Int[0, 5], Gen.Int[0, 1], Gen.Int[-1, 40], Gen.Int[0, 20]).Array[0, 120].Sample(actions =>
        {
            var limits = new WatchLimits { MaxWatchers = 9, MaxPerKey = 4, MaxPerSource = 5 };
            WatchTable table = Table(limits);
            var model = new Dictionary<(int Key, int Host, int Number), Instant>();
            Instant now = Start;
            foreach ((int key, int host, int number, int life, int pause) in actions)
            {
                foreach ((int, int, int) gone in model.Where(entry => entry.Value <= now).Select(entry => entry.Key).ToArray())
                {
                    model.Remove(gone);
                }

                bool isKnown = model.ContainsKey((key, host, number));
                bool hasRoom = model.Count < 9 && model.Keys.Count(entry => entry.Key == key) < 4 && model.Keys.Count(entry => entry.Host / 2 == host / 2) < 5;
                WatchStatus expected = life <= 0 || isKnown || hasRoom ? WatchStatus.Granted : WatchStatus.Full;

                WatchStatus status = table.Watch(
                    KeyOf(key), Host(host), (ulong)host / 2, (ulong)number, [], TimeSpan.FromSeconds(life), now, out TimeSpan granted);

                Assert.That(status, Is.EqualTo(expected));
                if (life <= 0)
                {
                    model.Remove((key, host, number));
                }
                else if (status == WatchStatus.Granted)
                {
                    model[(key, host, number)] = now + granted;
                }

                now += TimeSpan.FromSeconds(pause);
                for (int k = 0; k < 3; k++)
                {
                    (NodeEndpoint, ulong)[] watching = [.. table.Of(KeyOf(k), now).ToArray().Select(watcher => (watcher.Endpoint, watcher.Number))];
                    Assert.That(
                        watching,
                        Is.EquivalentTo(model.Where(entry => entry.Key.Key == k && entry.Value > now).Select(entry => (Host(entry.Key.Host), (ulong)entry.Key.Number))));
                }
            }

            table.Expire(now + TimeSpan.FromMinutes(3));
            Assert.That((table.Count, table.KeyCount, table.SourceCount), Is.EqualTo((0, 0, 0)));
        }, iter: 300);
    }

    private static WatchTable Table(WatchLimits? limits = null) => new(limits ?? new WatchLimits(), new SecretComparer(EntropySource.Seeded(1)));

    private static WatchStatus Watch(WatchTable table, RecordKey key, int host, TimeSpan life, ulong number = 7, ulong network = 1) =>
        table.Watch(key, Host(host), network, number, [], life, Start, out _);

    private static NodeEndpoint Host(int host) => NodeEndpoint.FromIPv4([10, 0, 0, (byte)host], 4_001);

    private static RecordKey KeyOf(int number) => RecordKey.FromText("test", $"key {number}");
}
