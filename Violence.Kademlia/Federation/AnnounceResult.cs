namespace Violence.Kademlia.Federation;

/// <summary>The result of an announcement or an update: two records, put at the same time.</summary>
/// <param name="NameRecord">The record that lookups by name find.</param>
/// <param name="GenreEntry">The record that queries by genre find.</param>
public sealed record AnnounceResult(PutResult NameRecord, PutResult GenreEntry)
{
    /// <summary>Whether both records reached as many nodes as wanted, or as there are.</summary>
    public bool IsStored => NameRecord.IsStored && GenreEntry.IsStored;

    /// <summary>By how many nodes both records are held at least.</summary>
    public int Acknowledgements => Math.Min(NameRecord.Acknowledgements, GenreEntry.Acknowledgements);
}
