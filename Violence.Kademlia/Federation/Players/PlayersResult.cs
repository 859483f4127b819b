namespace Violence.Kademlia.Federation.Players;

/// <summary>How far the network knows who is on a server.</summary>
/// <param name="Published">How many players can be found there.</param>
/// <param name="Pending">How many have not reached enough nodes yet. Too few is no error: it is tried again within seconds.</param>
public sealed record PlayersResult(int Published, int Pending)
{
    /// <summary>Whether every player can be found.</summary>
    public bool IsStored => Pending == 0;

    internal static PlayersResult Nobody { get; } = new(0, 0);
}
