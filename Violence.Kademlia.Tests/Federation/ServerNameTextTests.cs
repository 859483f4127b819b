using CsCheck;
using Violence.Kademlia.Federation;
using Violence.Kademlia.Identity;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Tests.Federation;

public sealed class ServerNameTextTests
{
    [TestCase("Arena One", "arena one", null)]
    [TestCase("  ARENA one ", "arena one", null)]
    [TestCase("Arena One#abcd-2345-wxyz", "arena one", "abcd2345wxyz")]
    [TestCase("Arena One#abcd2345wxyz", "arena one", "abcd2345wxyz")]
    [TestCase("Arena One # ABCD-2345-WXYZ ", "arena one", "abcd2345wxyz")]
    [TestCase("-#aaaaaaaaaaaa", "-", "aaaaaaaaaaaa")]
    public void Names_with_and_without_a_fingerprint_are_read(string text, string name, string? fingerprint)
    {
        bool isRead = ServerNameText.TryParse(text, out ServerNameText parsed, out string? problem);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(isRead, Is.True);
            Assert.That(problem, Is.Null);
            Assert.That(parsed, Is.EqualTo(new ServerNameText(name, fingerprint)));
        }
    }

    [TestCase("", "name")]
    [TestCase("   ", "name")]
    [TestCase("#abcd-2345-wxyz", "name")]
    [TestCase("bell\u0007", "name")]
    [TestCase("\u0410rena", "name")]
    [TestCase("this name has more characters than the 48 allowed", "name")]
    [TestCase("Arena#", "fingerprint")]
    [TestCase("Arena#abcd", "fingerprint")]
    [TestCase("Arena#abcd-2345-wxy", "fingerprint")]
    [TestCase("Arena#abcd-2345-wxyza", "fingerprint")]
    [TestCase("Arena#abcd-2345-wxy1", "fingerprint")]
    [TestCase("Arena#abcd-2345-wxyz#abcd-2345-wxyz", "fingerprint")]
    [TestCase("Arena#\u212abcd2345wxyz", "fingerprint")]
    public void Texts_that_cannot_name_a_server_are_refused_with_the_reason(string text, string part)
    {
        bool isRead = ServerNameText.TryParse(text, out _, out string? problem);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(isRead, Is.False);
            Assert.That(problem, Does.StartWith($"The {part} is "));
            Assert.That(problem, Has.None.Matches<char>(char.IsControl));
        }
    }

    [Test]
    public void Without_a_fingerprint_every_owner_is_admitted() =>
        Assert.That(new ServerNameText("arena", null).Admits(DirectorySamples.Owner(5)), Is.True);

    [Test]
    public void With_a_fingerprint_only_the_owner_of_all_of_it_is_admitted()
    {
        NodeId owner = new(0x0123_4567_89ab_cdef, 1, 1);
        string fingerprint = ServerNameText.Compact(NodeIdentity.FingerprintOf(owner));
        // Differs in the last of the 60 bits only.
        NodeId neighbour = new(0x0123_4567_89ab_cdff, 1, 1);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(new ServerNameText("arena", fingerprint).Admits(owner), Is.True);
            Assert.That(new ServerNameText("arena", fingerprint[..11]).Admits(owner), Is.False);
            Assert.That(new ServerNameText("arena", "zzzzzzzzzzzz").Admits(owner), Is.False);
            Assert.That(new ServerNameText("arena", fingerprint).Admits(neighbour), Is.False);
        }
    }

    [Test]
    public void Any_text_is_judged_without_an_exception() =>
        Gen.OneOf(Gen.String, Gen.String[Gen.Char["ab2#- "], 0, 60])
            .Sample(text => ServerNameText.TryParse(text, out _, out string? problem) == (problem is null));
}
