using Violence.Kademlia.Primitives;
using Violence.Kademlia.Storage;

namespace Violence.Kademlia.Benchmarks.Torture;

/// <summary>What a node has acknowledged, and so must have: the winner of each place, and the highest sequence of its own records.</summary>
internal sealed class Promises
{
    // Clocks of two processes on one machine are the same; the file rounds to milliseconds.
    private static readonly TimeSpan NearlyExpired = TimeSpan.FromSeconds(1);

    private readonly Dictionary<(RecordKey Key, NodeId Owner, string Label), Record> _stored = [];
    private readonly Dictionary<RecordKey, ulong> _own = [];

    public long Acknowledged { get; private set; }

    public void OnStored(Record record)
    {
        Acknowledged++;
        (RecordKey, NodeId, string) place = (record.Key, record.Owner, record.Label);
        if (!_stored.TryGetValue(place, out Record? earlier) || RecordOrder.Wins(record, earlier))
        {
            _stored[place] = record;
        }
    }

    public void OnOwnPut(RecordKey key, ulong sequence)
    {
        Acknowledged++;
        _own[key] = Math.Max(sequence, _own.GetValueOrDefault(key));
    }

    /// <summary>Whether a node that says it has restored so much can have all of it.</summary>
    public bool CanHaveAll(int held, int owned, DateTimeOffset utc) =>
        held >= _stored.Values.Count(record => IsAlive(record, utc)) && owned >= _own.Count;

    /// <summary>Counts what is not there, each once.</summary>
    public long CountLost(SavedRecords? saved, DateTimeOffset utc)
    {
        var held = new Dictionary<(RecordKey, NodeId, string), Record>();
        foreach (HeldRecordInfo found in saved?.Held ?? [])
        {
            held[(found.Record.Key, found.Record.Owner, found.Record.Label)] = found.Record;
        }

        var owned = (saved?.Owned ?? []).ToDictionary(static own => own.Record.Key, static own => own.Record.Sequence);
        long lost = 0;
        foreach ((var place, Record promised) in _stored.ToArray())
        {
            if (!IsAlive(promised, utc))
            {
                _stored.Remove(place);
            }
            else if (!held.TryGetValue(place, out Record? there) || RecordOrder.Wins(promised, there))
            {
                lost++;
                _stored.Remove(place);
            }
        }

        foreach ((RecordKey key, ulong sequence) in _own.ToArray())
        {
            if (owned.GetValueOrDefault(key) < sequence)
            {
                lost++;
                _own.Remove(key);
            }
        }

        return lost;
    }

    private static bool IsAlive(Record record, DateTimeOffset utc) => record.Issued + record.TimeToLive - NearlyExpired > utc;
}
