using System.Text.Json.Serialization;
using Violence.Kademlia.Federation;

namespace Violence.Kademlia.Node.Output;

/// <summary>A server as the JSON output shows it.</summary>
internal sealed record ServerDocument(
    string Name,
    string Address,
    string Genre,
    string Region,
    int Players,
    int MaxPlayers,
    string Version,
    IReadOnlyList<string> Tags,
    string Owner,
    string Fingerprint,
    ulong Sequence,
    DateTimeOffset AnnouncedAt,
    int Holders,
    string Mode,
    bool HasPassword,
    string Liveness,
    double? LeaseSeconds,
    double? AgeSeconds,
    double? PingMs)
{
    public static ServerDocument Of(ServerListing listing) => new(
        listing.Server.Name,
        listing.Server.Address,
        listing.Server.Genre,
        listing.Server.Region,
        listing.Server.Players,
        listing.Server.MaxPlayers,
        listing.Server.Version,
        listing.Server.Tags,
        listing.Owner.ToString(),
        listing.Fingerprint,
        listing.Sequence,
        listing.AnnouncedAt,
        listing.Holders,
        listing.Server.Mode,
        listing.Server.HasPassword,
        Documents.Word(listing.Liveness),
        listing.Lease?.TotalSeconds,
        listing.Age?.TotalSeconds,
        listing.Ping is { } ping ? Math.Round(ping.TotalMilliseconds, 3) : null);
}

/// <summary>What <c>lookup --json</c> prints.</summary>
internal sealed record LookupDocument(
    string Status,
    ServerDocument? Server,
    IReadOnlyList<ServerDocument> Rivals,
    double ElapsedMs,
    int Requests,
    int Hops);

/// <summary>What <c>run --json</c> prints when the node listens.</summary>
internal sealed record ReadyDocument(string Event, string Id, string Fingerprint, string Address, string Network, string Mode);

/// <summary>What <c>hub --json</c> prints when the node listens and HTTP is served.</summary>
internal sealed record HubReadyDocument(string Event, string Id, string Fingerprint, string Address, string Network, string Http);

/// <summary>What <c>announce --json</c> prints when the server is announced.</summary>
internal sealed record AnnouncedDocument(
    string Event,
    string Name,
    string SecureName,
    int Acks,
    int Wanted,
    bool Stored,
    string Id,
    string Fingerprint,
    string Address);

/// <summary>What <c>announce --json</c> prints when the server is withdrawn.</summary>
internal sealed record WithdrawnDocument(string Event, string Name);

/// <summary>The program's JSON documents: field names in snake_case, no reflection at run time.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(LookupDocument))]
[JsonSerializable(typeof(IReadOnlyList<ServerDocument>))]
[JsonSerializable(typeof(ReadyDocument))]
[JsonSerializable(typeof(HubReadyDocument))]
[JsonSerializable(typeof(AnnouncedDocument))]
[JsonSerializable(typeof(WithdrawnDocument))]
[JsonSerializable(typeof(PlayerLookupDocument))]
[JsonSerializable(typeof(PutDocument))]
[JsonSerializable(typeof(GetDocument))]
[JsonSerializable(typeof(RecordsDocument))]
[JsonSerializable(typeof(Watching.WatchDocument))]
[JsonSerializable(typeof(Demo.DemoReport))]
internal sealed partial class Documents : JsonSerializerContext
{
    /// <summary>As documents, tables and the hub's answers have it.</summary>
    public static string Word(ServerLiveness liveness) => liveness switch
    {
        ServerLiveness.Live => "live",
        ServerLiveness.Stale => "stale",
        _ => "unknown",
    };
}
