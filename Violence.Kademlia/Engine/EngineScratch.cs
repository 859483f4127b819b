using Violence.Kademlia.Primitives;
using Violence.Kademlia.Wire;

namespace Violence.Kademlia.Engine;

/// <summary>
/// Buffers that live for one step of an engine. Engines that run on the same thread (a simulation) share one.
/// </summary>
internal sealed class EngineScratch
{
    public IncomingMessage Incoming { get; } = new();

    public MessageWriter Writer { get; } = new();

    public Contact[] Contacts { get; } = new Contact[WireLimits.MaxContacts];

    public HeldRecord[] Records { get; } = new HeldRecord[WireLimits.MaxRecords];
}
