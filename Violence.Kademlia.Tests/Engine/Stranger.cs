using Violence.Kademlia.Engine;
using Violence.Kademlia.Identity;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Requests;
using Violence.Kademlia.Wire;

namespace Violence.Kademlia.Tests.Engine;

/// <summary>
/// Somebody in a <see cref="VirtualNetwork"/> who speaks the protocol but runs no engine: a liar, or a hand-made peer.
/// It remembers what it got and does what <see cref="OnMessage"/> tells it; without that it is silent.
/// </summary>
internal sealed class Stranger
{
    private readonly VirtualNetwork _network;
    private readonly MessageWriter _writer = new();
    private readonly AddressCookies _cookies;
    private readonly EntropySource _entropy;

    public Stranger(VirtualNetwork network, NodeIdentity? identity = null, NodeEndpoint? endpoint = null)
    {
        _network = network;
        Identity = identity ?? network.NewIdentity();
        Endpoint = endpoint ?? network.NewEndpoint();
        Id = Identity.Id;
        _entropy = EntropySource.Seeded((ulong)Id.GetHashCode());
        _cookies = new AddressCookies(_entropy, network.Now);
        network.Attach(this);
    }

    public NodeIdentity Identity { get; }

    public NodeEndpoint Endpoint { get; }

    /// <summary>The id it claims: its own, or somebody else's.</summary>
    public NodeId Id { get; set; }

    public Contact Contact => new(Id, Endpoint);

    /// <summary>Everything it got, in order.</summary>
    public List<(NodeEndpoint From, byte[] Bytes)> Received { get; } = [];

    public List<MessageKind> Kinds { get; } = [];

    /// <summary>The cookie it was last handed.</summary>
    public ulong? Cookie { get; private set; }

    /// <summary>What it does about a message; valid during the call.</summary>
    public Action<NodeEndpoint, IncomingMessage>? OnMessage { get; set; }

    /// <summary>What it says to FIND_NODE in <see cref="BehaveAsNode"/>.</summary>
    public Func<NodeId, Contact[]> Names { get; set; } = static _ => [];

    /// <summary>What it says to STORE in <see cref="BehaveAsNode"/>.</summary>
    public Func<Record, (StoreStatus Status, ulong Sequence)> Stores { get; set; } = static record => (StoreStatus.Stored, record.Sequence);

    /// <summary>What it says to FIND_VALUE in <see cref="BehaveAsNode"/>: given the position and the cursor, records, their total and whether more follow.</summary>
    public Func<NodeId, RecordCursor?, (HeldRecord[] Records, uint Total, bool More)> Holds { get; set; } = static (_, _) => ([], 0, false);

    public MessageHeader Header(MessageKind kind, TransactionId transaction, bool isClient = false) =>
        new(VirtualNetwork.NetworkId, kind, transaction, Id, isClient);

    public MessageHeader NewRequest(MessageKind kind, bool isClient = false) => Header(kind, _entropy.NextTransactionId(), isClient);

    public void Send(NodeEndpoint to, ReadOnlyMemory<byte> datagram) => _network.Send(Endpoint, to, datagram.ToArray());

    public void Ping(NodeEndpoint to, ulong? cookie = null, bool challenge = false, bool isClient = false, int padTo = 1_200)
    {
        _writer.Ping(NewRequest(MessageKind.Ping, isClient), cookie, challenge ? to : null);
        Send(to, _writer.Pad(padTo));
    }

    /// <summary>Asks a node to prove itself, as a node does that wants to be known; <see cref="BehaveAsNode"/> does the rest.</summary>
    public void Introduce(NodeEndpoint to) => Ping(to, challenge: true, padTo: Introductions.ChallengeSize);

    public void FindNode(NodeEndpoint to, NodeId target, ulong? cookie = null)
    {
        _writer.FindNode(NewRequest(MessageKind.FindNode), cookie, target, AddressFamilies.Both);
        Send(to, _writer.Pad(cookie is null ? 1_200 : WireLimits.MinRequest));
    }

    public void FindValue(NodeEndpoint to, RecordKey key, AddressFamilies families, RecordCursor? cursor)
    {
        _writer.FindValue(NewRequest(MessageKind.FindValue), cookie: null, key, families, owner: null, cursor);
        Send(to, _writer.Pad(1_200));
    }

    public void Store(NodeEndpoint to, Record record, ulong? cookie) =>
        Send(to, _writer.Store(NewRequest(MessageKind.Store), cookie, record.Bytes.Span));

    public void Goodbye(NodeEndpoint to, ulong cookie, NodeId? id = null)
    {
        MessageHeader header = NewRequest(MessageKind.Goodbye);
        Send(to, _writer.Goodbye(header with { Sender = id ?? header.Sender }, cookie));
    }

    public void Retry(NodeEndpoint to, IncomingMessage request) =>
        Send(to, _writer.Retry(Header(MessageKind.Retry, request.Header.Transaction), to, CookieFor(to), 1_200));

    public void Nodes(NodeEndpoint to, TransactionId transaction, ReadOnlySpan<Contact> contacts) =>
        Send(to, _writer.Nodes(Header(MessageKind.Nodes, transaction), to, CookieFor(to), contacts, 1_200));

    public void Pong(NodeEndpoint to, TransactionId transaction, ReadOnlySpan<byte> publicKey = default, ReadOnlySpan<byte> signature = default, bool isClient = false) =>
        Send(to, _writer.Pong(Header(MessageKind.Pong, transaction, isClient), to, CookieFor(to), publicKey, signature, 1_200));

    /// <summary>Answers a challenge with the proof its own key can give.</summary>
    public void Prove(NodeEndpoint to, IncomingMessage ping, NodeEndpoint? challenge = null, NodeId? asker = null)
    {
        Span<byte> signature = stackalloc byte[WireLimits.SignatureSize];
        TransactionId transaction = ping.Header.Transaction;
        IdentityProof.Sign(
            Identity, VirtualNetwork.NetworkId, asker ?? ping.Header.Sender, transaction, challenge ?? ping.Challenge!.Value, signature);
        Pong(to, transaction, Identity.PublicKey.Span, signature);
    }

    /// <summary>Answers a challenge that came along in a PONG.</summary>
    public void ProveInReturn(NodeEndpoint to, IncomingMessage pong, TransactionId? transaction = null, NodeEndpoint? challenge = null, NodeId? asker = null)
    {
        Span<byte> signature = stackalloc byte[WireLimits.SignatureSize];
        TransactionId asked = transaction ?? pong.InReturn!.Value;
        IdentityProof.Sign(Identity, VirtualNetwork.NetworkId, asker ?? pong.Header.Sender, asked, challenge ?? pong.Observed, signature);
        Pong(to, asked, Identity.PublicKey.Span, signature);
    }

    /// <summary>Answers as a node would, with what it is told to say: it gets into tables.</summary>
    public void BehaveAsNode(NodeEndpoint from, IncomingMessage message)
    {
        TransactionId transaction = message.Header.Transaction;
        switch (message.Header.Kind)
        {
            case MessageKind.Ping when message.Challenge is not null:
                Prove(from, message);
                break;
            case MessageKind.Ping:
                Pong(from, transaction);
                break;
            case MessageKind.Pong when message.InReturn is not null:
                ProveInReturn(from, message);
                break;
            case MessageKind.FindNode:
                Nodes(from, transaction, Names(message.Target));
                break;
            case MessageKind.FindValue:
                (HeldRecord[] records, uint total, bool more) = Holds(message.Target, message.Cursor);
                Contact[] contacts = message.Families == AddressFamilies.None ? [] : Names(message.Target);
                Send(from, _writer.Values(
                    Header(MessageKind.Values, transaction), from, CookieFor(from), contacts, records, more, total, 1_200, out _));
                break;
            case MessageKind.Store:
                Assert.That(RecordCodec.TryParse(message.RecordAt(0).Span, out Record? record, out _), Is.True);
                (StoreStatus status, ulong sequence) = Stores(record!);
                Send(from, _writer.Stored(Header(MessageKind.Stored, transaction), from, CookieFor(from), status, sequence, 1_200));
                break;
        }
    }

    internal void Receive(NodeEndpoint from, byte[] datagram)
    {
        Received.Add((from, datagram));
        var message = new IncomingMessage();
        if (MessageReader.Read(datagram, VirtualNetwork.NetworkId, message) != WireError.None)
        {
            throw new InvalidOperationException("A node sent what nobody can read.");
        }

        Kinds.Add(message.Header.Kind);
        if (message.Header.Kind.IsReply())
        {
            Cookie = message.Cookie;
        }

        OnMessage?.Invoke(from, message);
    }

    private ulong CookieFor(NodeEndpoint to) => _cookies.Issue(to, _network.Now);
}
