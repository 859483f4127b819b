using Violence.Kademlia.Primitives;
using Violence.Kademlia.Wire;

namespace Violence.Kademlia.Engine;

/// <summary>
/// Buffers that live for one step of an engine and until its outbox is emptied. Engines that take turns on one thread (a simulation) share
/// one.
/// </summary>
internal sealed class EngineScratch
{
    public IncomingMessage Incoming { get; } = new();

    public MessageWriter Writer { get; } = new();

    public Outbox Outbox { get; } = new();

    public Contact[] Contacts { get; } = new Contact[WireLimits.MaxContacts];

    public HeldRecord[] Records { get; } = new HeldRecord[WireLimits.MaxRecords];
}
