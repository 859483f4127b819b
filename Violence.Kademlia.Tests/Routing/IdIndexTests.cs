using CsCheck;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Routing;
using static Violence.Kademlia.Tests.Routing.Neighbourhood;

namespace Violence.Kademlia.Tests.Routing;

[TestFixture]
public sealed class IdIndexTests
{
    [Test]
    public void It_finds_what_a_dictionary_finds_at_any_time() =>
        Gen.Select(Gen.Int[0, 12], Gen.Int[0, 12]).Array[0, 300].Sample(steps =>
        {
            EntryPool pool = new();
            IdIndex index = new(pool);
            Dictionary<NodeId, int> model = [];
            foreach ((int changed, int asked) in steps)
            {
                NodeId id = IdOf(changed);
                if (model.Remove(id, out int known))
                {
                    index.Remove(known);
                    pool.Return(known);
                }
                else
                {
                    int slot = pool.Rent(new Contact(id, Public(changed, 1)), Second(1));
                    index.Add(slot);
                    model.Add(id, slot);
                }

                // Often the one that was asked for before, and has gone since.
                if (index.Find(IdOf(asked)) != model.GetValueOrDefault(IdOf(asked), EntryPool.None))
                {
                    return false;
                }
            }

            return true;
        }, iter: 200);

    /// <summary>The first is what is left in an entry that was returned.</summary>
    private static NodeId IdOf(int number) => number == 0 ? NodeId.Zero : IdAt(number, number);
}
