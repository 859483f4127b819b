using Violence.Kademlia.Engine;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia;

/// <summary>
/// Where a record that its owner's application keeps alive was put last. One put of it at a time.
/// </summary>
internal sealed class PlacedRecord
{
    private int _renewals;

    /// <summary>
    /// Who acknowledged the last version. The list belongs to the engine and grows after the put was reported: it is read on the loop only.
    /// </summary>
    public IReadOnlyList<Contact> Holders { get; set; } = [];

    /// <summary>Who is to have the next version without a search; nobody now and then, because others may be the closest by now.</summary>
    public IReadOnlyList<Contact> NextHolders() => Holders.Count > 0 && ++_renewals % OwnedRecords.RenewalsPerSearch == 0 ? [] : Holders;
}
