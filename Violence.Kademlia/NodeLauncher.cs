using Microsoft.Extensions.Logging;
using Violence.Kademlia.Admission;
using Violence.Kademlia.Diagnostics;
using Violence.Kademlia.Engine;
using Violence.Kademlia.Identity;
using Violence.Kademlia.Persistence;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Runtime;
using Violence.Kademlia.Storage;
using Violence.Kademlia.Transport;
using Violence.Kademlia.Wire;

namespace Violence.Kademlia;

/// <summary>Turns checked options into a running node.</summary>
internal static class NodeLauncher
{
    /// <exception cref="KademliaException">The address can't be bound, or the data directory not be used.</exception>
    public static NodeHost Launch(KademliaOptions options)
    {
        // The node outlives its start: timers and threads must not keep the caller's AsyncLocals.
        using AsyncFlowControl flow = ExecutionContext.SuppressFlow();
        var logger = new BackgroundLogger(options.LoggerFactory.CreateLogger("Violence.Kademlia"));
        var counters = new Counters();
        NodeClock clock = NodeClock.System;
        NodeResources resources = Acquire(options, counters, clock.Utc, logger);
        try
        {
            EntropySource entropy = EntropySource.System();
            Instant now = clock.Now;
            var engine = new KademliaEngine(
                Configure(options, resources.Transport.Families),
                resources.Identity,
                resources.Transport.LocalEndpoint,
                entropy,
                now,
                clock.Utc,
                counters: counters);
            LoadedState? loaded = resources.Directory?.Loaded;
            NodeState? state = Restore(resources.Directory, engine, entropy, now, logger);

            // A few of them are enough to join through; the rest of the network follows from those.
            NodeEndpoint[] remembered = [.. (loaded?.State.Contacts ?? []).Take(20).Select(static saved => saved.Contact.Endpoint)];
            var seeds = new Seeds([.. options.Bootstrap.Select(Parse)], remembered, logger);
            var host = new NodeHost(resources, engine, seeds, clock, logger, state);
            logger.Started(
                resources.Identity.Id.ToString(), resources.Transport.LocalEndpoint.ToString(), options.Mode.ToString(), options.Network);
            host.Start();
            return host;
        }
        catch
        {
            resources.Dispose();
            throw;
        }
    }

    private static NodeResources Acquire(KademliaOptions options, Counters counters, DateTimeOffset utc, ILogger logger)
    {
        DataDirectory? directory = null;
        NodeIdentity? identity = options.Identity;
        try
        {
            directory = options.DataDirectory is null ? null : DataDirectory.Open(options.DataDirectory, Limits(options), utc);
            identity ??= LoadIdentity(options.DataDirectory, logger);
            return new NodeResources(Bind(options, counters), identity, OwnsIdentity: options.Identity is null, directory);
        }
        catch (Exception problem)
        {
            directory?.Dispose();
            if (options.Identity is null)
            {
                identity?.Dispose();
            }

            if (problem is TransportException or IdentityFileException or DataDirectoryException or StateFileException)
            {
                throw new KademliaException(problem.Message, problem);
            }

            throw;
        }
    }

    private static EngineConfig Configure(KademliaOptions options, AddressFamilies families) => new()
    {
        Network = NetworkIds.Of(options.Network),
        IsClient = options.Mode == NodeMode.Client,
        Families = families,
        Holders = options.Holders,
        ReplicationFactor = options.ReplicationFactor,
        Parallelism = options.Parallelism,
        OperationTimeout = options.OperationTimeout,
        RepublishInterval = options.RepublishInterval,
        RefreshInterval = options.RefreshInterval,
        Sources = new SourceLimits
        {
            PerSource = new TokenRate(options.DatagramsPerSecondPerSource, options.DatagramsPerSecondPerSource * 2),
        },
        Storage = new StorageLimits { MaxRecords = options.MaxRecords, MaxBytes = options.MaxRecordBytes },
        NotesChanges = options.DataDirectory is not null,
    };

    private static StateLimits Limits(KademliaOptions options) => new()
    {
        Network = NetworkIds.Of(options.Network),
        MaxRecords = options.MaxRecords,
        MaxBytes = options.MaxRecordBytes,
    };

    private static NodeState? Restore(
        DataDirectory? directory, KademliaEngine engine, EntropySource entropy, Instant now, ILogger logger)
    {
        if (directory is null)
        {
            return null;
        }

        LoadedState loaded = directory.Loaded;
        var state = new NodeState(directory.Store, logger);
        state.Restore(loaded.State, engine, entropy, now);
        logger.StateRestored(engine.Store.Count, engine.Owned.Count, loaded.State.Contacts.Count);
        if (loaded.Report.SetAside is { } reason)
        {
            logger.StateSetAside(reason);
        }

        if (loaded.Report.Damaged > 0)
        {
            logger.StateDamaged(loaded.Report.Damaged);
        }

        if (loaded.Report.Problem is { } problem)
        {
            logger.StateProblem(problem);
        }

        return state;
    }

    private static UdpTransport Bind(KademliaOptions options, Counters counters) => UdpTransport.Bind(
        NodeEndpoint.From(options.Listen), new UdpTransportOptions { MaxDatagram = WireLimits.MaxDatagram }, counters);

    private static NodeIdentity LoadIdentity(string? directory, ILogger logger)
    {
        if (directory is null)
        {
            return NodeIdentity.Create();
        }

        StoredIdentity stored = IdentityFile.LoadOrCreate(directory, EntropySource.System());
        NodeIdentity identity = NodeIdentity.FromSeed(stored.Seed);
        Array.Clear(stored.Seed);
        if (stored.Created)
        {
            logger.IdentityCreated(identity.Fingerprint, directory);
        }

        if (stored.Access != IdentityFileAccess.OwnerOnly)
        {
            logger.IdentityWasExposed(directory, stored.Access.ToString());
        }

        return identity;
    }

    private static SeedAddress Parse(string text) =>
        SeedAddress.TryParse(text, out SeedAddress? seed) ? seed : throw new KademliaException($"'{text}' is not a seed; allowed: {SeedAddress.Form}.");
}
