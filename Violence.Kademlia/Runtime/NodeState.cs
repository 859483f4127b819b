using Microsoft.Extensions.Logging;
using Violence.Kademlia.Diagnostics;
using Violence.Kademlia.Engine;
using Violence.Kademlia.Persistence;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Storage;

namespace Violence.Kademlia.Runtime;

/// <summary>
/// Between an engine and what is saved of it: gives it back what an earlier run saved, and saves what has changed before the
/// acknowledgements of it leave. Belongs to whoever drives the engine.
/// </summary>
internal sealed class NodeState(IStateStore store, ILogger logger)
{
    // What fell due while the node was down is spread: when a whole network starts again, not all of it publishes at once.
    private static readonly TimeSpan OverdueSpread = TimeSpan.FromMinutes(2);

    private readonly StateKeeper _keeper = new(store);
    private readonly List<StateChange> _changes = [];

    /// <summary>When <see cref="Save"/> has to be called even though nothing has changed.</summary>
    public Instant NextDue => _keeper.NextDue;

    /// <summary>Puts back what was saved. Nothing may have been done with the engine before.</summary>
    public void Restore(SavedState saved, KademliaEngine engine, EntropySource entropy, Instant now) =>
        _changes.AddRange(PutBack(saved, engine, entropy, now));

    /// <summary>Puts back what was saved. Nothing may have been done with the engine before.</summary>
    /// <returns>What of it should not be saved any more.</returns>
    public static List<StateChange> PutBack(SavedState saved, KademliaEngine engine, EntropySource entropy, Instant now)
    {
        List<StateChange> changes = [];
        DateTimeOffset utc = engine.UtcAt(now);
        foreach (SavedRecord held in saved.Records)
        {
            StoreStatus status = engine.Store.Restore(
                held.Record, now - (utc - held.HeldSince), now + (held.Expires - utc), RecordSource.FromSaved(held.SourceNetwork), now);
            if (status != StoreStatus.Stored)
            {
                changes.Add(new StateChange.Removed(SavedPlace.Of(held.Record)));
            }
        }

        foreach (SavedOwned owned in saved.Owned)
        {
            if (owned.Record.Owner != engine.Self)
            {
                // The node has another key than when this was saved: it can't speak for that owner any more.
                changes.Add(new StateChange.Disowned(SavedPlace.Of(owned.Record)));
                continue;
            }

            Instant due = owned.Due > utc ? now + (owned.Due - utc) : now + OverdueSpread * entropy.NextDouble();
            engine.Owned.Restore(owned.Record, due, owned.Holders);
        }

        return changes;
    }

    /// <summary>Everything that is worth saving.</summary>
    public static SavedState Snapshot(KademliaEngine engine, Instant now) => Everything(engine, now, engine.UtcAt(now));

    /// <summary>Saves what has changed since the last call. A disk that fails is told once; the node goes on in memory.</summary>
    public void Save(KademliaEngine engine, Instant now)
    {
        DateTimeOffset utc = engine.UtcAt(now);
        while (engine.Store.TryTakeChange(out StoreChange change))
        {
            _changes.Add(change.Kind == StoreChangeKind.Kept
                ? new StateChange.Kept(ToSaved(change.Stored, now, utc))
                : new StateChange.Removed(SavedPlace.Of(change.Record)));
        }

        while (engine.Owned.TryTakeChange(out OwnedChange change))
        {
            _changes.Add(change.IsKept
                ? new StateChange.Owned(ToSaved(change, now, utc))
                : new StateChange.Disowned(SavedPlace.Of(change.Record)));
        }

        if (_changes.Count > 0)
        {
            Tell(_keeper.Commit(_changes, now));
            _changes.Clear();
        }

        if (_keeper.NextDue <= now)
        {
            Tell(_keeper.Retry(now, utc, () => Everything(engine, now, utc)));
        }
    }

    /// <summary>
    /// Saves the contacts, with the next <see cref="Save"/>. A node that knows nobody was probably offline: those of the run
    /// before are worth more than none.
    /// </summary>
    public void SaveContacts(KademliaEngine engine, Instant now)
    {
        if (engine.Table.Count > 0)
        {
            _changes.Add(new StateChange.Contacts(ToSaved(engine, now, engine.UtcAt(now))));
        }
    }

    private static SavedState Everything(KademliaEngine engine, Instant now, DateTimeOffset utc) => new(
        engine.Store.Snapshot(now).ConvertAll(held => ToSaved(held, now, utc)),
        engine.Owned.Snapshot().ConvertAll(owned => ToSaved(owned, now, utc)),
        ToSaved(engine, now, utc));

    private static SavedRecord ToSaved(StoredRecord held, Instant now, DateTimeOffset utc) =>
        new(held.Record, utc - (now - held.HeldSince), utc + (held.Expires - now), held.Source.Network);

    private static SavedOwned ToSaved(OwnedChange owned, Instant now, DateTimeOffset utc) =>
        new(owned.Record, utc + (owned.Due - now), owned.Holders);

    private static SavedContact[] ToSaved(KademliaEngine engine, Instant now, DateTimeOffset utc) =>
        Array.ConvertAll(engine.Table.Entries(), entry => new SavedContact(entry.Contact, utc - (now - entry.LastSeen)));

    private void Tell(KeeperNews news)
    {
        if (news == KeeperNews.Degraded)
        {
            logger.StateNotSaved(_keeper.Problem);
        }
        else if (news == KeeperNews.Recovered)
        {
            logger.StateSavedAgain();
        }
    }
}
