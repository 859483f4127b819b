using Violence.Kademlia.Engine.Operations;
using Violence.Kademlia.Primitives;
namespace Violence.Kademlia.Tests.Engine;
[TestFixture, Explicit]
internal sealed class ProbeTests
{
    [Test]
    public void Probe()
    {
        foreach (int records in new[] { 2, 10, 50, 130, 500 })
        {
            List<int> requests = []; List<double> fifty = [], all = [], end = [];
            for (ulong seed = 1; seed <= 5; seed++)
            {
                var many = new ManyRecords(records, seed);
                many.Get();
                long before = many.Network.Nodes.Sum(n => n.Engine.Counters.DatagramsSent);
                GetOperation get = many.Get();
                Assert.That(get.Found, Has.Count.EqualTo(records));
                requests.Add(get.Requests);
                fifty.Add(many.News[Math.Min(49, many.News.Count - 1)].TotalMilliseconds / 20);
                all.Add(many.News[^1].TotalMilliseconds / 20);
                end.Add(get.Elapsed.TotalMilliseconds / 20);
            }
            TestContext.Out.WriteLine($"{records}: requests {requests.Average():F1}, RT until 50 {fifty.Average():F1}, all {all.Average():F1}, end {end.Average():F1}");
        }
    }
}
