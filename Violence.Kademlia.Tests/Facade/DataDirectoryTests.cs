using System.Net;
using Violence.Kademlia.Identity;
using Violence.Kademlia.Persistence;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Tests.Networks;
using Violence.Kademlia.Tests.Persistence;
using Violence.Kademlia.Tests.Runtime;

namespace Violence.Kademlia.Tests.Facade;

/// <summary>What a node keeps from one run to the next, and that only one at a time does.</summary>
public sealed class DataDirectoryTests
{
    private TemporaryDirectory _directory = null!;

    private KademliaOptions Options => KademliaOptions.LocalNetwork with
    {
        Network = $"directory-{TestContext.CurrentContext.Test.ID}",
        DataDirectory = _directory.Path,
    };

    [SetUp]
    public void MakeDirectory() => _directory = new TemporaryDirectory();

    [TearDown]
    public void RemoveDirectory() => _directory.Dispose();

    [Test]
    public async Task A_node_is_the_same_after_a_restart_and_another_in_another_directory()
    {
        await using KademliaNode first = await KademliaNode.StartAsync(Options);
        await first.StopAsync();
        await using KademliaNode second = await KademliaNode.StartAsync(Options);
        await using KademliaNode other = await KademliaNode.StartAsync(Options with { DataDirectory = _directory.File("deeper", "down") });

        Assert.That(second.Id, Is.EqualTo(first.Id));
        Assert.That(other.Id, Is.Not.EqualTo(first.Id));
    }

    [Test]
    public async Task A_restarted_node_finds_back_without_its_seeds_and_still_owns_its_records()
    {
        RecordKey key = RecordKey.FromText("directory", "mine");
        await using KademliaNode other = await KademliaNode.StartAsync(Options with { DataDirectory = null });
        await using KademliaNode first = await KademliaNode.StartAsync(Options with { Bootstrap = [$"{other.LocalEndPoint}"] });
        await first.PutAsync(key, "old"u8.ToArray());
        await first.StopAsync();

        await using KademliaNode second = await KademliaNode.StartAsync(Options);
        BootstrapResult join = await second.BootstrapAsync().WaitAsync(Eventually.Deadline);
        PutResult put = await second.PutAsync(key, "new"u8.ToArray());

        using (Assert.EnterMultipleScope())
        {
            Assert.That((join.Status, join.Peers), Is.EqualTo((BootstrapStatus.Joined, 1)));
            Assert.That(put.IsStored, Is.True);
            Assert.That((await other.GetAsync(key)).Records.Single().Record.Payload.ToArray(), Is.EqualTo("new"u8.ToArray()));
        }
    }

    [Test]
    public async Task A_second_node_in_the_directory_fails_and_the_first_works_on()
    {
        await using KademliaNode first = await KademliaNode.StartAsync(Options);

        Assert.That(
            async () => await KademliaNode.StartAsync(Options),
            Throws.InstanceOf<KademliaException>().With.Message.Contains(_directory.Path).And.Message.Contains("in use by another node"));

        await using KademliaNode elsewhere = await KademliaNode.StartAsync(
            Options with { DataDirectory = null, Bootstrap = [$"{first.LocalEndPoint}"] });
        Assert.That((await elsewhere.BootstrapAsync().WaitAsync(Eventually.Deadline)).Peers, Is.EqualTo(1));
    }

    [Test]
    public async Task A_start_that_fails_lets_go_of_the_directory()
    {
        await using KademliaNode other = await KademliaNode.StartAsync(Options with { DataDirectory = null });
        Assert.That(
            async () => await KademliaNode.StartAsync(Options with { Listen = other.LocalEndPoint }), Throws.InstanceOf<KademliaException>());

        await using KademliaNode node = await KademliaNode.StartAsync(Options);

        Assert.That(node.Id, Is.Not.EqualTo(other.Id));
    }

    [Test]
    public async Task A_damaged_identity_fails_the_start_and_the_message_names_file_and_remedy()
    {
        await (await KademliaNode.StartAsync(Options)).DisposeAsync();
        string file = _directory.File(IdentityFile.FileName);
        string text = await File.ReadAllTextAsync(file);
        await File.WriteAllTextAsync(file, text[..^10] + "\n");

        Assert.That(
            async () => await KademliaNode.StartAsync(Options),
            Throws.InstanceOf<KademliaException>().With.Message.Contains(file).And.Message.Contains("damaged").And.Message.Contains("backup"));
    }

    [Test]
    public void A_directory_that_cannot_be_made_fails_the_start_and_is_named()
    {
        string file = _directory.File("file");
        File.WriteAllText(file, "not a directory");

        Assert.That(
            async () => await KademliaNode.StartAsync(Options with { DataDirectory = Path.Combine(file, "data") }),
            Throws.InstanceOf<KademliaException>().With.Message.Contains(file).And.Message.Contains("another data directory"));
    }

    [Test]
    public async Task A_restarted_node_holds_what_it_held_and_owns_what_it_owned()
    {
        await using KademliaNode other = await KademliaNode.StartAsync(Options with { DataDirectory = null });
        KademliaNode first = await KademliaNode.StartAsync(Options with { Bootstrap = [$"{other.LocalEndPoint}"] });
        await first.BootstrapAsync().WaitAsync(Eventually.Deadline);
        await Eventually.HoldsAsync("each knows the other", _ => Task.FromResult(other.GetContacts().Count == 1 && first.GetContacts().Count == 1));
        PutResult own = await first.PutAsync(RecordKey.FromText("directory", "mine"), "mine"u8.ToArray());
        PutResult others = await other.PutAsync(RecordKey.FromText("directory", "theirs"), "theirs"u8.ToArray());
        HeldRecordInfo before = first.GetHeldRecords().Single(held => held.Record.Owner == other.Id);
        await first.StopAsync(sayGoodbye: false);

        await using KademliaNode second = await KademliaNode.StartAsync(Options);
        HeldRecordInfo after = second.GetHeldRecords().Single(held => held.Record.Owner == other.Id);
        OwnedRecordInfo owned = second.GetOwnedRecords().Single();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(after.Record.Bytes.ToArray(), Is.EqualTo(others.Record.Bytes.ToArray()));
            Assert.That(after.HeldFor, Is.GreaterThan(before.HeldFor));
            Assert.That(after.Remaining, Is.LessThan(before.Remaining));
            Assert.That(owned.Record.Bytes.ToArray(), Is.EqualTo(own.Record.Bytes.ToArray()));
            Assert.That(owned.Holders, Is.EqualTo([new Contact(other.Id, NodeEndpoint.From(other.LocalEndPoint))]));
            Assert.That(owned.NextPublication, Is.InRange(TimeSpan.Zero, TimeSpan.FromMinutes(18)));
            Assert.That(owned.Remaining, Is.InRange(TimeSpan.Zero, Record.MaxTimeToLive));
        }
    }

    [Test]
    public async Task A_damaged_state_file_is_set_aside_and_named_and_the_node_starts_without_it()
    {
        string file = _directory.File(StateFile.FileName);
        await File.WriteAllTextAsync(file, string.Concat(Enumerable.Repeat("this is no database. ", 500)));
        LogCapture log = new();

        await using KademliaNode node = await KademliaNode.StartAsync(Options with { LoggerFactory = log });
        await node.PutAsync(RecordKey.FromText("directory", "key"), "kept"u8.ToArray());
        await node.StopAsync();
        await using KademliaNode next = await KademliaNode.StartAsync(Options with { LoggerFactory = log });

        using (Assert.EnterMultipleScope())
        {
            Assert.That(log.Texts, Has.Exactly(1).Contains("set aside").And.Some.Contains(file));
            Assert.That(Directory.GetFiles(_directory.Path, $"{StateFile.FileName}.damaged-*"), Has.Length.EqualTo(1));
            Assert.That(next.GetOwnedRecords(), Has.Count.EqualTo(1), "the new file is used");
        }
    }

    [Test]
    public async Task Unreadable_contacts_do_not_keep_a_node_from_starting()
    {
        await File.WriteAllBytesAsync(_directory.File(ContactsFile.FileName), [0, 255, 10, 7, 65, 66]);

        await using KademliaNode node = await KademliaNode.StartAsync(Options);

        Assert.That((await node.BootstrapAsync().WaitAsync(Eventually.Deadline)).Status, Is.EqualTo(BootstrapStatus.NoSeeds));
    }

    [Test]
    public async Task An_identity_that_was_given_is_used_kept_and_not_written()
    {
        using NodeIdentity identity = NodeIdentity.Create();

        await using (KademliaNode node = await KademliaNode.StartAsync(Options with { Identity = identity }))
        {
            Assert.That(node.Id, Is.EqualTo(identity.Id));
        }

        byte[] seed = new byte[NodeIdentity.SeedSize];
        Assert.That(() => identity.ExportSeed(seed), Throws.Nothing);
        Assert.That(File.Exists(_directory.File(IdentityFile.FileName)), Is.False);
    }

    [Test]
    public async Task A_restart_at_the_same_address_is_the_same_node_to_the_others()
    {
        await using KademliaNode other = await KademliaNode.StartAsync(Options with { DataDirectory = null });
        KademliaOptions options = Options with { Bootstrap = [$"{other.LocalEndPoint}"] };
        IPEndPoint local;
        await using (KademliaNode first = await KademliaNode.StartAsync(options))
        {
            await first.BootstrapAsync().WaitAsync(Eventually.Deadline);
            local = first.LocalEndPoint;
            await first.StopAsync(sayGoodbye: false);
        }

        await using KademliaNode second = await KademliaNode.StartAsync(options with { Listen = local });
        await second.BootstrapAsync().WaitAsync(Eventually.Deadline);

        await Eventually.HoldsAsync(
            "the other knows it once", _ => Task.FromResult(other.GetContacts().Count(contact => contact.Id == second.Id)), count => count == 1);
    }
}
