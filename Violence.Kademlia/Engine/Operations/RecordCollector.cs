using Violence.Kademlia.Primitives;
using Violence.Kademlia.Storage;

namespace Violence.Kademlia.Engine.Operations;

/// <summary>
/// Gathers what holders say about one key: per owner and label the winning record, who had one, and for how long. Only
/// verified records come in here.
/// </summary>
internal sealed class RecordCollector
{
    private readonly Dictionary<RecordCursor, Claim> _claims = [];
    private readonly HashSet<NodeId> _holders = [];

    /// <summary>Winning records that are not tombstones.</summary>
    public int Live { get; private set; }

    public bool IsEmpty => _claims.Count == 0;

    public bool HasTombstone => _claims.Count > Live;

    /// <summary>Whether exactly these bytes are in hand already, so that they need no second verification.</summary>
    public bool Knows(Record record) =>
        _claims.TryGetValue(new RecordCursor(record.Owner, record.Label), out Claim? claim) && claim.Winner.SameBytes(record);

    /// <summary>Takes a verified record as <paramref name="holder"/> has it.</summary>
    /// <returns>Whether it is news: the first of its owner and label, or a winner over the one before.</returns>
    public bool Add(HeldRecord held, Contact holder)
    {
        Record record = held.Record;
        _holders.Add(holder.Id);
        var place = new RecordCursor(record.Owner, record.Label);
        if (!_claims.TryGetValue(place, out Claim? claim))
        {
            claim = new Claim(record);
            claim.Hear(holder, held);
            _claims.Add(place, claim);
            Live += record.IsTombstone ? 0 : 1;
            return true;
        }

        claim.Hear(holder, held);
        if (!RecordOrder.Wins(record, claim.Winner))
        {
            return false;
        }

        Live += (record.IsTombstone ? 0 : 1) - (claim.Winner.IsTombstone ? 0 : 1);
        claim.Winner = record;
        return true;
    }

    /// <summary>Whether there is a live record that nobody has of whom everything was read.</summary>
    /// <param name="isCovered">Whether all is known that a holder has.</param>
    public bool HasMoreThan(Func<NodeId, bool> isCovered) =>
        _claims.Values.Any(claim => !claim.Winner.IsTombstone && !claim.IsHeldBy(isCovered));

    /// <summary>Holders that gave a record which another's wins over, and what they should have: the first few of them.</summary>
    public List<(Contact Holder, Record Winner)> Outdated(int most) =>
    [
        .. _claims.Values
            .SelectMany(static claim => claim.Outdated.Select(holder => (holder, claim.Winner)))
            .OrderBy(static pair => pair.Winner.Owner)
            .ThenBy(static pair => pair.Winner.Label, StringComparer.Ordinal)
            .ThenBy(static pair => pair.holder.Id)
            .Take(most),
    ];

    /// <summary>The live winners in order of owner and label, so that no hash table's order shows.</summary>
    /// <param name="isCovered">Whether all is known that a holder has; null: of all as much.</param>
    public IReadOnlyList<FoundRecord> Found(Func<NodeId, bool>? isCovered = null)
    {
        var found = new List<FoundRecord>(Live);
        HashSet<NodeId> asked = isCovered is null ? _holders : [.. _holders.Where(isCovered)];
        foreach (Claim claim in _claims.Values)
        {
            if (!claim.Winner.IsTombstone)
            {
                found.Add(new FoundRecord(claim.Winner, claim.Holders, claim.MedianHeld(asked)) { Age = claim.MedianAge() });
            }
        }

        found.Sort(static (left, right) =>
        {
            int byOwner = left.Record.Owner.CompareTo(right.Record.Owner);
            return byOwner != 0 ? byOwner : string.CompareOrdinal(left.Record.Label, right.Record.Label);
        });
        return found;
    }

    private sealed class Claim(Record winner)
    {
        private readonly List<(Contact Holder, HeldRecord Held)> _said = [];

        public Record Winner { get; set; } = winner;

        public int Holders => _said.Count;

        public IEnumerable<Contact> Outdated => _said.Where(said => !HasWinner(said.Held)).Select(static said => said.Holder);

        public bool IsHeldBy(Func<NodeId, bool> isOne) => _said.Exists(said => isOne(said.Holder.Id));

        /// <summary>A holder has one voice, however often it repeats itself.</summary>
        public void Hear(Contact holder, HeldRecord held)
        {
            if (!_said.Exists(said => said.Holder.Id == holder.Id))
            {
                _said.Add((holder, held));
            }
        }

        /// <summary>
        /// The lower median over all who hold anything under the key and were asked about this, or spoke of it; those who don't hold
        /// it have held it for no time. So one that lies moves it by one place only, and a claim that it alone knows of counts for
        /// nothing.
        /// </summary>
        public TimeSpan MedianHeld(HashSet<NodeId> asked)
        {
            int holders = asked.Count + _said.Count(said => !asked.Contains(said.Holder.Id));
            var seconds = new uint[holders];
            for (int i = 0; i < _said.Count; i++)
            {
                seconds[i] = _said[i].Held.HeldSeconds;
            }

            Array.Sort(seconds);
            return TimeSpan.FromSeconds(seconds[(holders - 1) / 2]);
        }

        /// <summary>
        /// The lower median over those who have the winner and tell its age. Who has an older version missed the last renewal
        /// and can't know when it was; a single one that lies, or whose clock is wrong, moves it by one place only.
        /// </summary>
        public TimeSpan? MedianAge()
        {
            uint[] seconds = [.. _said.Where(said => HasWinner(said.Held)).Select(static said => said.Held.AgeSeconds).OfType<uint>()];
            Array.Sort(seconds);
            return seconds.Length == 0 ? null : TimeSpan.FromSeconds(seconds[(seconds.Length - 1) / 2]);
        }

        private bool HasWinner(HeldRecord held) => ReferenceEquals(held.Record, Winner) || held.Record.SameBytes(Winner);
    }
}
