using CsCheck;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Requests;
using Violence.Kademlia.Tests.Primitives;

namespace Violence.Kademlia.Tests.Requests;

[TestFixture]
public sealed class PeerBookTests
{
    private static readonly Instant Start = Instant.FromMilliseconds(1_000);

    [Test]
    public void A_cookie_is_shown_for_ten_minutes()
    {
        var book = new PeerBook();
        Answer(book, Peer(1), milliseconds: 50, cookie: 77, Start);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(book.TryGetCookie(Peer(1), Start + TimeSpan.FromMinutes(9.99), out ulong cookie), Is.True);
            Assert.That(cookie, Is.EqualTo(77));
            Assert.That(book.TryGetCookie(Peer(1), Start + TimeSpan.FromMinutes(10), out _), Is.False);
            Assert.That(book.TryGetCookie(Peer(2), Start, out _), Is.False);
        }
    }

    [Test]
    public void A_fresh_cookie_replaces_the_old_one()
    {
        var book = new PeerBook();
        Answer(book, Peer(1), milliseconds: 50, cookie: 0, Start);
        Answer(book, Peer(1), milliseconds: 50, cookie: 78, Start + TimeSpan.FromMinutes(9));
        bool known = book.TryGetCookie(Peer(1), Start + TimeSpan.FromMinutes(15), out ulong cookie);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(known, Is.True);
            Assert.That(cookie, Is.EqualTo(78));
            Assert.That(book.Count, Is.EqualTo(1));
        }
    }

    [Test]
    public void Without_any_measurement_the_soft_time_out_is_250_ms() =>
        Assert.That(new PeerBook().Timeouts(Peer(1)), Is.EqualTo(Timeouts(250, 1000)));

    [Test]
    public void A_measured_peer_is_waited_for_by_its_own_round_trips_and_a_stranger_by_those_of_all()
    {
        var book = new PeerBook();
        Answer(book, Peer(1), milliseconds: 10);
        Answer(book, Peer(2), milliseconds: 90);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(book.Timeouts(Peer(1)), Is.EqualTo(Timeouts(30, 500)));
            Assert.That(book.Timeouts(Peer(2)), Is.EqualTo(Timeouts(270, 1080)));
            // Of 10, then 90 ms: SRTT 20, RTTVAR 23.75.
            Assert.That(book.Timeouts(Peer(3)), Is.EqualTo(Timeouts(115, 1000)));
        }
    }

    [Test]
    public void A_late_answer_makes_the_next_wait_longer_and_is_no_measurement_where_there_is_another()
    {
        var book = new PeerBook();
        Answer(book, Peer(1), milliseconds: 100);
        Answer(book, Peer(1), milliseconds: 3000, isLate: true);
        Answer(book, Peer(2), milliseconds: 300, isLate: true);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(book.Timeouts(Peer(1)).Hard.TotalMilliseconds, Is.EqualTo(2400), "as after a request given up");
            Assert.That(book.Timeouts(Peer(2)).Soft.TotalMilliseconds, Is.EqualTo(900), "all there is is what it took");
        }
    }

    [Test]
    public void A_peer_that_became_slower_than_its_time_out_is_waited_for_longer_each_time()
    {
        var book = new PeerBook();
        Answer(book, Peer(1), milliseconds: 100);
        var hard = new List<double>();
        for (int i = 0; i < 4; i++)
        {
            hard.Add(book.Timeouts(Peer(1)).Hard.TotalMilliseconds);
            book.ObserveTimeout(Peer(1));
        }

        Assert.That(hard, Is.EqualTo(new[] { 1200.0, 2400, 4000, 4000 }));
    }

    [Test]
    public void An_endpoint_that_never_answered_gets_no_entry()
    {
        var book = new PeerBook();
        book.ObserveTimeout(Peer(1));

        Assert.That(book.Count, Is.Zero);
    }

    [Test]
    public void A_full_book_forgets_the_least_recently_used_as_a_simple_list_would() =>
        Gen.Select(Gen.Int[1, 5], Gen.Select(Gen.Int[0, 11], Gen.Bool).Array[0, 200]).Sample(
            (maximum, steps) =>
            {
                var book = new PeerBook(maximum);
                var model = new List<int>();
                foreach ((int peer, bool isAnswer) in steps)
                {
                    if (isAnswer)
                    {
                        Answer(book, Peer(peer), milliseconds: peer + 1, cookie: (ulong)peer);
                        Use(model, peer, maximum);
                    }
                    else if (book.TryGetCookie(Peer(peer), Start, out ulong cookie))
                    {
                        Assert.That(cookie, Is.EqualTo((ulong)peer));
                        Use(model, peer, maximum);
                    }
                }

                for (int peer = 0; peer < 12; peer++)
                {
                    bool isKnown = book.TryGetCookie(Peer(peer), Start, out _);
                    Assert.That(isKnown, Is.EqualTo(model.Contains(peer)));
                }

                Assert.That(book.Count, Is.EqualTo(model.Count));
            },
            iter: 1000);

    [Test]
    public void Use_in_steady_state_allocates_nothing()
    {
        var book = new PeerBook(64);
        int next = 0;
        Instant now = Start;
        void Once()
        {
            NodeEndpoint peer = Peer(next++ % 100);
            now += TimeSpan.FromMilliseconds(1);
            Answer(book, peer, milliseconds: 3, cookie: 5, now);
            book.TryGetCookie(peer, now, out _);
            book.Timeouts(peer);
        }

        Assert.That(Allocations.Of(Once), Is.Zero);
    }

    [Test]
    public void A_book_has_room_for_somebody() =>
        Assert.That(() => new PeerBook(0), Throws.InstanceOf<ArgumentOutOfRangeException>());

    private static void Answer(PeerBook book, NodeEndpoint peer, int milliseconds, ulong cookie = 1, Instant? at = null, bool isLate = false) =>
        book.OnReply(peer, TimeSpan.FromMilliseconds(milliseconds), isLate, cookie, at ?? Start);

    private static void Use(List<int> model, int peer, int maximum)
    {
        model.Remove(peer);
        model.Add(peer);
        if (model.Count > maximum)
        {
            model.RemoveAt(0);
        }
    }

    private static RequestTimeouts Timeouts(int soft, int hard) =>
        new(TimeSpan.FromMilliseconds(soft), TimeSpan.FromMilliseconds(hard));

    private static NodeEndpoint Peer(int number) => NodeEndpoint.FromIPv4([10, 0, (byte)(number >> 8), (byte)number], 4000);
}
