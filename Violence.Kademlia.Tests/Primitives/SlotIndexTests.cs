using CsCheck;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Tests.Primitives;

[TestFixture]
public sealed class SlotIndexTests
{
    // Few hashes, so that slots compete for cells and stand in each other's way.
    [Test]
    public void It_finds_the_slots_of_a_hash_after_any_history() =>
        Gen.Select(Gen.Int[1, 40], Gen.Int[0, 60].Array[0, 300]).Sample((hashes, slots) =>
        {
            int HashOf(int slot) => slot % hashes;
            var index = new SlotIndex(HashOf);
            HashSet<int> model = [];
            foreach (int slot in slots)
            {
                if (model.Remove(slot))
                {
                    index.Remove(slot, HashOf(slot));
                }
                else
                {
                    index.Add(slot, HashOf(slot));
                    model.Add(slot);
                }
            }

            return index.Count == model.Count && Enumerable.Range(0, hashes).All(hash =>
                Found(index, hash).SetEquals(model.Where(slot => HashOf(slot) == hash)));
        }, iter: 300);

    // These hashes differ in their upper bits. Of others that do not, the owner would tell the slots apart by their keys.
    private static HashSet<int> Found(SlotIndex index, int hash)
    {
        HashSet<int> found = [];
        int cell = -1;
        while (index.TryNext(hash, ref cell, out int slot))
        {
            found.Add(slot);
        }

        return found;
    }
}
