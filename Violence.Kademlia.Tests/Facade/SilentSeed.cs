using System.Net;
using System.Net.Sockets;

namespace Violence.Kademlia.Tests.Facade;

/// <summary>An address where nobody answers, and that nobody else gets before it is disposed of.</summary>
internal sealed class SilentSeed : IDisposable
{
    private readonly Socket _socket;

    public SilentSeed(IPAddress? address = null)
    {
        _socket = new Socket((address ?? IPAddress.Loopback).AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        _socket.Bind(new IPEndPoint(address ?? IPAddress.Loopback, 0));
        EndPoint = (IPEndPoint)_socket.LocalEndPoint!;
    }

    public IPEndPoint EndPoint { get; }

    public override string ToString() => EndPoint.ToString();

    public void Dispose() => _socket.Dispose();
}
