using Violence.Kademlia.Federation;
using Violence.Kademlia.Federation.Players;

namespace Violence.Kademlia.Node.Hub;

/// <summary>
/// Where a player is: on a server of the hub's table, or as the DHT says. Few questions go to the DHT at once, so that strangers
/// can't make the node spend itself on lookups; beyond that a player is offline.
/// </summary>
internal sealed class HubPlayers(ServerDirectory dht, HubTable table, HubSettings settings)
{
    private const int MostQuestions = 32;

    private int _questions;

    /// <summary>Name and address of the server; null when the player is nowhere.</summary>
    public async Task<(string Name, string Address)?> FindAsync(string playerId, CancellationToken cancellationToken)
    {
        if (table.TryFindPlayer(playerId, settings.Time.GetElapsedTime(0), out ServerInfo? server))
        {
            return (server.Name, server.Address);
        }

        try
        {
            return Interlocked.Increment(ref _questions) <= MostQuestions ? await AskAsync(playerId, cancellationToken) : null;
        }
        finally
        {
            Interlocked.Decrement(ref _questions);
        }
    }

    private async Task<(string Name, string Address)?> AskAsync(string playerId, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(settings.DhtPatience, settings.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            PlayerLookupResult found = await dht.FindPlayerAsync(playerId, either.Token);
            return found.Place is { } place ? (place.ServerName, place.ServerAddress) : null;
        }
        catch (Exception failure) when (failure is OperationCanceledException or ObjectDisposedException && !cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }
}
