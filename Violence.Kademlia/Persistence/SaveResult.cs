namespace Violence.Kademlia.Persistence;

/// <summary>How saving ended.</summary>
internal enum SaveStatus
{
    Saved,

    /// <summary>No space on the disk, or the file is as long as it may be.</summary>
    DiskFull,

    /// <summary>Another program holds the database.</summary>
    Busy,

    /// <summary>The database is damaged; a rewrite sets it aside and begins a new one.</summary>
    Damaged,

    /// <summary>Any other fault of the disk or the system.</summary>
    Failed,
}

/// <summary>How saving ended. Nothing of what failed is in the store; the node lives on without.</summary>
/// <param name="Status">What happened.</param>
/// <param name="Problem">The reason, for a log; empty when all was saved.</param>
internal readonly record struct SaveResult(SaveStatus Status, string Problem)
{
    public static SaveResult Saved { get; } = new(SaveStatus.Saved, "");

    public bool IsSaved => Status == SaveStatus.Saved;
}
