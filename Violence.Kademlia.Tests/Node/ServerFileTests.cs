using CsCheck;
using Violence.Kademlia.Node;
using Violence.Kademlia.Node.CommandLine;

namespace Violence.Kademlia.Tests.Node;

[TestFixture]
internal sealed class ServerFileTests
{
    [Test]
    public void Every_field_is_read()
    {
        var file = ServerFile.Parse(
            """{"name":"A","address":"h:1","genre":"g","region":"r","players":1,"max_players":2,"version":"v","mode":"m","has_password":true,"tags":["x","y"]}""");

        using (Assert.EnterMultipleScope())
        {
            Assert.That(file with { Tags = null }, Is.EqualTo(new ServerFile
            {
                Name = "A",
                Address = "h:1",
                Genre = "g",
                Region = "r",
                Players = 1,
                MaxPlayers = 2,
                Version = "v",
                Mode = "m",
                HasPassword = true,
            }));
            Assert.That(file.Tags, Is.EqualTo(new[] { "x", "y" }));
            Assert.That(ServerFile.Parse("{}"), Is.EqualTo(new ServerFile()));
        }
    }

    [TestCase("""{"colour":1}""", "'colour' is not a field; allowed: name, address, genre")]
    [TestCase("""{"Name":"a"}""", "'Name' is not a field")]
    [TestCase("""{"a\u001b[2Jb":1}""", "'a[2Jb' is not a field")]
    [TestCase("""{"name":"a","name":"b"}""", "'name' is there twice")]
    [TestCase("""{"name":1}""", "name is 1; it must be a text")]
    [TestCase("""{"name":"\ud800"}""", "it must be a text")]
    [TestCase("""{"players":"3"}""", "players is \"3\"; it must be a whole number")]
    [TestCase("""{"players":1.5}""", "it must be a whole number")]
    [TestCase("""{"max_players":99999999999}""", "it must be a whole number")]
    [TestCase("""{"has_password":"yes"}""", "it must be true or false")]
    [TestCase("""{"tags":"a"}""", "it must be a list of texts")]
    [TestCase("""{"tags":[1]}""", "it must be a list of texts")]
    [TestCase("""{"tags":null}""", "it must be a list of texts")]
    [TestCase("[]", "one JSON object")]
    [TestCase("{\n\"name\":", "it is no JSON (line 2)")]
    [TestCase("", "it is no JSON")]
    public void What_is_wrong_is_refused_by_name(string json, string complaint) =>
        Assert.That(() => ServerFile.Parse(json), Throws.TypeOf<UsageException>().With.Message.Contains(complaint));

    [Test]
    public void Any_text_is_read_or_refused() => Gen.String.Sample(text =>
    {
        try
        {
            _ = ServerFile.Parse(text);
        }
        catch (UsageException)
        {
            // Refused.
        }
    });
}
