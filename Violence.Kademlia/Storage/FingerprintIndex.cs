using System.Diagnostics.CodeAnalysis;

namespace Violence.Kademlia.Storage;

/// <summary>
/// Entries by the fingerprints of their records. Invariant: of entries with the same fingerprint, which somebody made on
/// purpose, only one is known, the first; the others can be found again when they are added once more after it went.
/// </summary>
internal sealed class FingerprintIndex(SecretComparer comparer)
{
    private readonly Dictionary<ulong, RecordEntry> _entries = new(comparer);

    public void Add(RecordEntry entry) => _entries.TryAdd(entry.Fingerprint, entry);

    /// <summary>Forgets this entry, and no other that has its fingerprint.</summary>
    public void Remove(RecordEntry entry)
    {
        if (TryFind(entry.Fingerprint, out RecordEntry? known) && known == entry)
        {
            _entries.Remove(entry.Fingerprint);
        }
    }

    public bool TryFind(ulong fingerprint, [NotNullWhen(true)] out RecordEntry? entry) =>
        _entries.TryGetValue(fingerprint, out entry);
}
