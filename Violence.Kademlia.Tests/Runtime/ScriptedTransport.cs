using System.Collections.Concurrent;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Transport;

namespace Violence.Kademlia.Tests.Runtime;

/// <summary>A transport that receives what a test hands in. It counts its users: more than one at a time is a fault of theirs.</summary>
internal sealed class ScriptedTransport : IDatagramTransport
{
    private readonly ConcurrentQueue<Datagram> _waiting = new();
    private Action _available = static () => { };
    private int _users;
    private int _overlaps;
    private int _sent;
    private int _read;

    public NodeEndpoint LocalEndpoint { get; } = NodeEndpoint.FromIPv4([127, 0, 0, 1], 4001);

    public AddressFamilies Families => AddressFamilies.IPv4;

    /// <summary>How often somebody came while somebody else was there.</summary>
    public int Overlaps => Volatile.Read(ref _overlaps);

    public int Sent => Volatile.Read(ref _sent);

    public int Read => Volatile.Read(ref _read);

    public bool IsDisposed { get; private set; }

    /// <summary>Whether something waits at the host, beside what is queued here.</summary>
    public bool HasMoreToCome { get; set; }

    public bool HasWaiting => HasMoreToCome || !_waiting.IsEmpty;

    /// <summary>What was sent last.</summary>
    public byte[] LastSent { get; private set; } = [];

    /// <summary>Called for each send, by whoever drives the loop.</summary>
    public Action? OnSend { get; set; }

    public void Start(Action datagramsAvailable) => _available = datagramsAvailable;

    /// <summary>As the receive thread does: queues, then calls.</summary>
    public void Deliver(NodeEndpoint source, ReadOnlyMemory<byte> payload)
    {
        _waiting.Enqueue(new Datagram(source, payload));
        _available();
    }

    /// <summary>Queues without a call.</summary>
    public void Queue(NodeEndpoint source, ReadOnlyMemory<byte> payload) => _waiting.Enqueue(new Datagram(source, payload));

    public bool TryRead(out Datagram datagram)
    {
        Enter();
        bool read = _waiting.TryDequeue(out datagram);
        _read += read ? 1 : 0;
        Leave();
        return read;
    }

    public bool Send(NodeEndpoint destination, ReadOnlySpan<byte> datagram)
    {
        Enter();
        _sent++;
        LastSent = datagram.ToArray();
        OnSend?.Invoke();
        Leave();
        return true;
    }

    public void Dispose() => IsDisposed = true;

    private void Enter()
    {
        if (Interlocked.Increment(ref _users) != 1)
        {
            Interlocked.Increment(ref _overlaps);
        }
    }

    private void Leave() => Interlocked.Decrement(ref _users);
}
