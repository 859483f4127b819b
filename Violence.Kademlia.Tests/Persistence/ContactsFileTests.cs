using System.Net;
using CsCheck;
using Violence.Kademlia.Persistence;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Tests.Persistence;

[TestFixture]
public sealed class ContactsFileTests
{
    private TemporaryDirectory _temporary = null!;

    private string Text => _temporary.File(ContactsFile.FileName);

    [SetUp]
    public void SetUp() => _temporary = new TemporaryDirectory();

    [TearDown]
    public void TearDown() => _temporary.Dispose();

    [Test]
    public void Contacts_come_back_as_they_were_saved()
    {
        Gen<Contact> contacts = Gen.Select(
            Gen.Byte.Array[NodeId.Size],
            Gen.Byte.Array[16],
            Gen.Bool,
            Gen.UShort[1, ushort.MaxValue],
            (id, address, isIPv4, port) => new Contact(new NodeId(id), Endpoint(address, isIPv4, port)));

        contacts.Where(contact => contact.Endpoint.IsSendable).Array[0, 20].Sample(expected =>
        {
            Assert.That(ContactsFile.TrySave(_temporary.Path, expected, out _), Is.True);
            LoadedContacts loaded = ContactsFile.Load(_temporary.Path);
            Assert.That(loaded.Contacts, Is.EqualTo(expected));
            Assert.That((loaded.SkippedLines, loaded.Problem), Is.EqualTo((0, default(string))));
        }, threads: 1, iter: 50);
    }

    [Test]
    public void Only_the_first_contacts_up_to_the_limit_are_kept()
    {
        Contact[] many = Enumerable.Range(0, ContactsFile.MaxContacts + 50).Select(ContactNumber).ToArray();

        ContactsFile.TrySave(_temporary.Path, many, out _);
        LoadedContacts saved = ContactsFile.Load(_temporary.Path);
        File.WriteAllLines(Text, many.Select(contact => $"{contact.Id} {contact.Endpoint}"));
        LoadedContacts foreign = ContactsFile.Load(_temporary.Path);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(saved.Contacts, Is.EqualTo(many[..ContactsFile.MaxContacts]));
            Assert.That(saved.SkippedLines, Is.Zero);
            Assert.That(foreign.Contacts, Is.EqualTo(many[..ContactsFile.MaxContacts]));
            Assert.That(foreign.SkippedLines, Is.EqualTo(50));
        }
    }

    [TestCase("0000000000000000000000000000000000000001")]
    [TestCase("0000000000000000000000000000000000000001 ")]
    [TestCase("0000000000000000000000000000000000000001 127.0.0.1")]
    [TestCase("0000000000000000000000000000000000000001 127.0.0.1:0")]
    [TestCase("0000000000000000000000000000000000000001 0.0.0.0:4001")]
    [TestCase("0000000000000000000000000000000000000001 example.org:4001")]
    [TestCase("000000000000000000000000000000000000001 127.0.0.1:4001")]
    [TestCase("\0\u00ff\u00fe garbage")]
    public void A_damaged_line_costs_that_line_only(string damaged)
    {
        Contact[] good = [ContactNumber(1), ContactNumber(2)];
        File.WriteAllText(Text, $"# A note\r\n{good[0].Id} {good[0].Endpoint}\r\n{damaged}\r\n\r\n{good[1].Id}   {good[1].Endpoint}");

        LoadedContacts loaded = ContactsFile.Load(_temporary.Path);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(loaded.Contacts, Is.EqualTo(good));
            Assert.That(loaded.SkippedLines, Is.EqualTo(1));
            Assert.That(loaded.Problem, Is.Null);
        }
    }

    [Test]
    public void Arbitrary_bytes_never_throw() =>
        Gen.Byte.Array[0, 2000].Sample(bytes =>
        {
            File.WriteAllBytes(Text, bytes);
            Assert.That(ContactsFile.Load(_temporary.Path).Problem, Is.Null);
        }, threads: 1, iter: 50);

    [Test]
    public void A_huge_file_is_read_up_to_a_limit_only()
    {
        File.WriteAllText(Text, new string('\n', 1 << 20) + $"{ContactNumber(1).Id} {ContactNumber(1).Endpoint}");

        Assert.That(ContactsFile.Load(_temporary.Path).Contacts, Is.Empty);
    }

    [Test]
    public void No_file_means_no_contacts_and_no_problem()
    {
        LoadedContacts noFile = ContactsFile.Load(_temporary.Path);
        LoadedContacts noDirectory = ContactsFile.Load(_temporary.File("none"));

        using (Assert.EnterMultipleScope())
        {
            Assert.That((noFile.Contacts.Count, noFile.SkippedLines, noFile.Problem), Is.EqualTo((0, 0, default(string))));
            Assert.That((noDirectory.Contacts.Count, noDirectory.SkippedLines, noDirectory.Problem), Is.EqualTo((0, 0, default(string))));
        }
    }

    [Test]
    public void What_cannot_be_read_or_written_is_a_problem_told_and_not_an_exception()
    {
        Directory.CreateDirectory(Text);

        bool saved = ContactsFile.TrySave(_temporary.Path, [ContactNumber(1)], out string problem);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(saved, Is.False);
            Assert.That(problem, Is.Not.Empty);
            Assert.That(ContactsFile.Load(_temporary.Path).Problem, Is.Not.Empty);
            Assert.That(Directory.GetFiles(_temporary.Path), Is.Empty, "No temporary file stays.");
        }
    }

    [Test]
    public void Saving_replaces_the_file_whole_and_makes_the_directory()
    {
        string directory = _temporary.File("data", "node");
        ContactsFile.TrySave(directory, [ContactNumber(1), ContactNumber(2)], out _);
        ContactsFile.TrySave(directory, [ContactNumber(3)], out _);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(ContactsFile.Load(directory).Contacts, Is.EqualTo(new[] { ContactNumber(3) }));
            Assert.That(Directory.GetFileSystemEntries(directory), Has.Length.EqualTo(1));
        }
    }

    private static Contact ContactNumber(int number) =>
        new(new NodeId(0, 0, (uint)number), NodeEndpoint.From(IPAddress.Parse("192.0.2.1"), (ushort)(1 + number)));

    private static NodeEndpoint Endpoint(byte[] address, bool isIPv4, ushort port) =>
        NodeEndpoint.From(isIPv4 ? new IPAddress(address.AsSpan(0, 4)) : new IPAddress(address), port);
}
