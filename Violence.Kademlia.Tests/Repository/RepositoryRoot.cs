namespace Violence.Kademlia.Tests.Repository;

/// <summary>The checked-out tree that the test assembly was built in.</summary>
internal static class RepositoryRoot
{
    // Found upwards from the assembly, not through CallerFilePath: deterministic builds rewrite source paths.
    public static string Path { get; } = Find();

    public static string File(params string[] parts) => System.IO.Path.Combine([Path, .. parts]);

    /// <summary>All C# files of the projects, as paths relative to the root with '/' between the parts.</summary>
    public static IReadOnlyList<string> SourceFiles(string project)
    {
        string folder = File(project);
        if (!Directory.Exists(folder))
        {
            return [];
        }

        return Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories)
            .Select(file => System.IO.Path.GetRelativePath(Path, file).Replace('\\', '/'))
            .Where(file => !file.Split('/').Any(part => part is "obj" or "bin"))
            .Order(StringComparer.Ordinal)
            .ToList();
    }

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (System.IO.File.Exists(System.IO.Path.Combine(folder.FullName, "Violence.sln")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException($"No Violence.sln above {AppContext.BaseDirectory}: the tests read the source tree.");
    }
}
