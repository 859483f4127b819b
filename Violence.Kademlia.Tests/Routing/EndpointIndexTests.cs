using CsCheck;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Routing;
using static Violence.Kademlia.Tests.Routing.Neighbourhood;

namespace Violence.Kademlia.Tests.Routing;

[TestFixture]
public sealed class EndpointIndexTests
{
    [Test]
    public void It_finds_what_a_dictionary_finds_after_any_history() =>
        Gen.Int[0, 200].Array[0, 500].Sample(numbers =>
        {
            EntryPool pool = new();
            EndpointIndex index = new(pool);
            Dictionary<NodeEndpoint, int> model = [];
            foreach (int number in numbers)
            {
                NodeEndpoint endpoint = EndpointOf(number);
                if (model.Remove(endpoint, out int known))
                {
                    index.Remove(known);
                    pool.Return(known);
                }
                else
                {
                    int slot = pool.Rent(new Contact(IdAt(0, number), endpoint), Second(1));
                    index.Add(slot);
                    model.Add(endpoint, slot);
                }
            }

            return Enumerable.Range(0, 201).Select(EndpointOf).All(endpoint =>
                index.Find(endpoint) == model.GetValueOrDefault(endpoint, EntryPool.None));
        }, iter: 60);

    private static NodeEndpoint EndpointOf(int number) => (number % 3) switch
    {
        0 => Private(number),
        1 => Public(number % 25, number),
        _ => IPv6(number % 25, number),
    };
}
