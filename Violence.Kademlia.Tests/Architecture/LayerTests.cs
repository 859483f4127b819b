using System.Reflection;
using Violence.Kademlia.Tests.Repository;

namespace Violence.Kademlia.Tests.Architecture;

/// <summary>The library keeps to its levels, in its source and in what was compiled from it.</summary>
[TestFixture]
public sealed class LayerTests
{
    private static readonly IReadOnlyList<TypeUse> Uses = LibraryUses();

    [Test]
    public void The_source_uses_only_lower_levels()
    {
        var files = RepositoryRoot.SourceFiles(Layers.Root);

        Assert.Multiple(() =>
        {
            Assert.That(files, Is.Not.Empty);
            Assert.That(
                files.SelectMany(file => SourceUses.Violations(file[(Layers.Root.Length + 1)..], File.ReadAllText(RepositoryRoot.File(file)))),
                Is.Empty);
        });
    }

    [Test]
    public void The_compiled_code_uses_only_lower_levels() => Assert.Multiple(() =>
    {
        Assert.That(Uses, Is.Not.Empty);
        Assert.That(LayerViolations(Uses), Is.Empty);
    });

    [Test]
    public void The_engine_and_what_is_below_it_touch_no_clock_task_lock_socket_file_or_log() =>
        Assert.That(PurityViolations(Uses), Is.Empty);

    internal static IEnumerable<string> LayerViolations(IEnumerable<TypeUse> uses) =>
        from use in uses
        let user = Layers.FolderOf(use.User.Namespace)
        let used = Layers.FolderOf(use.Used.Namespace)
        where user is not null && used is not null
        let objection = Layers.Objection(user, used)
        where objection is not null
        select $"{use.User}: {objection}: {use.Used}";

    internal static IEnumerable<string> PurityViolations(IEnumerable<TypeUse> uses) =>
        from use in uses
        let user = Layers.FolderOf(use.User.Namespace)
        where user is not null
        let objection = Purity.Objection(user, use.Used)
        where objection is not null
        select $"{use.User}: {objection}";

    private static IReadOnlyList<TypeUse> LibraryUses()
    {
        using FileStream file = File.OpenRead(Assembly.Load(Layers.Root).Location);
        return AssemblyUses.Of(file);
    }
}
