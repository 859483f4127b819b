using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Federation.Players;

/// <summary>A record to put for a player's stay.</summary>
/// <param name="Key">Under which key.</param>
/// <param name="Label">Which stay.</param>
/// <param name="Payload">The sealed row; empty when the player has left.</param>
/// <param name="TimeToLive">How long it is to stand.</param>
internal readonly record struct PlayerPut(RecordKey Key, string Label, ReadOnlyMemory<byte> Payload, TimeSpan TimeToLive)
{
    public bool IsFarewell => Payload.IsEmpty;

    /// <summary>Where the stay's row was put before.</summary>
    public PlacedRecord? Placed { get; init; }
}

/// <summary>How a roster reaches the network: the seam at which tests put another one.</summary>
/// <param name="Owner">Who signs.</param>
/// <param name="PutAsync">Puts a record, which its roster keeps alive itself.</param>
internal sealed record PlayerRecords(NodeId Owner, Func<PlayerPut, CancellationToken, Task<PutStatus>> PutAsync)
{
    public static PlayerRecords Of(KademliaNode node) => new(node.Id, (put, token) => PutThroughAsync(node, put, token))
    {
        Entropy = node.NewEntropy(),
        ContinuesInline = node.ContinuesInline,
    };

    /// <summary>For labels, nonces and spread; its roster's alone.</summary>
    public EntropySource Entropy { get; init; } = EntropySource.System();

    /// <summary>Whether who waits for its turn is continued on the spot.</summary>
    public bool ContinuesInline { get; init; }

    private static async Task<PutStatus> PutThroughAsync(KademliaNode node, PlayerPut put, CancellationToken cancellationToken)
    {
        // The node keeps its own records alive far too rarely for a lease of minutes.
        var options = new PutOptions { Label = put.Label, TimeToLive = put.TimeToLive, KeepAlive = false };
        if (put.Placed is { } placed)
        {
            return await node.PutAgainAsync(put.Key, put.Payload, options, placed, cancellationToken).ConfigureAwait(false);
        }

        PutResult result = await node.PutAsync(put.Key, put.Payload, options, cancellationToken).ConfigureAwait(false);
        return result.Status;
    }
}
