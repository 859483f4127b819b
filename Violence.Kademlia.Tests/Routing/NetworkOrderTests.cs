using CsCheck;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Routing;
using static Violence.Kademlia.Tests.Routing.Neighbourhood;

namespace Violence.Kademlia.Tests.Routing;

[TestFixture]
public sealed class NetworkOrderTests
{
    [Test]
    public void It_counts_what_a_plain_search_counts_after_any_history() =>
        Gen.Int[0, 60].Array[0, 200].Sample(numbers =>
        {
            EntryPool pool = new();
            NetworkOrder order = new(pool);
            Dictionary<int, int> slots = [];
            foreach (int number in numbers)
            {
                if (slots.Remove(number, out int known))
                {
                    order.Remove(known);
                    pool.Return(known);
                }
                else
                {
                    int slot = pool.Rent(ContactOf(number), Second(1));
                    order.Insert(slot);
                    slots.Add(number, slot);
                }
            }

            return Enumerable.Range(0, 61).Select(ContactOf).All(contact => new[] { 0, 1, 2, 3, 8, NodeId.Bits }.All(bits =>
                order.Range(contact.Endpoint.NetworkPrefix, contact.Id, bits).ToArray().ToHashSet().SetEquals(
                    slots.Where(pair => IsInRange(ContactOf(pair.Key), contact, bits)).Select(pair => pair.Value))));
        }, iter: 100);

    private static bool IsInRange(Contact contact, Contact other, int bits) =>
        contact.Endpoint.NetworkPrefix == other.Endpoint.NetworkPrefix && contact.Id.CommonPrefixLength(other.Id) >= bits;

    private static Contact ContactOf(int number) =>
        new(IdAt(number % 5, number), number % 2 == 0 ? Public(number % 3, number) : IPv6(number % 3, number));
}
