using Violence.Kademlia.Storage;

namespace Violence.Kademlia.Persistence;

/// <summary>What a load takes in, and how large the file may grow.</summary>
internal sealed record StateLimits
{
    /// <summary>Holders remembered for each own record.</summary>
    public const int MaxHolders = 8;

    /// <summary>The network whose records are loaded; those of others are dropped.</summary>
    public required uint Network { get; init; }

    /// <summary>Records held, over all keys.</summary>
    public int MaxRecords { get; init; } = StorageLimits.Default.MaxRecords;

    /// <summary>Bytes of the records held.</summary>
    public long MaxBytes { get; init; } = StorageLimits.Default.MaxBytes;

    /// <summary>Records kept alive.</summary>
    public int MaxOwned { get; init; } = 10_000;

    public int MaxContacts { get; init; } = ContactsFile.MaxContacts;

    /// <summary>How slow a publisher's clock may be.</summary>
    public TimeSpan ClockTolerance { get; init; } = StorageLimits.Default.ClockTolerance;

    /// <summary>
    /// Length of the database file, without its log; null: room for the records with their places, in pages that are half
    /// empty, and as much again.
    /// </summary>
    public long? MaxFileBytes { get; init; }

    public long FileBytes => MaxFileBytes ?? 4 * (MaxBytes + 200L * MaxRecords + 1600L * MaxOwned);
}
