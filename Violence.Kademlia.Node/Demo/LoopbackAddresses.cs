using System.Net;
using System.Net.Sockets;

namespace Violence.Kademlia.Node.Demo;

/// <summary>
/// Gives every node an address of its own in 127.0.0.0/8. Where the system owns 127.0.0.1 only, as macOS does, all nodes
/// share it and differ by port.
/// </summary>
internal sealed class LoopbackAddresses
{
    private static readonly byte[] Network = [127, 77, 0];

    private readonly bool _ownsAll;

    private LoopbackAddresses(bool ownsAll) => _ownsAll = ownsAll;

    public static LoopbackAddresses Detect()
    {
        using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            probe.Bind(new IPEndPoint(new IPAddress([.. Network, 1]), 0));
            return new LoopbackAddresses(ownsAll: true);
        }
        catch (SocketException)
        {
            return new LoopbackAddresses(ownsAll: false);
        }
    }

    /// <summary>Where the node with this index (from 0, below 254) listens; the system picks the port.</summary>
    public IPEndPoint At(int index) =>
        new(_ownsAll ? new IPAddress([.. Network, (byte)(index + 1)]) : IPAddress.Loopback, 0);
}
