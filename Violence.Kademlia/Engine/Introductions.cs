using Violence.Kademlia.Admission;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Routing;

namespace Violence.Kademlia.Engine;

/// <summary>
/// How a contact gets into the routing table: it has to answer a PING with a proof of its key, once. Challenges run beside
/// lookups, a few at a time; contacts wait in a short line, and who finds it full will be met again. Contacts that were
/// silent are left alone for a while, however often others name them.
/// </summary>
internal sealed class Introductions(EngineConfig config)
{
    /// <summary>
    /// How long a challenge is made that answers somebody's request: room for the proof (at most 190 bytes), and little enough
    /// to stay, together with the reply, below the request that caused it.
    /// </summary>
    public const int WelcomeSize = 256;

    /// <summary>How long any other challenge is made: room for the proof and for the other side's challenge in return.</summary>
    private const int ChallengeSize = 512;

    private const int SilentMax = 512;
    private static readonly TimeSpan MovePatience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan SilencePause = TimeSpan.FromMinutes(5);

    // Names that others merely mention cost a padded datagram each to a stranger: few per second, some at once at the start.
    private static readonly TokenRate HearsayRate = new(PerSecond: 20, Burst: 200);

    private readonly Queue<(Contact Contact, int PaddedSize)> _line = new();
    private readonly HashSet<NodeEndpoint> _known = [];
    private readonly Dictionary<NodeEndpoint, Instant> _silentUntil = [];
    private readonly Queue<NodeEndpoint> _silentOrder = new();
    private TokenBucket _hearsay;
    private int _inFlight;

    public bool IsIdle => _inFlight == 0 && _line.Count == 0;

    /// <summary>A contact that answered us, or that has proved it receives at its address.</summary>
    public void Meet(Contact contact, KademliaEngine engine, Instant now)
    {
        if (IsNew(contact, engine, now))
        {
            Enqueue(contact, ChallengeSize, engine, now);
        }
    }

    /// <summary>A contact that somebody else named.</summary>
    public void Hear(Contact contact, KademliaEngine engine, Instant now)
    {
        if (IsNew(contact, engine, now) && !engine.Table.Contains(contact.Id) && _hearsay.TryTake(HearsayRate, now))
        {
            Enqueue(contact, ChallengeSize, engine, now);
        }
    }

    /// <summary>A contact that asked us something, and may or may not receive where it claims to.</summary>
    public void Welcome(Contact contact, KademliaEngine engine, Instant now)
    {
        if (IsNew(contact, engine, now) && !engine.Table.Contains(contact.Id) && _hearsay.TryTake(HearsayRate, now))
        {
            Enqueue(contact, WelcomeSize, engine, now);
        }
    }

    /// <summary>The answer to a challenge.</summary>
    public void OnAnswered(Contact contact, bool isProven, KademliaEngine engine, Instant now)
    {
        if (!isProven)
        {
            NoteSilent(contact.Endpoint, now);
        }

        Release(contact, engine, now);
    }

    /// <summary>No answer to a challenge.</summary>
    public void OnSilent(Contact contact, KademliaEngine engine, Instant now)
    {
        NoteSilent(contact.Endpoint, now);
        Release(contact, engine, now);
    }

    /// <summary>A node that left: nobody needs to ask it again for now, but it may come back at once.</summary>
    public void Forget(NodeEndpoint endpoint) => _silentUntil.Remove(endpoint);

    private bool IsNew(Contact contact, KademliaEngine engine, Instant now)
    {
        if (contact.Id == engine.Self || _known.Contains(contact.Endpoint) || !engine.Config.Families.Includes(contact.Endpoint))
        {
            return false;
        }

        if (_silentUntil.TryGetValue(contact.Endpoint, out Instant until) && until > now)
        {
            return false;
        }

        // A node with two addresses keeps the one it was met at for as long as that one answers. Has it moved, the old one
        // is found silent, and the new one is let in the next time it shows up.
        if (engine.Table.TryGet(contact.Id, out BucketEntry entry) && entry.Contact.Endpoint != contact.Endpoint && entry.IsReliable)
        {
            engine.ProbeIfQuiet(entry.Contact, MovePatience, now);
            return false;
        }

        return true;
    }

    private void Enqueue(Contact contact, int paddedSize, KademliaEngine engine, Instant now)
    {
        if (!engine.Table.HasRoomFor(contact, out Contact? leastRecentlySeen))
        {
            engine.Table.Suggest(contact);
            if (leastRecentlySeen is { } oldest)
            {
                engine.ProbeIfQuiet(oldest, config.SilenceBeforeProbe, now);
            }

            return;
        }

        if (_line.Count < config.ChallengesWaitingMax)
        {
            _known.Add(contact.Endpoint);
            _line.Enqueue((contact, paddedSize));
            Pump(engine, now);
        }
    }

    private void Pump(KademliaEngine engine, Instant now)
    {
        while (_inFlight < config.ChallengesInFlightMax && _line.TryDequeue(out (Contact Contact, int PaddedSize) next))
        {
            var challenge = new OutgoingRequest
            {
                Kind = MessageKind.Ping,
                To = next.Contact,
                AsksForProof = true,
                PaddedSize = next.PaddedSize,
            };
            if (engine.Send(challenge, now))
            {
                _inFlight++;
            }
            else
            {
                _known.Remove(next.Contact.Endpoint);
            }
        }
    }

    private void Release(Contact contact, KademliaEngine engine, Instant now)
    {
        _inFlight--;
        _known.Remove(contact.Endpoint);
        Pump(engine, now);
    }

    private void NoteSilent(NodeEndpoint endpoint, Instant now)
    {
        if (_silentUntil.TryAdd(endpoint, now + SilencePause))
        {
            _silentOrder.Enqueue(endpoint);
            while (_silentOrder.Count > SilentMax)
            {
                _silentUntil.Remove(_silentOrder.Dequeue());
            }
        }
        else
        {
            _silentUntil[endpoint] = now + SilencePause;
        }
    }
}
