using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Federation;

/// <summary>
/// Where rows stand. Under a name's key an owner has one row, with an empty label; under a genre's key one for each of its
/// servers, labelled with the normalized name. A row elsewhere than its contents say is not listed.
/// </summary>
internal static class DirectoryKeys
{
    public const string NameLabel = "";

    public static RecordKey Name(string normalizedName) => RecordKey.FromText("server-name", normalizedName);

    public static RecordKey Genre(string genre) => RecordKey.FromText("server-genre", genre);
}
