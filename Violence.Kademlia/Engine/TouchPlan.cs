using Violence.Kademlia.Engine.Operations;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Wire;

namespace Violence.Kademlia.Engine;

/// <summary>Sorts records by whom to ask about them, so that each node is asked with as few datagrams as will do.</summary>
internal sealed class TouchPlan
{
    private readonly List<(Contact Holder, List<Record> Records)> _byHolder = [];
    private readonly Dictionary<NodeId, int> _places = [];

    /// <summary>Records added, a record as often as it is to be asked about.</summary>
    public int Records { get; private set; }

    public void Add(Record record, ReadOnlySpan<Contact> holders)
    {
        foreach (Contact holder in holders)
        {
            if (!_places.TryGetValue(holder.Id, out int place))
            {
                place = _byHolder.Count;
                _places.Add(holder.Id, place);
                _byHolder.Add((holder, []));
            }

            _byHolder[place].Records.Add(record);
            Records++;
        }
    }

    /// <summary>In the order in which nodes were first added.</summary>
    public List<Touch> Touches() =>
    [
        .. _byHolder.SelectMany(static of =>
            of.Records.Chunk(WireLimits.MaxFingerprints).Select(records => new Touch(of.Holder, records))),
    ];
}
