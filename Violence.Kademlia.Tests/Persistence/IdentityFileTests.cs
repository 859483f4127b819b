using System.Collections.Concurrent;
using System.Runtime.Versioning;
using System.Text;
using CsCheck;
using Violence.Kademlia.Persistence;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Tests.Persistence;

[TestFixture]
public sealed class IdentityFileTests
{
    private TemporaryDirectory _temporary = null!;
    private string _directory = null!;
    private string _file = null!;

    [SetUp]
    public void SetUp()
    {
        _temporary = new TemporaryDirectory();
        _directory = _temporary.File("data", "node");
        _file = Path.Combine(_directory, IdentityFile.FileName);
    }

    [TearDown]
    public void TearDown() => _temporary.Dispose();

    [Test]
    public void The_identity_is_created_once_and_then_stays()
    {
        StoredIdentity first = Load(seed: 1);
        StoredIdentity second = Load(seed: 2);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(first.Created, Is.True);
            Assert.That(second.Created, Is.False);
            Assert.That(first.Seed, Has.Length.EqualTo(IdentityFile.SeedSize));
            Assert.That(second.Seed, Is.EqualTo(first.Seed));
            Assert.That(first.Access, Is.EqualTo(IdentityFileAccess.OwnerOnly));
            Assert.That(second.Access, Is.EqualTo(IdentityFileAccess.OwnerOnly));
        }
    }

    [Test]
    public void Two_nodes_have_two_identities()
    {
        StoredIdentity one = IdentityFile.LoadOrCreate(_temporary.File("one"), EntropySource.System());
        StoredIdentity other = IdentityFile.LoadOrCreate(_temporary.File("other"), EntropySource.System());

        Assert.That(one.Seed, Is.Not.EqualTo(other.Seed));
    }

    [Test]
    public void The_format_stays_readable()
    {
        WriteFile("violence-kad identity 1 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f 3bf47b32\n");

        Assert.That(Load().Seed, Is.EqualTo(Enumerable.Range(0, 32).Select(i => (byte)i).ToArray()));
    }

    [Test]
    [Platform(Exclude = "Win", Reason = "Windows keeps rights in access lists.")]
    [UnsupportedOSPlatform("windows")]
    public void Only_the_owner_has_rights_on_the_file_and_the_directory()
    {
        Load();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(File.GetUnixFileMode(_file), Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite));
            Assert.That(
                File.GetUnixFileMode(_directory),
                Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute));
            Assert.That(Directory.GetFileSystemEntries(_directory), Is.EqualTo(new[] { _file }), "No temporary file stays.");
        }
    }

    [Test]
    [Platform(Exclude = "Win", Reason = "Windows keeps rights in access lists.")]
    [UnsupportedOSPlatform("windows")]
    public void A_file_that_others_can_read_is_tightened_and_reported_once()
    {
        byte[] seed = Load().Seed;
        File.SetUnixFileMode(_file, UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead);

        StoredIdentity open = Load();
        StoredIdentity closed = Load();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(open.Seed, Is.EqualTo(seed));
            Assert.That(open.Access, Is.EqualTo(IdentityFileAccess.Tightened));
            Assert.That(closed.Access, Is.EqualTo(IdentityFileAccess.OwnerOnly));
            Assert.That(File.GetUnixFileMode(_file), Is.EqualTo(UnixFileMode.UserRead));
        }
    }

    [Test]
    public void Any_changed_character_is_noticed()
    {
        Load();
        string line = File.ReadAllText(_file).TrimEnd('\n');
        Gen<(int Place, char Other)> changes = Gen.Select(Gen.Int[0, line.Length - 1], Gen.Char[' ', '~']);

        changes.Where(change => line[change.Place] != change.Other).Sample(change =>
        {
            var damaged = new StringBuilder(line) { [change.Place] = change.Other };
            File.WriteAllText(_file, damaged.ToString());
            Assert.That(() => Load(), Throws.TypeOf<IdentityFileException>());
            Assert.That(File.ReadAllText(_file), Is.EqualTo(damaged.ToString()), "It is left for somebody to look at.");
        }, threads: 1);
    }

    [Test]
    public void Any_truncation_is_noticed()
    {
        Load();
        string line = File.ReadAllText(_file).TrimEnd('\n');
        for (int length = 0; length < line.Length; length++)
        {
            File.WriteAllText(_file, line[..length]);
            Assert.That(() => Load(), Throws.TypeOf<IdentityFileException>(), $"Length {length}");
        }
    }

    [TestCase("", "is empty")]
    [TestCase("-----BEGIN PRIVATE KEY-----\n", "not an identity of this program")]
    [TestCase("violence-kad identity 2 abc\n", "another format")]
    [TestCase("violence-kad identity 1 abc\n", "damaged")]
    [TestCase("violence-kad identity 1 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f 3bf47b33\n", "damaged")]
    [TestCase("violence-kad identity 1 gg0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f 6551afb5\n", "damaged")]
    public void A_file_that_is_no_identity_is_an_error_that_says_which_what_and_what_to_do(string content, string problem)
    {
        WriteFile(content);

        Assert.That(
            () => Load(),
            Throws.TypeOf<IdentityFileException>().With.Message.Contains(_file)
                .And.Message.Contains(problem)
                .And.Message.Contains("Restore it from a backup"));
    }

    [Test]
    public void A_large_foreign_file_is_not_read_whole_and_line_endings_of_editors_do_no_harm()
    {
        byte[] seed = Load().Seed;
        File.WriteAllText(_file, File.ReadAllText(_file).Replace("\n", "\r\n", StringComparison.Ordinal));
        byte[] edited = Load().Seed;
        File.WriteAllBytes(_file, new byte[1 << 20]);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(edited, Is.EqualTo(seed));
            Assert.That(() => Load(), Throws.TypeOf<IdentityFileException>());
        }
    }

    [Test]
    public void A_directory_that_cannot_be_made_or_written_is_an_error_that_names_the_file()
    {
        File.WriteAllText(_temporary.File("data"), "a file where the directory should be");
        string taken = _temporary.File("taken");
        Directory.CreateDirectory(Path.Combine(taken, IdentityFile.FileName));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => Load(), Throws.TypeOf<IdentityFileException>().With.Message.Contains(_file));
            Assert.That(
                () => IdentityFile.LoadOrCreate(taken, EntropySource.Seeded(1)),
                Throws.TypeOf<IdentityFileException>().With.Message.Contains(taken));
            Assert.That(Directory.GetFiles(taken), Is.Empty, "No temporary file stays.");
        }
    }

    [Test]
    public void Of_processes_that_start_together_one_creates_the_identity_and_the_others_find_it_or_fail()
    {
        for (int round = 0; round < 20; round++)
        {
            string directory = _temporary.File($"round-{round}");
            var found = new ConcurrentBag<StoredIdentity>();
            var failed = new ConcurrentBag<Exception>();
            using var together = new Barrier(4);
            Thread[] starters = Enumerable.Range(0, 4).Select(_ => new Thread(() =>
            {
                together.SignalAndWait();
                try
                {
                    found.Add(IdentityFile.LoadOrCreate(directory, EntropySource.System()));
                }
                catch (IdentityFileException e)
                {
                    failed.Add(e);
                }
            })).ToArray();
            Array.ForEach(starters, starter => starter.Start());
            Array.ForEach(starters, starter => starter.Join());

            using (Assert.EnterMultipleScope())
            {
                Assert.That(found.Count + failed.Count, Is.EqualTo(4));
                Assert.That(found.Select(identity => Convert.ToHexString(identity.Seed)).Distinct().Count(), Is.EqualTo(1));
                Assert.That(found.Count(identity => identity.Created), Is.EqualTo(1));
                Assert.That(Directory.GetFileSystemEntries(directory), Has.Length.EqualTo(1));
            }
        }
    }

    [Test]
    public void A_claim_of_a_process_that_does_not_finish_is_an_error_and_one_left_behind_is_none()
    {
        Directory.CreateDirectory(_directory);
        using (new FileStream(_file + ".lock", FileMode.Create, FileAccess.ReadWrite, FileShare.None))
        {
            Assert.That(() => Load(), Throws.TypeOf<IdentityFileException>().With.Message.Contains(_file));
        }

        Assert.That(Load().Created, Is.True);
    }

    private StoredIdentity Load(ulong seed = 1) => IdentityFile.LoadOrCreate(_directory, EntropySource.Seeded(seed));

    private void WriteFile(string content)
    {
        Directory.CreateDirectory(_directory);
        File.WriteAllText(_file, content);
    }
}
