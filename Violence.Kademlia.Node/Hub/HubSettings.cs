using System.Net;
using Violence.Kademlia.Federation;

namespace Violence.Kademlia.Node.Hub;

/// <summary>How a hub is served. The limits are on what strangers can make it hold or do.</summary>
internal sealed record HubSettings
{
    /// <summary>The genres in use: whoever asks for no genre gets these.</summary>
    public static IReadOnlyList<string> KnownGenres { get; } = ["fantasy", "scifi", "horror", "cyberpunk", "postapoc", "western"];

    public IPEndPoint Http { get; init; } = new(IPAddress.Loopback, 8080);

    /// <summary>Who announces has to know it; null: anybody may announce.</summary>
    public string? Token { get; init; }

    /// <summary>Other hubs that are told to who asks.</summary>
    public IReadOnlyList<string> Peers { get; init; } = [];

    /// <summary>Requests of one source address a minute, and as many announcements over its WebSockets.</summary>
    public int RequestsPerMinute { get; init; } = 60;

    public int MostServers { get; init; } = 10_000;

    public int MostServersPerSource { get; init; } = 256;

    public int MostConnections { get; init; } = 2_000;

    public int MostSocketsPerSource { get; init; } = 64;

    /// <summary>Players of all servers together that the hub publishes in the DHT; zero: none.</summary>
    public int MostPublishedPlayers { get; init; } = 1_000;

    /// <summary>How the DHT is told of players, and asked for them.</summary>
    public ServerDirectoryOptions Directory { get; init; } = new();

    /// <summary>Bytes of a request's body, and of a WebSocket message.</summary>
    public int MostBytes { get; init; } = 16 * 1024;

    /// <summary>How long a server announced by POST is listed.</summary>
    public TimeSpan PostLease { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>How long a server announced over a WebSocket is listed.</summary>
    public TimeSpan SocketLease { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a WebSocket may be silent.</summary>
    public TimeSpan SocketSilence { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How long a query waits for the DHT before it goes with what is known here.</summary>
    public TimeSpan DhtPatience { get; init; } = TimeSpan.FromSeconds(3);

    public TimeProvider Time { get; init; } = TimeProvider.System;
}
