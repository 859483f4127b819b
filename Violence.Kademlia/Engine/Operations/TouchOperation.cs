using Violence.Kademlia.Primitives;
using Violence.Kademlia.Wire;

namespace Violence.Kademlia.Engine.Operations;

/// <summary>Records that one node should hold.</summary>
/// <param name="Holder">The node.</param>
/// <param name="Records">At most as many as a TOUCH carries.</param>
internal sealed record Touch(Contact Holder, Record[] Records);

/// <summary>
/// Asks nodes which of some records they lack, and sends them those. How the copies of records are kept up: by owners, by holders
/// among each other, for newcomers and before leaving. Invariant: only so many STOREs are in flight that nobody's budget for
/// unknown records is overrun.
/// </summary>
internal sealed class TouchOperation : Operation
{
    private const int StoresInFlightMax = 8;

    // Room for a reply with a bit for every fingerprint, which is shorter than the fingerprints themselves.
    private const int ColdSize = 160;

    private readonly IReadOnlyList<Touch> _touches;
    private readonly Dictionary<Record, List<Contact>> _holders = new(ReferenceEqualityComparer.Instance);
    private readonly Queue<(Contact Holder, Record Record)> _missing = new();
    private readonly HashSet<NodeId> _full = [];
    private int _inFlight;
    private int _stores;

    /// <param name="touches">Whom to ask about which records.</param>
    /// <param name="isOwned">Whether the records are this node's own, and it wants to know how many copies there are.</param>
    public TouchOperation(IReadOnlyList<Touch> touches, bool isOwned = false)
    {
        _touches = touches;
        IsOwned = isOwned;
    }

    public bool IsOwned { get; }

    /// <summary>STOREs sent: copies that were missing.</summary>
    public int Copied { get; private set; }

    /// <summary>All records touched, each once, in the order they first came.</summary>
    public IEnumerable<Record> Records => _touches.SelectMany(static touch => touch.Records).Distinct<Record>(ReferenceEqualityComparer.Instance);

    /// <summary>Who is known to hold the record now.</summary>
    public IReadOnlyList<Contact> HoldersOf(Record record) => _holders.TryGetValue(record, out List<Contact>? holders) ? holders : [];

    public override void Start(KademliaEngine engine, Instant now)
    {
        foreach (Touch touch in _touches)
        {
            var request = new OutgoingRequest
            {
                Kind = MessageKind.Touch,
                To = touch.Holder,
                Operation = this,
                Touched = touch.Records,
                PaddedSize = ColdSize,
            };
            _inFlight += engine.Send(request, now) ? 1 : 0;
        }

        Continue(engine, now);
    }

    public override void OnReply(KademliaEngine engine, in OutgoingRequest request, Contact from, IncomingMessage message, Instant now)
    {
        _inFlight--;
        if (request.Kind == MessageKind.Touch)
        {
            for (int i = 0; i < request.Touched!.Length; i++)
            {
                Record record = request.Touched[i];
                if (message.IsMissing(i))
                {
                    _missing.Enqueue((from, record));
                }
                else
                {
                    Note(record, from);
                }
            }
        }
        else
        {
            _stores--;
            if (message.Status is StoreStatus.Stored or StoreStatus.Refreshed)
            {
                Note(request.Record!, from);
            }
            else if (message.Status is StoreStatus.QuotaExceeded or StoreStatus.Full)
            {
                // It takes no more for now, and what is sent on would only use up what it hears from us.
                _full.Add(from.Id);
            }
        }

        Continue(engine, now);
    }

    public override void OnSlow(KademliaEngine engine, in OutgoingRequest request, Instant now)
    {
        // Nobody is in a hurry here: the late answer is waited for.
    }

    public override void OnFailure(KademliaEngine engine, in OutgoingRequest request, Instant now)
    {
        _inFlight--;
        _stores -= request.Kind == MessageKind.Store ? 1 : 0;
        Continue(engine, now);
    }

    public override void OnTimeUp(KademliaEngine engine, Instant now) => Finish(engine, now);

    private void Note(Record record, Contact holder)
    {
        if (!_holders.TryGetValue(record, out List<Contact>? holders))
        {
            holders = [];
            _holders.Add(record, holders);
        }

        if (!holders.Contains(holder))
        {
            holders.Add(holder);
        }
    }

    private void Continue(KademliaEngine engine, Instant now)
    {
        if (IsFinished)
        {
            return;
        }

        while (_stores < StoresInFlightMax && _missing.TryDequeue(out (Contact Holder, Record Record) copy))
        {
            if (_full.Contains(copy.Holder.Id))
            {
                continue;
            }

            var request = new OutgoingRequest
            {
                Kind = MessageKind.Store,
                To = copy.Holder,
                Operation = this,
                Target = copy.Record.Key.Position,
                Record = copy.Record,
            };
            if (engine.Send(request, now))
            {
                Copied++;
                _stores++;
                _inFlight++;
            }
        }

        if (_inFlight == 0 && _missing.Count == 0)
        {
            Finish(engine, now);
        }
    }
}
