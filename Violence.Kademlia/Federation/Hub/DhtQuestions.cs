using Violence.Kademlia.Federation.Players;

namespace Violence.Kademlia.Federation.Hub;

/// <summary>What a <see cref="FederatedDirectory"/> asks the DHT: the seam at which tests put another DHT.</summary>
internal sealed record DhtQuestions
{
    public required Func<string, CancellationToken, Task<ServerLookupResult>> LookupAsync { get; init; }

    public required Func<ServerQuery, CancellationToken, Task<IReadOnlyList<ServerListing>>> QueryAllAsync { get; init; }

    public required Func<ServerQuery, CancellationToken, IAsyncEnumerable<ServerListing>> QueryAsync { get; init; }

    public required Func<ServerInfo, CancellationToken, Task<ServerAnnouncement>> AnnounceAsync { get; init; }

    /// <summary>Which addresses are listed; hubs' rows obey it too.</summary>
    public Func<AddressScope> Scope { get; init; } = static () => AddressScope.Any;

    /// <summary>Where a player is. Null when the DHT can't tell.</summary>
    public Func<string, CancellationToken, Task<FederatedPlayerResult>>? FindPlayerAsync { get; init; }

    public static DhtQuestions Of(ServerDirectory directory) => new()
    {
        LookupAsync = directory.LookupAsync,
        QueryAllAsync = directory.QueryAllAsync,
        QueryAsync = directory.QueryAsync,
        AnnounceAsync = directory.AnnounceAsync,
        Scope = () => directory.Scope,
        FindPlayerAsync = async (id, token) => Of(await directory.FindPlayerAsync(id, token).ConfigureAwait(false)),
    };

    private static FederatedPlayerResult Of(PlayerLookupResult found)
    {
        FederatedPlayerStatus status = found.Status switch
        {
            PlayerLookupStatus.Found => FederatedPlayerStatus.Online,
            PlayerLookupStatus.NotFound => FederatedPlayerStatus.Offline,
            _ => FederatedPlayerStatus.Unavailable,
        };
        ServerSource source = status == FederatedPlayerStatus.Unavailable ? ServerSource.None : ServerSource.Dht;
        return new FederatedPlayerResult(status, found.Place?.ServerName, found.Place?.ServerAddress, source) { SignedPlace = found.Place };
    }
}
