namespace Violence.Kademlia.Storage;

/// <summary>How much a <see cref="RecordStore"/> keeps. What would exceed a limit is refused; nothing held is thrown out for it.</summary>
internal sealed record StorageLimits
{
    public static StorageLimits Default { get; } = new();

    /// <summary>Records, over all keys.</summary>
    public int MaxRecords { get; init; } = 100_000;

    /// <summary>Bytes of the records as they travel; the store's own structures come on top (about 300 B a record).</summary>
    public long MaxBytes { get; init; } = 64L * 1024 * 1024;

    /// <summary>Records under one key, over all owners.</summary>
    public int MaxRecordsPerKey { get; init; } = 1_000;

    /// <summary>Records of one owner, over all keys.</summary>
    public int MaxRecordsPerOwner { get; init; } = 1_000;

    /// <summary>How slow a publisher's clock may be.</summary>
    public TimeSpan ClockTolerance { get; init; } = TimeSpan.FromMinutes(10);
}
