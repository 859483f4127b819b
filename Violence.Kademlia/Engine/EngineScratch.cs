using Violence.Kademlia.Primitives;
using Violence.Kademlia.Wire;

namespace Violence.Kademlia.Engine;

/// <summary>
/// Buffers that live for one step of an engine and until its outbox is emptied. Engines that take turns on one thread (a simulation) share
/// one.
/// </summary>
internal sealed class EngineScratch
{
    // Mostly it comes back before the next one is wanted here. A step inside a step, of another engine, finds none, and makes one.
    [ThreadStatic]
    private static EngineScratch? _free;

    public IncomingMessage Incoming { get; } = new();

    public MessageWriter Writer { get; } = new();

    public Outbox Outbox { get; } = new();

    public Contact[] Contacts { get; } = new Contact[WireLimits.MaxContacts];

    public HeldRecord[] Records { get; } = new HeldRecord[WireLimits.MaxRecords];

    /// <summary>One that nobody uses, until <see cref="GiveBack"/>.</summary>
    public static EngineScratch Borrow()
    {
        EngineScratch scratch = _free ?? new EngineScratch();
        _free = null;
        return scratch;
    }

    /// <summary>To be called on any thread, with an outbox that is empty.</summary>
    public void GiveBack() => _free = this;
}
