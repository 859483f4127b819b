using System.Net;
using CsCheck;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Requests;
using Violence.Kademlia.Tests.Primitives;

namespace Violence.Kademlia.Tests.Requests;

[TestFixture]
public sealed class AddressCookiesTests
{
    private static readonly NodeEndpoint Somebody = Endpoint("192.0.2.1", 4000);
    private static readonly Instant Start = Instant.FromMilliseconds(5_000);

    [Test]
    public void A_cookie_is_valid_for_the_endpoint_it_was_issued_to()
    {
        AddressCookies cookies = Cookies();

        Assert.That(cookies.Check(Somebody, cookies.Issue(Somebody, Start), Start), Is.True);
    }

    [TestCase("192.0.2.2", 4000, TestName = "A_cookie_is_of_no_use_at_another_address")]
    [TestCase("192.0.2.1", 4001, TestName = "A_cookie_is_of_no_use_at_another_port")]
    [TestCase("2001:db8::1", 4000, TestName = "A_cookie_is_of_no_use_in_another_family")]
    public void Bound(string address, int port)
    {
        AddressCookies cookies = Cookies();
        ulong cookie = cookies.Issue(Somebody, Start);

        Assert.That(cookies.Check(Endpoint(address, port), cookie, Start), Is.False);
    }

    [Test]
    public void An_endpoint_has_one_cookie_until_the_secret_changes_whoever_came_between()
    {
        AddressCookies cookies = Cookies();
        NodeEndpoint other = Endpoint("192.0.2.2", 4000);
        ulong first = cookies.Issue(Somebody, Start);
        ulong others = cookies.Issue(other, Start);
        ulong again = cookies.Issue(Somebody, Start);
        Instant later = Start + AddressCookies.SecretLifetime;
        ulong fresh = cookies.Issue(Somebody, later);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(again, Is.EqualTo(first).And.Not.EqualTo(others));
            Assert.That(fresh, Is.Not.EqualTo(first));
            Assert.That(cookies.Check(Somebody, fresh, later) && cookies.Check(Somebody, first, later), Is.True);
        }
    }

    // Issued `age` minutes before it is shown, `phase` minutes after the secret in use began.
    [TestCase(0, 9.99, true)]
    [TestCase(0, 10, true)]
    [TestCase(0, 19.99, true)]
    [TestCase(0, 20, false)]
    [TestCase(9.9, 10, true)]
    [TestCase(9.9, 10.2, false)]
    [TestCase(0, 25, false)]
    [TestCase(0, 3000, false)]
    public void A_cookie_lives_through_one_change_of_the_secret_and_not_two(double phase, double age, bool isValid)
    {
        AddressCookies cookies = Cookies();
        Instant issued = Start + TimeSpan.FromMinutes(phase);
        ulong cookie = cookies.Issue(Somebody, issued);

        Assert.That(cookies.Check(Somebody, cookie, issued + TimeSpan.FromMinutes(age)), Is.EqualTo(isValid));
    }

    [Test]
    public void The_same_holds_when_the_secret_changes_step_by_step()
    {
        AddressCookies cookies = Cookies();
        ulong cookie = cookies.Issue(Somebody, Start);
        bool[] valid = new bool[5];
        for (int i = 0; i < valid.Length; i++)
        {
            valid[i] = cookies.Check(Somebody, cookie, Start + TimeSpan.FromMinutes(5 + 10 * i));
        }

        Assert.That(valid, Is.EqualTo(new[] { true, true, false, false, false }));
    }

    [Test]
    public void A_new_secret_gives_another_cookie()
    {
        AddressCookies cookies = Cookies();
        ulong[] issued = [.. Enumerable.Range(0, 50).Select(i => cookies.Issue(Somebody, Start + TimeSpan.FromMinutes(10 * i)))];

        Assert.That(issued, Is.Unique);
    }

    [Test]
    public void Two_nodes_issue_different_cookies()
    {
        var other = new AddressCookies(EntropySource.Seeded(2), Start);

        Assert.That(other.Check(Somebody, Cookies().Issue(Somebody, Start), Start), Is.False);
    }

    [Test]
    public void A_guessed_cookie_is_invalid() =>
        Gen.ULong.Sample(guess => !Cookies().Check(Somebody, guess, Start), iter: 200);

    [Test]
    public void Issuing_and_checking_allocate_nothing()
    {
        AddressCookies cookies = Cookies();
        Instant now = Start;
        ulong cookie = 0;
        void Once()
        {
            now += TimeSpan.FromMinutes(1);
            cookie ^= cookies.Issue(Somebody, now);
            cookies.Check(Somebody, cookie, now);
        }

        Assert.That(Allocations.Of(Once), Is.Zero);
    }

    private static AddressCookies Cookies() => new(EntropySource.Seeded(1), Start);

    private static NodeEndpoint Endpoint(string address, int port) =>
        NodeEndpoint.From(IPAddress.Parse(address), (ushort)port);
}
