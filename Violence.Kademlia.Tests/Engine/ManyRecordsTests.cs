using Violence.Kademlia.Engine.Operations;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Storage;
using Violence.Kademlia.Tests.Storage;
using Violence.Kademlia.Tests.Wire;
using Violence.Kademlia.Wire;

namespace Violence.Kademlia.Tests.Engine;

/// <summary>Keys with the records of many owners: read whole, soon, and without preferring anybody.</summary>
[TestFixture]
internal sealed class ManyRecordsTests
{
    [TestCase(50)]
    [TestCase(130)]
    [TestCase(600)]
    public void Every_record_is_found_and_the_first_fifty_soon(int records)
    {
        var many = new ManyRecords(records, seed: 3);

        GetOperation get = many.Get();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(get.Found.Select(found => found.Record.Owner), Is.EqualTo(many.Records.Select(record => record.Owner).Order()));
            Assert.That(get.Found.Select(found => found.Holders), Is.All.InRange(3, 8), "three are read to their end, of the others a page each");
            Assert.That(many.News[44], Is.LessThanOrEqualTo(2 * many.RoundTrip));
            Assert.That(many.News[49], Is.LessThanOrEqualTo(4 * many.RoundTrip));
            Assert.That(many.News[^1], Is.LessThanOrEqualTo((2 + records / 40) * many.RoundTrip), "each holder alone needs as many round trips as there are pages");
        }
    }

    [Test]
    public void No_holder_and_nobody_has_to_answer_many_pages_at_once()
    {
        var many = new ManyRecords(600, seed: 3_002);

        many.Get();

        Assert.That(many.Pages, Has.Count.GreaterThan(300));
        foreach ((Instant at, NodeEndpoint holder) in many.Pages)
        {
            List<NodeEndpoint> underWay =
                [.. many.Pages.Where(page => page.At <= at && at - page.At < many.RoundTrip).Select(static page => page.Holder)];
            Assert.That(underWay, Has.Count.LessThanOrEqualTo(32));
            Assert.That(underWay.Count(other => other == holder), Is.LessThanOrEqualTo(8));
        }
    }

    [TestCase(1)]
    [TestCase(2)]
    [TestCase(3)]
    public void What_one_reply_holds_costs_one_request_to_each_holder(int records)
    {
        var many = new ManyRecords(records, seed: 3_003);

        GetOperation get = many.Get();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(get.Found, Has.Count.EqualTo(records));
            Assert.That(get.Requests, Is.EqualTo(3));
            Assert.That(many.Asked, Is.SubsetOf(many.Holders[..8].Select(holder => holder.Endpoint)), "any of those that should hold them");
            Assert.That(get.Elapsed, Is.EqualTo(many.RoundTrip));
        }
    }

    [TestCase(0.0)]
    [TestCase(0.05)]
    public void What_only_some_holders_have_is_found_too(double loss)
    {
        var many = new ManyRecords(200, seed: 3_004, isAt: static (record, holder) => (record + holder) % 3 == 0);
        many.Network.Loss = loss;

        Assert.That(many.Get().Found, Has.Count.EqualTo(200));
    }

    [Test]
    public void All_holders_of_a_popular_key_carry_its_readers_alike()
    {
        var many = new ManyRecords(60, seed: 3_013);
        List<NodeEndpoint> read = [];
        for (int i = 0; i < 100; i++)
        {
            many.Get();
            read.AddRange(many.Pages.Select(static page => page.Holder));
        }

        int[] pages = [.. many.Holders.Select(holder => read.Count(other => other == holder.Endpoint))];
        Assert.That(pages, Is.All.InRange(pages.Average() / 2, 1.5 * pages.Average()));
    }

    /// <summary>A player's stays of a quarter of an hour do not fit into one reply, and few look for one player.</summary>
    [Test]
    public void What_few_read_is_read_from_the_closest_and_not_from_all()
    {
        var many = new ManyRecords(20, seed: 3_014);

        GetOperation get = many.Get(isPopular: false);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(get.Found, Has.Count.EqualTo(20));
            Assert.That(many.Asked.Distinct().Count(), Is.LessThanOrEqualTo(4), "as many as are asked at once");
            Assert.That(many.Asked, Is.SupersetOf(many.Holders[..3].Select(holder => holder.Endpoint)));
        }
    }

    [Test]
    public void Where_all_have_the_same_three_holders_are_read_and_no_more()
    {
        var many = new ManyRecords(60, seed: 3_015);

        many.Get();

        Assert.That(many.Pages.Select(static page => page.Holder).Distinct().Count(), Is.EqualTo(3));
    }

    [TestCase(0)]
    [TestCase(3)]
    [TestCase(7)]
    public void Two_thirds_that_a_single_holder_has_are_found_whoever_is_read_first(int only)
    {
        // All tell of as many: nothing but what it shows gives it away.
        var many = new ManyRecords(120, seed: 3_016, isAt: (record, holder) => record < 40 ? holder != only : record < 80 == (holder == only) || record >= 100);

        Assert.That(many.Get().Found, Has.Count.EqualTo(120));
    }

    [Test]
    public void Who_has_little_of_what_there_is_takes_nobodys_place()
    {
        // The closest four have just come: all that they have fits into one reply.
        var many = new ManyRecords(150, seed: 3_014, isAt: static (record, holder) => holder > 3 || record < 2);

        GetOperation get = many.Get();

        Assert.That(get.Found, Has.Count.EqualTo(150));
        Assert.That(many.Pages.Select(static page => page.Holder).Distinct().Count(), Is.EqualTo(3));
    }

    [TestCase(0.0)]
    [TestCase(0.05)]
    public void A_holder_that_falls_silent_while_many_pages_are_under_way_is_replaced_by_one_read_all_around(double loss)
    {
        // The closest two have nothing that the fourth does not have; what the third has, it takes along.
        var many = new ManyRecords(300, seed: 3_005, isAt: static (record, holder) => holder > 1 || record % 10 == 0);
        NodeEndpoint third = many.Holders[2].Endpoint;
        many.Network.Loss = loss;
        many.Network.IsBlocked = (from, _) => from == third && many.Pages.Count(page => page.Holder == third) > 20;

        GetOperation get = many.Get();

        Assert.That(get.Found, Has.Count.EqualTo(300));
        Assert.That(many.Pages.Count(page => page.Holder == third), Is.InRange(21, 40));
    }

    [Test]
    public void One_lost_page_does_not_cost_a_holder()
    {
        var many = new ManyRecords(100, seed: 3_006);
        int answers = 0;
        TransactionId? lost = null;
        var message = new IncomingMessage();
        many.Network.ExtraDelay = (from, to, bytes) =>
        {
            MessageReader.Read(bytes, VirtualNetwork.NetworkId, message);
            bool isAnswer = many.Pages.Count > 0 && from == many.Pages[0].Holder && to == many.Asker.Endpoint && message.Header.Kind == MessageKind.Values;
            lost = isAnswer && ++answers == 5 ? message.Header.Transaction : lost;

            // The answer to the same request sent once more is lost too.
            return isAnswer && message.Header.Transaction == lost ? TimeSpan.FromHours(1) : TimeSpan.Zero;
        };

        GetOperation get = many.Get();

        Assert.That(lost, Is.Not.Null);
        Assert.That(get.Found, Has.Count.EqualTo(100));
        Assert.That(many.Pages.Select(static page => page.Holder).Distinct().Count(), Is.EqualTo(3), "nobody was read in its stead");
    }

    [Test]
    public void A_limit_gives_a_fair_sample()
    {
        const int Gets = 400;
        var many = new ManyRecords(200, seed: 3_007);
        var times = many.Records.ToDictionary(static record => record.Owner, static _ => 0);
        int found = 0;
        for (int i = 0; i < Gets; i++)
        {
            GetOperation get = many.Get(limit: 20);
            Assert.That(get.Found, Has.Count.InRange(20, 24));
            Assert.That(get.Requests, Is.LessThanOrEqualTo(16));
            found += get.Found.Count;
            foreach (FoundRecord record in get.Found)
            {
                times[record.Record.Owner]++;
            }
        }

        double share = found / 200.0;
        double spread = times.Values.Average(count => Math.Pow(count - share, 2));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(times.Values.Max(), Is.LessThan(3 * share));
            Assert.That(times.Values.Min(), Is.Positive);
            Assert.That(Math.Sqrt(spread), Is.LessThan(share * 0.6), "who stands behind a wide gap comes somewhat oftener");
        }
    }

    [Test]
    public void Pages_that_only_say_where_the_looking_through_ended_are_read_on_from()
    {
        var many = new ManyRecords(980, seed: 3_008, payload: static i => Payload((byte)(i % 49 == 0 ? 7 : 1)));

        GetOperation get = many.Get(filter: PayloadFilterTests.Bytes(
            PayloadFilterTests.Condition(0, FilterOperator.NumberAtLeast).Number(7)));

        Assert.That(get.Found.Count(static found => found.Record.Payload.Span[1] == 7), Is.EqualTo(20));
        Assert.That(get.Requests, Is.LessThan(50));
        Assert.That(get.HeldCount, Is.EqualTo(980));
    }

    [Test]
    public void The_count_is_what_most_holders_tell_and_takes_one_reply_of_each()
    {
        // Of the closest three the second has not heard of all yet.
        var many = new ManyRecords(130, seed: 3_009, isAt: static (record, holder) => holder != 1 || record % 2 == 0);

        GetOperation all = many.Get();
        GetOperation count = many.Network.Run<GetOperation>(many.Asker, static (engine, now) => engine.Count(ManyRecords.Key, onHeldCount: null, now));

        Assert.That(all.HeldCount, Is.EqualTo(130));
        Assert.That((count.HeldCount, count.Requests), Is.EqualTo((130, 3)));
    }

    [Test]
    public void Of_two_holders_the_count_is_the_larger_and_of_none_it_is_nothing()
    {
        var many = new ManyRecords(40, seed: 3_010, isAt: static (record, holder) => holder == 0 || (holder == 2 && record < 10));

        Assert.That(many.Get().HeldCount, Is.EqualTo(40));
        Assert.That(PutGetTests.Get(many.Network, many.Asker, RecordKey.FromText("test", "none")).HeldCount, Is.Zero);
    }

    [Test]
    public void While_it_is_read_no_single_holder_makes_the_count_larger_than_another_says()
    {
        var many = new ManyRecords(130, seed: 3_012, isAt: static (record, holder) => holder == 0 || (holder is 1 or 2 && record < 10));
        List<int> heard = [];

        many.Network.Run<GetOperation>(
            many.Asker, (engine, now) => engine.Get(ManyRecords.Key, GetMode.All, null, 1_000, null, now, filter: null, told => heard.Add(told.Agreed)));

        Assert.That(heard, Is.Not.Empty.And.All.EqualTo(10));
    }

    [Test]
    public void A_holder_that_asks_counts_and_reads_its_own_too()
    {
        var many = new ManyRecords(100, seed: 3_011);

        GetOperation get = many.Network.Run<GetOperation>(
            many.Holders[0], (engine, now) => engine.Get(ManyRecords.Key, GetMode.All, null, 1_000, null, now));

        Assert.That((get.Found.Count, get.HeldCount), Is.EqualTo((100, 100)));
        Assert.That(get.Found.Select(found => found.Holders), Is.All.InRange(4, 8));
    }

    [Test]
    public void A_first_request_with_a_place_to_begin_at_gets_contacts_and_a_page_gets_none()
    {
        var many = new ManyRecords(40, seed: 3_012);
        var asker = new Stranger(many.Network);
        var heard = new List<(int Contacts, NodeId First)>();
        asker.OnMessage = (holder, message) =>
        {
            if (message.Header.Kind == MessageKind.Values && RecordCodec.TryParse(message.RecordAt(0).Span, out Record? record, out _))
            {
                heard.Add((message.ContactCount, record.Owner));
            }
        };
        NodeId[] owners = [.. many.Records.Select(static record => record.Owner).Order()];

        asker.FindValue(many.Holders[0].Endpoint, ManyRecords.Key, AddressFamilies.Both, new RecordCursor(owners[19], "server 9999"));
        asker.FindValue(many.Holders[0].Endpoint, ManyRecords.Key, AddressFamilies.None, new RecordCursor(owners[39], "server 9999"));
        asker.FindValue(many.Holders[0].Endpoint, ManyRecords.Key, AddressFamilies.None, cursor: null);
        many.Network.RunFor(TimeSpan.FromSeconds(1));

        Assert.That(heard.Select(static said => said.First), Is.EqualTo(new[] { owners[20], owners[0], owners[0] }));
        Assert.That(heard.Select(static said => said.Contacts > 0), Is.EqualTo(new[] { true, false, false }));
    }

    private static byte[] Payload(byte number) => new Pack().Array(2).Number(number).Text("row").ToArray();
}
