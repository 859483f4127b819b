using Violence.Kademlia.Persistence;

namespace Violence.Kademlia;

/// <summary>
/// The records in a node's data directory, whether the node runs or not. Looking changes nothing in them and does not hold up
/// a node that runs; what it saves meanwhile is not seen.
/// </summary>
/// <param name="Held">What the node holds for the network, by key, owner and label; nothing that has expired.</param>
/// <param name="Owned">What it keeps alive, by key and label.</param>
/// <param name="Damaged">Rows left out because their checksum or content is wrong.</param>
public sealed record SavedRecords(IReadOnlyList<HeldRecordInfo> Held, IReadOnlyList<OwnedRecordInfo> Owned, int Damaged)
{
    /// <summary>Reads a data directory.</summary>
    /// <param name="dataDirectory">As <see cref="KademliaOptions.DataDirectory"/>.</param>
    /// <exception cref="KademliaException">There is no state of this version's there, or it can't be read. The message names the file.</exception>
    public static SavedRecords Read(string dataDirectory)
    {
        ArgumentException.ThrowIfNullOrEmpty(dataDirectory);
        return Read(dataDirectory, Runtime.NodeClock.System.Utc);
    }

    internal static SavedRecords Read(string dataDirectory, DateTimeOffset utc)
    {
        try
        {
            SavedState state = StateViewer.Read(dataDirectory, out int damaged);
            return new SavedRecords(
                [.. state.Records.Select(held => Of(held, utc)).Where(static held => held.Remaining > TimeSpan.Zero)],
                [.. state.Owned.Select(owned => Of(owned, utc)).Where(static owned => owned.Remaining > TimeSpan.Zero)],
                damaged);
        }
        catch (StateFileException problem)
        {
            throw new KademliaException(problem.Message, problem);
        }
    }

    private static HeldRecordInfo Of(SavedRecord held, DateTimeOffset utc) =>
        new(held.Record, OwnedRecordInfo.Ahead(utc - held.HeldSince), held.Expires - utc);

    private static OwnedRecordInfo Of(SavedOwned owned, DateTimeOffset utc) =>
        new(owned.Record, OwnedRecordInfo.LifeOf(owned.Record, utc), OwnedRecordInfo.Ahead(owned.Due - utc), owned.Holders);
}
