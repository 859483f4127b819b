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

    /// <param name="genre">The genre.</param>
    /// <param name="path">Which part of it (<see cref="Genres.GenreShard"/>). No genre has a stroke in it, so no other genre has this key.</param>
    public static RecordKey GenreShard(string genre, string path) => RecordKey.FromText("server-genre", $"{genre}/{path}");
}
