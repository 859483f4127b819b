namespace Violence.Kademlia.Tests.Architecture;

/// <summary>The library's levels: a namespace may use the levels below its own and itself, nothing else.</summary>
internal static class Layers
{
    public const string Root = "Violence.Kademlia";

    /// <summary>Stands for the root namespace, whose files lie in no folder.</summary>
    public const string RootFolder = "";

    private static readonly string[][] Levels =
    [
        ["Primitives"],
        ["Identity", "Wire", "Routing", "Storage", "Requests", "Admission", "Reachability", "Lookups", "Watching"],
        ["Engine"],
        ["Transport", "Persistence", "PortMapping", "Diagnostics"],
        ["Runtime"],
        [RootFolder],
        ["Federation"],
        ["Hosting"],
    ];

    public static IEnumerable<string> Folders => Levels.SelectMany(level => level);

    public static int LevelOf(string folder) => Array.FindIndex(Levels, level => level.Contains(folder));

    /// <summary>The folder that a namespace belongs to ("Engine" for ….Engine.Operations), null when it is not the library's.</summary>
    public static string? FolderOf(string ns)
    {
        if (ns == Root)
        {
            return RootFolder;
        }

        return ns.StartsWith(Root + ".", StringComparison.Ordinal) ? ns[(Root.Length + 1)..].Split('.')[0] : null;
    }

    /// <summary>Why one folder may not use another; null when it may.</summary>
    public static string? Objection(string from, string to)
    {
        int user = LevelOf(from);
        int used = LevelOf(to);
        if (user < 0 || used < 0)
        {
            return $"{Name(user < 0 ? from : to)} has no level in {nameof(Layers)}";
        }

        return from == to || used < user ? null : $"{Name(from)} (level {user}) may not use {Name(to)} (level {used})";
    }

    private static string Name(string folder) => folder == RootFolder ? "the root namespace" : folder;
}
