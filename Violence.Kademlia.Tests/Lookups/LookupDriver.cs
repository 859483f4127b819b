using Violence.Kademlia.Lookups;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Tests.Lookups;

/// <summary>
/// Runs a lookup to its end in an order drawn from a seed: who answers next, who is late, who fails. Checks on the way what
/// must hold at every step.
/// </summary>
internal sealed class LookupDriver(Lookup lookup, NodeId self, LookupLimits limits, EntropySource entropy)
{
    private readonly HashSet<NodeId> _ids = [];
    private readonly HashSet<NodeEndpoint> _endpoints = [];
    private readonly List<Contact> _inTime = [];
    private readonly List<Contact> _late = [];

    /// <summary>Chance that a node in flight passes its soft time-out before anything else happens to it.</summary>
    public double Slow { get; init; }

    /// <summary>Chance that a node fails.</summary>
    public double Failing { get; init; }

    public List<NodeId> Failed { get; } = [];

    public List<NodeId> Answered { get; } = [];

    /// <summary>Stops where the lookup is complete; what is then in flight is left alone.</summary>
    public void Run(Func<Contact, Contact[]> answer)
    {
        while (true)
        {
            Ask();
            if (lookup.IsComplete)
            {
                Assert.That(lookup.TryNext(out _), Is.False, "a complete lookup asks nobody");
                return;
            }

            Assert.That(_inTime.Count + _late.Count, Is.Positive, "neither complete nor waiting for anybody");
            Step(answer);
        }
    }

    private void Ask()
    {
        while (lookup.TryNext(out Contact contact))
        {
            Assert.That(contact.Id, Is.Not.EqualTo(self));
            Assert.That(_ids.Add(contact.Id), Is.True, "an id is asked once");
            Assert.That(_endpoints.Add(contact.Endpoint), Is.True, "an endpoint is asked once");
            _inTime.Add(contact);
            Assert.That(_inTime, Has.Count.LessThanOrEqualTo(limits.Parallelism));
        }

        Assert.That(lookup.InFlight, Is.EqualTo(_inTime.Count + _late.Count));
        Assert.That(lookup.Requests, Is.EqualTo(_ids.Count));
        Assert.That(lookup.Requests, Is.LessThanOrEqualTo(limits.MaxRequests));
    }

    private void Step(Func<Contact, Contact[]> answer)
    {
        int chosen = entropy.NextInt32(_inTime.Count + _late.Count);
        bool isLate = chosen >= _inTime.Count;
        List<Contact> from = isLate ? _late : _inTime;
        int index = isLate ? chosen - _inTime.Count : chosen;
        Contact contact = from[index];
        from.RemoveAt(index);
        if (!isLate && entropy.NextDouble() < Slow)
        {
            lookup.OnSlow(contact.Id);
            _late.Add(contact);
        }
        else if (entropy.NextDouble() < Failing)
        {
            lookup.OnFailure(contact.Id);
            Failed.Add(contact.Id);
        }
        else
        {
            Assert.That(lookup.OnReply(contact.Id, answer(contact)), Is.True);
            Answered.Add(contact.Id);
        }
    }
}
