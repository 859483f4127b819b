using CsCheck;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Requests;

namespace Violence.Kademlia.Tests.Requests;

[TestFixture]
public sealed class PeerBookTests
{
    private static readonly Instant Start = Instant.FromMilliseconds(1_000);

    [Test]
    public void A_cookie_is_shown_for_ten_minutes()
    {
        var book = new PeerBook();
        book.SetCookie(Peer(1), 77, Start);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(book.TryGetCookie(Peer(1), Start + TimeSpan.FromMinutes(9.99), out ulong cookie), Is.True);
            Assert.That(cookie, Is.EqualTo(77));
            Assert.That(book.TryGetCookie(Peer(1), Start + TimeSpan.FromMinutes(10), out _), Is.False);
            Assert.That(book.TryGetCookie(Peer(2), Start, out _), Is.False);
        }
    }

    [Test]
    public void A_fresh_cookie_replaces_the_old_one_and_a_forgotten_one_is_gone()
    {
        var book = new PeerBook();
        book.SetCookie(Peer(1), 0, Start);
        book.SetCookie(Peer(1), 78, Start + TimeSpan.FromMinutes(9));
        bool known = book.TryGetCookie(Peer(1), Start + TimeSpan.FromMinutes(15), out ulong cookie);
        book.ForgetCookie(Peer(1));
        book.ForgetCookie(Peer(2));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(known, Is.True);
            Assert.That(cookie, Is.EqualTo(78));
            Assert.That(book.TryGetCookie(Peer(1), Start, out _), Is.False);
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
        book.ObserveRoundTrip(Peer(1), TimeSpan.FromMilliseconds(10));
        book.ObserveRoundTrip(Peer(2), TimeSpan.FromMilliseconds(90));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(book.Timeouts(Peer(1)), Is.EqualTo(Timeouts(30, 500)));
            Assert.That(book.Timeouts(Peer(2)), Is.EqualTo(Timeouts(270, 1080)));
            // Of 10, then 90 ms: SRTT 20, RTTVAR 23.75.
            Assert.That(book.Timeouts(Peer(3)), Is.EqualTo(Timeouts(115, 1000)));
            Assert.That(book.RoundTripOf(Peer(2)), Is.EqualTo(TimeSpan.FromMilliseconds(90)));
            Assert.That(book.RoundTripOf(Peer(3)), Is.Null);
        }
    }

    [Test]
    public void A_peer_of_which_only_a_cookie_is_known_is_waited_for_like_a_stranger()
    {
        var book = new PeerBook();
        book.SetCookie(Peer(1), 1, Start);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(book.Timeouts(Peer(1)), Is.EqualTo(RequestTimeouts.Prior));
            Assert.That(book.RoundTripOf(Peer(1)), Is.Null);
        }
    }

    [Test]
    public void A_peer_that_became_slower_than_its_time_out_is_waited_for_longer_each_time()
    {
        var book = new PeerBook();
        book.ObserveRoundTrip(Peer(1), TimeSpan.FromMilliseconds(100));
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
        Gen.Select(Gen.Int[1, 5], Gen.Select(Gen.Int[0, 11], Gen.Int[0, 2]).Array[0, 200]).Sample(
            (maximum, steps) =>
            {
                var book = new PeerBook(maximum);
                var model = new List<int>();
                foreach ((int peer, int step) in steps)
                {
                    switch (step)
                    {
                        case 0:
                            book.SetCookie(Peer(peer), (ulong)peer, Start);
                            Use(model, peer, maximum);
                            break;
                        case 1:
                            book.ObserveRoundTrip(Peer(peer), TimeSpan.FromMilliseconds(peer + 1));
                            Use(model, peer, maximum);
                            break;
                        default:
                            if (book.TryGetCookie(Peer(peer), Start, out ulong cookie))
                            {
                                Assert.That(cookie, Is.EqualTo((ulong)peer));
                                Use(model, peer, maximum);
                            }

                            break;
                    }
                }

                // What is forgotten has lost its round trip, and its cookie with it.
                for (int peer = 0; peer < 12; peer++)
                {
                    bool isKnown = book.RoundTripOf(Peer(peer)) is not null || book.TryGetCookie(Peer(peer), Start, out _);
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
            book.ObserveRoundTrip(peer, TimeSpan.FromMilliseconds(3));
            book.SetCookie(peer, 5, now);
            book.TryGetCookie(peer, now, out _);
            book.Timeouts(peer);
        }

        Assert.That(Allocations.Of(Once), Is.Zero);
    }

    [Test]
    public void A_book_has_room_for_somebody() =>
        Assert.That(() => new PeerBook(0), Throws.InstanceOf<ArgumentOutOfRangeException>());

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
