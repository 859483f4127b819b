using Violence.Kademlia.Identity;
using Violence.Kademlia.Persistence;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Tests.Engine;
using Violence.Kademlia.Tests.Persistence;
using Violence.Kademlia.Wire;

namespace Violence.Kademlia.Tests.Runtime;

/// <summary>When a loop saves, in which order with what it sends, and what it does about a store that fails.</summary>
public sealed class SavingTests
{
    private const int NotSaved = 18;
    private const int SavedAgain = 19;

    private static readonly SaveResult Full = new(SaveStatus.DiskFull, "the disk is full");

    private readonly NodeIdentity _stranger = new(KeyedHashScheme.Instance, new byte[32].Select(static _ => (byte)7).ToArray());
    private readonly MessageWriter _writer = new();
    private ulong _transactions;

    [Test]
    public void A_record_is_saved_before_its_acknowledgement_leaves()
    {
        var store = new ScriptedStore();
        using LoopFixture it = new(store: store);
        it.Loop.Start();
        ulong cookie = CookieFrom(it);
        List<string> order = [];
        Record record = Signed(it, "one");
        store.OnCommit = changes => order.AddRange(changes.OfType<StateChange.Kept>().Select(kept => kept.Saved.Record.SameBytes(record) ? "saved" : "other"));
        it.Transport.OnSend = () => order.Add($"{it.ReadLastSent().Header.Kind}");

        Store(it, record, cookie);

        Assert.That(order, Is.EqualTo(["saved", nameof(MessageKind.Stored)]));
        Assert.That(it.ReadLastSent().Status, Is.EqualTo(StoreStatus.Stored));
    }

    [Test]
    public void An_own_record_is_saved_before_it_is_sent_to_anybody()
    {
        var store = new ScriptedStore();
        using LoopFixture it = new(store: store);
        it.Loop.Start();
        List<string> order = [];
        store.OnCommit = changes => order.AddRange(changes.OfType<StateChange.Owned>().Select(static _ => "saved"));
        it.Transport.OnSend = () => order.Add("sent");

        it.Loop.Post((engine, now) =>
        {
            engine.Table.Add(new Contact(_stranger.Id, LoopFixture.Stranger), now);
            engine.Put(RecordKey.FromText("test", "own"), "", [1], TimeSpan.FromHours(1), keepAlive: true, now);
        });

        Assert.That(order.Take(2), Is.EqualTo(["saved", "sent"]));
    }

    [Test]
    public void What_a_faulty_step_has_changed_is_saved_before_anything_is_sent()
    {
        var store = new ScriptedStore();
        using LoopFixture it = new(store: store);

        it.Loop.Post((engine, now) =>
        {
            engine.Put(RecordKey.FromText("test", "own"), "", [1], TimeSpan.FromHours(1), keepAlive: true, now);
            throw new InvalidOperationException("broken");
        });

        Assert.That(store.Saved, Has.Some.InstanceOf<StateChange.Owned>());
        Assert.That(it.Log.Entries.Select(static entry => entry.Exception?.Message), Is.EqualTo(["broken"]));
    }

    [Test]
    public void A_store_that_fails_is_told_once_the_node_serves_on_and_all_is_saved_when_it_works_again()
    {
        var store = new ScriptedStore();
        using LoopFixture it = new(store: store);
        it.Loop.Start();
        ulong cookie = CookieFrom(it);
        Record[] records = [Signed(it, "one"), Signed(it, "two"), Signed(it, "three")];
        store.Next = Full;

        StoreStatus[] answers = [.. records.Select(record => Store(it, record, cookie))];
        int[] whileFailing = Events(it);
        store.Next = SaveResult.Saved;
        it.Time.Advance(StateKeeper.FirstRetry);
        it.Time.Timer.Fire();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(answers, Is.All.EqualTo(StoreStatus.Stored));
            Assert.That(whileFailing, Is.EqualTo([NotSaved]));
            Assert.That(it.Log.Texts, Has.Some.Contains(Full.Problem));
            Assert.That(Events(it), Is.EqualTo([NotSaved, SavedAgain]));
            Assert.That(
                store.Saved.OfType<StateChange.Kept>().Select(static kept => kept.Saved.Record.Label),
                Is.EqualTo(records.Select(static record => record.Label)));
        }
    }

    [Test]
    public void The_timer_is_set_for_the_next_try_though_the_engine_has_nothing_to_do()
    {
        var store = new ScriptedStore();
        using LoopFixture it = new(store: store);
        it.Loop.Post((engine, now) => engine.Join([], hasSeeds: false, now));
        store.Next = Full;

        it.Loop.Post((engine, now) =>
            engine.Store.Put(Signed(it, "one"), Kademlia.Storage.RecordSource.Of(LoopFixture.Stranger), now, engine.UtcAt(now)));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(it.Engine.NextDeadline - Now(it), Is.GreaterThan(StateKeeper.FirstRetry), "or this shows nothing");
            Assert.That(it.Time.Timer.Settings[^1], Is.EqualTo(StateKeeper.FirstRetry));
        }
    }

    [Test]
    public void A_step_that_changes_nothing_does_not_touch_the_store()
    {
        var store = new ScriptedStore();
        using LoopFixture it = new(store: store);
        it.Loop.Start();
        ulong cookie = CookieFrom(it);
        Record record = Signed(it, "one");
        Store(it, record, cookie);
        int commits = store.Commits;

        Store(it, record, cookie);
        it.Transport.Deliver(LoopFixture.Stranger, _writer.Ping(Header(MessageKind.Ping), cookie, null));

        Assert.That((commits, store.Commits), Is.EqualTo((1, 1)));
    }

    [OneTimeTearDown]
    public void DisposeStranger() => _stranger.Dispose();

    private static Instant Now(LoopFixture it) => new(it.Time.GetElapsedTime(0).Ticks);

    private static int[] Events(LoopFixture it) => [.. it.Log.Entries.Select(static entry => entry.Event.Id)];

    private MessageHeader Header(MessageKind kind) => new(LoopFixture.Network, kind, new TransactionId(++_transactions), _stranger.Id, IsClient: true);

    private Record Signed(LoopFixture it, string label) => new RecordAuthorOf(_stranger, LoopFixture.Network)
        .Write(RecordKey.FromText("test", "key"), label, payload: 10, it.Time.GetUtcNow());

    private ulong CookieFrom(LoopFixture it)
    {
        it.Transport.Deliver(LoopFixture.Stranger, Padded(_writer.Ping(Header(MessageKind.Ping), null, null)));
        return it.ReadLastSent().Cookie;
    }

    private ReadOnlyMemory<byte> Padded(ReadOnlyMemory<byte> message) => message.Length < WireLimits.MaxDatagram ? _writer.Pad() : message;

    private StoreStatus Store(LoopFixture it, Record record, ulong cookie)
    {
        it.Transport.Deliver(LoopFixture.Stranger, _writer.Store(Header(MessageKind.Store), cookie, record.Bytes.Span).ToArray());
        return it.ReadLastSent().Status;
    }
}
