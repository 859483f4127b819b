using Violence.Kademlia.Primitives;
using Violence.Kademlia.Wire;

namespace Violence.Kademlia.Tests.Engine;

/// <summary>Reads the contacts in every reply that the nodes of a network send, and notes those that are no such node.</summary>
internal sealed class HandOnWatch : IDisposable
{
    private readonly VirtualNetwork _network;
    private readonly HashSet<NodeEndpoint> _expected = [];
    private readonly IncomingMessage _message = new();

    public HandOnWatch(VirtualNetwork network)
    {
        _network = network;
        network.Observer = Observe;
    }

    /// <summary>Contacts handed on that nobody should know.</summary>
    public List<Contact> Strangers { get; } = [];

    public int Seen { get; private set; }

    public void Expect(NodeEndpoint endpoint) => _expected.Add(endpoint);

    public void Dispose() => _network.Observer = null;

    private void Observe(NodeEndpoint from, NodeEndpoint to, ReadOnlyMemory<byte> bytes)
    {
        if (_network.Nodes.All(node => node.Endpoint != from)
            || MessageReader.Read(bytes, VirtualNetwork.NetworkId, _message) != WireError.None)
        {
            return;
        }

        foreach (Contact contact in _message.Contacts)
        {
            Seen++;
            if (!_expected.Contains(contact.Endpoint) && _network.Nodes.All(node => node.Contact != contact))
            {
                Strangers.Add(contact);
            }
        }
    }
}
