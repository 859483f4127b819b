using System.Globalization;
using Violence.Kademlia.Federation;

namespace Violence.Kademlia.Node.Demo;

/// <summary>Makes up the demo's servers: several genres and regions, each genre in several regions.</summary>
internal static class DemoServers
{
    private static readonly string[] Genres = ["deathmatch", "capture-the-flag", "duel", "survival", "co-op"];
    private static readonly string[] Regions = ["eu-west", "us-east", "asia-south"];
    private static readonly string[] Tags = ["ranked", "hardcore", "beginners", "voice", "modded"];

    public static IReadOnlyList<DemoServer> Create(int count, Random random) =>
        [.. Enumerable.Range(0, count).Select(index => new DemoServer(Describe(index, random)))];

    private static ServerInfo Describe(int index, Random random)
    {
        int room = 8 << random.Next(4);
        return new ServerInfo
        {
            Name = string.Create(CultureInfo.InvariantCulture, $"Violence Arena {index + 1:000}"),
            // 203.0.113.0/24 is reserved for documentation (RFC 5737): nobody is called there.
            Address = string.Create(CultureInfo.InvariantCulture, $"203.0.113.{(index % 254) + 1}:{27_015 + index}"),
            Genre = Genres[index % Genres.Length],
            Region = Regions[random.Next(Regions.Length)],
            Players = random.Next(room + 1),
            MaxPlayers = room,
            Version = "1.4.2",
            Tags = [Tags[random.Next(Tags.Length)]],
        };
    }
}
