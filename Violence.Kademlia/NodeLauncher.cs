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
        NodeResources resources = Acquire(options, counters, logger);
        try
        {
            NodeClock clock = NodeClock.System;
            var engine = new KademliaEngine(
                Configure(options, resources.Transport.Families),
                resources.Identity,
                resources.Transport.LocalEndpoint,
                EntropySource.System(),
                clock.Now,
                clock.Utc,
                counters: counters);
            var seeds = new Seeds([.. options.Bootstrap.Select(Parse)], LoadContacts(options.DataDirectory, logger), logger);
            var host = new NodeHost(resources, engine, seeds, clock, logger);
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

    private static NodeResources Acquire(KademliaOptions options, Counters counters, ILogger logger)
    {
        DataDirectoryLock? directory = null;
        NodeIdentity? identity = options.Identity;
        try
        {
            directory = options.DataDirectory is null ? null : DataDirectoryLock.Acquire(options.DataDirectory);
            identity ??= LoadIdentity(options.DataDirectory, logger);
            return new NodeResources(Bind(options, counters), identity, OwnsIdentity: options.Identity is null, options.DataDirectory, directory);
        }
        catch (Exception problem)
        {
            directory?.Dispose();
            if (options.Identity is null)
            {
                identity?.Dispose();
            }

            if (problem is TransportException or IdentityFileException or DataDirectoryException)
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
    };

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

    private static NodeEndpoint[] LoadContacts(string? directory, ILogger logger)
    {
        if (directory is null)
        {
            return [];
        }

        LoadedContacts loaded = ContactsFile.Load(directory);
        if (loaded.Problem is { } problem)
        {
            logger.ContactsNotRead(problem);
        }

        // A few of them are enough to join through; the rest of the network follows from those.
        return [.. loaded.Contacts.Take(20).Select(static contact => contact.Endpoint)];
    }

    private static SeedAddress Parse(string text) =>
        SeedAddress.TryParse(text, out SeedAddress? seed) ? seed : throw new KademliaException($"'{text}' is not a seed; allowed: {SeedAddress.Form}.");
}
