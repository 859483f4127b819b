using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Storage;

/// <summary>
/// How much a <see cref="RecordStore"/> keeps. When the store or a key is full, the source network that takes most of it
/// gives way to lighter ones; what would make the heaviest heavier is refused, and so is what exceeds the other limits.
/// </summary>
internal sealed record StorageLimits
{
    public static StorageLimits Default { get; } = new();

    /// <summary>Records, over all keys.</summary>
    public int MaxRecords { get; init; } = 100_000;

    /// <summary>Bytes of the records as they travel; the store's own structures come on top (500 B a record, 1,000 B where it is alone under its key).</summary>
    public long MaxBytes { get; init; } = 64L * 1024 * 1024;

    /// <summary>Records under one key, over all owners.</summary>
    public int MaxRecordsPerKey { get; init; } = 1_000;

    /// <summary>Bytes of the records under one key.</summary>
    public long MaxBytesPerKey { get; init; } = 1_000_000;

    /// <summary>Records of one owner, over all keys; does not bind <see cref="RecordSource.Self"/>.</summary>
    public int MaxRecordsPerOwner { get; init; } = 1_000;

    /// <summary>Bytes of one owner's records; does not bind <see cref="RecordSource.Self"/>.</summary>
    public long MaxBytesPerOwner { get; init; } = 1_000_000;

    /// <summary>Records of <see cref="RecordSource.Self"/>; they count towards the limits of the store and of their keys too.</summary>
    public int MaxOwnRecords { get; init; } = 10_000;

    /// <summary>The share of the store, in records and in bytes, above which it is crowded.</summary>
    public double CrowdedShare { get; init; } = 0.5;

    /// <summary>The share of the store beyond which no source network grows while the store is crowded.</summary>
    public double MaxSourceShare { get; init; } = 0.25;

    /// <summary>How slow a publisher's clock may be.</summary>
    public TimeSpan ClockTolerance { get; init; } = TimeSpan.FromMinutes(10);

    public Tally OfStore => new(MaxRecords, MaxBytes);

    public Tally OfKey => new(MaxRecordsPerKey, MaxBytesPerKey);

    public Tally OfOwner => new(MaxRecordsPerOwner, MaxBytesPerOwner);

    /// <summary>A share of the store; room for one record at least.</summary>
    public Tally Portion(double share) =>
        new(Math.Max(1, (int)(MaxRecords * share)), Math.Max(Record.MaxSize, (long)(MaxBytes * share)));
}
