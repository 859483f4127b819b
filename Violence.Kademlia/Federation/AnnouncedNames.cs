using System.Runtime.CompilerServices;

namespace Violence.Kademlia.Federation;

/// <summary>
/// The names one node has live announcements of, shared by all directories over that node: two announcements of one name
/// would overwrite each other's record, and disposing of one would withdraw the other. Safe for any thread.
/// </summary>
internal sealed class AnnouncedNames
{
    private static readonly ConditionalWeakTable<KademliaNode, AnnouncedNames> ByNode = [];

    private readonly Lock _gate = new();
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);

    public static AnnouncedNames Of(KademliaNode node) => ByNode.GetValue(node, static _ => new AnnouncedNames());

    /// <summary>Takes a normalized name; false when it is taken.</summary>
    public bool TryTake(string normalizedName)
    {
        lock (_gate)
        {
            return _names.Add(normalizedName);
        }
    }

    public void Release(string normalizedName)
    {
        lock (_gate)
        {
            _names.Remove(normalizedName);
        }
    }
}
