using CsCheck;
using Violence.Kademlia.Lookups;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Tests.Lookups;

[TestFixture]
public sealed class ShortlistTests
{
    [Test]
    public void Hearsay_about_a_known_id_or_endpoint_is_not_believed()
    {
        Shortlist list = new(NodeId.Zero, 10);
        list.Add(Contact(5, 5), isFirstHand: false, depth: 1);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(list.Add(Contact(5, 6), isFirstHand: false, depth: 1), Is.False);
            Assert.That(list.Add(Contact(6, 5), isFirstHand: false, depth: 1), Is.False);
            Assert.That(Contacts(list), Is.EqualTo(new[] { Contact(5, 5) }));
        }
    }

    [Test]
    public void What_is_known_first_hand_takes_the_place_of_hearsay_about_its_id_and_its_endpoint()
    {
        Shortlist list = new(NodeId.Zero, 10);
        list.Add(Contact(5, 50), isFirstHand: false, depth: 1);
        list.Add(Contact(7, 70), isFirstHand: false, depth: 1);
        list.Add(Contact(9, 90), isFirstHand: false, depth: 1);
        bool added = list.Add(Contact(5, 90), isFirstHand: true, depth: 0);
        bool same = list.Add(Contact(7, 70), isFirstHand: true, depth: 0);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(added, Is.True);
            Assert.That(same, Is.True);
            Assert.That(Contacts(list), Is.EqualTo(new[] { Contact(5, 90), Contact(7, 70) }));
            Assert.That(list[1].Depth, Is.Zero);
        }
    }

    [Test]
    public void Whoever_was_asked_or_is_first_hand_itself_keeps_its_place()
    {
        Shortlist list = new(NodeId.Zero, 10);
        list.Add(Contact(5, 50), isFirstHand: false, depth: 1);
        list.Mark(0, CandidateState.Failed);
        list.Add(Contact(7, 70), isFirstHand: true, depth: 0);
        list.Add(Contact(9, 90), isFirstHand: false, depth: 1);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(list.Add(Contact(5, 51), isFirstHand: true, depth: 0), Is.False);
            Assert.That(list.Add(Contact(8, 70), isFirstHand: true, depth: 0), Is.False);
            // Its id is only hearsay's, but its endpoint is taken: the hearsay must not be lost for that.
            Assert.That(list.Add(Contact(9, 70), isFirstHand: true, depth: 0), Is.False);
            Assert.That(Contacts(list), Is.EqualTo(new[] { Contact(5, 50), Contact(7, 70), Contact(9, 90) }));
        }
    }

    [Test]
    public void Random_histories_agree_with_a_sorted_list() =>
        Gen.Select(Gen.Int[0, 30], Gen.Int[0, 30], Gen.Int[0, 5]).Array[0, 120].Sample(
            steps =>
            {
                const int Cap = 6;
                NodeId target = new(0, 0, 13);
                Shortlist list = new(target, Cap);
                var model = new List<Candidate>();
                foreach ((int id, int endpoint, int kind) in steps)
                {
                    if (kind == 0)
                    {
                        Mark(list, model, id);
                        continue;
                    }

                    bool added = list.Add(Contact(id, endpoint), isFirstHand: kind == 1, depth: 3);
                    Assert.That(added, Is.EqualTo(Add(model, Contact(id, endpoint), kind == 1, target, Cap)));
                    Assert.That(Contacts(list), Is.EqualTo(model.Select(candidate => candidate.Contact)));
                }
            },
            iter: 1000);

    private static void Mark(Shortlist list, List<Candidate> model, int id)
    {
        int rank = model.FindIndex(candidate => candidate.Contact.Id == IdOf(id));
        Assert.That(list.Find(IdOf(id)), Is.EqualTo(rank));
        if (rank >= 0)
        {
            list.Mark(rank, CandidateState.Asked);
            model[rank] = model[rank] with { State = CandidateState.Asked };
        }
    }

    private static bool Add(List<Candidate> model, Contact contact, bool isFirstHand, NodeId target, int cap)
    {
        List<Candidate> rivals = model.FindAll(other => other.Contact.Id == contact.Id || other.Contact.Endpoint == contact.Endpoint);
        if (rivals.Exists(rival => !isFirstHand || rival.IsFirstHand || rival.State != CandidateState.Unasked))
        {
            return false;
        }

        model.RemoveAll(rivals.Contains);
        var added = new Candidate { Contact = contact, IsFirstHand = isFirstHand, Depth = 3 };
        model.Add(added);
        model.Sort((left, right) => left.Contact.Id.DistanceTo(target).CompareTo(right.Contact.Id.DistanceTo(target)));
        if (model.Count(candidate => candidate.State == CandidateState.Unasked) > cap)
        {
            model.RemoveAt(model.FindLastIndex(candidate => candidate.State == CandidateState.Unasked));
        }

        return model.Contains(added);
    }

    private static Contact[] Contacts(Shortlist list) => [.. Enumerable.Range(0, list.Count).Select(rank => list[rank].Contact)];

    private static Contact Contact(int id, int endpoint) => new(IdOf(id), StaticNetwork.EndpointOf(endpoint));

    private static NodeId IdOf(int number) => new(0, 0, (uint)number);
}
