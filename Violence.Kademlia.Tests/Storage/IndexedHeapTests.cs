using CsCheck;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Storage;

namespace Violence.Kademlia.Tests.Storage;

[TestFixture]
public sealed class IndexedHeapTests
{
    [Test]
    public void The_first_to_expire_is_on_top_after_any_additions_moves_and_removals()
    {
        // An action: its kind, which entry it hits, and the time it sets.
        Gen.Select(Gen.Int[0, 4], Gen.Int[0, 1_000], Gen.Long[0, 50]).Array[0, 200].Sample(actions =>
        {
            var heap = new IndexedHeap<RecordEntry, ByExpiry>();
            var model = new List<RecordEntry>();
            foreach ((int kind, int which, long time) in actions)
            {
                if (kind <= 2 || model.Count == 0)
                {
                    var entry = new RecordEntry(TestRecords.Create(), default, default) { Expires = new Instant(time) };
                    heap.Add(entry);
                    model.Add(entry);
                }
                else if (kind == 3)
                {
                    RecordEntry entry = model[which % model.Count];
                    entry.Expires = new Instant(time);
                    heap.Moved(entry);
                }
                else
                {
                    RecordEntry entry = model[which % model.Count];
                    heap.Remove(entry);
                    model.Remove(entry);
                }

                Assert.That(heap.Count, Is.EqualTo(model.Count));
                Assert.That(heap.TryPeek(out RecordEntry? first), Is.EqualTo(model.Count > 0));
                Assert.That(first?.Expires, Is.EqualTo(model.MinBy(entry => entry.Expires.Ticks)?.Expires));
            }

            var order = new List<Instant>();
            while (heap.TryPeek(out RecordEntry? first))
            {
                order.Add(first.Expires);
                heap.Remove(first);
            }

            Assert.That(order, Is.Ordered);
            Assert.That(order, Has.Count.EqualTo(model.Count));
        }, iter: 500);
    }
}
