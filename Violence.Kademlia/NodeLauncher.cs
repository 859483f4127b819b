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
    public static NodeHost Launch(KademliaOptions options)
    {
        ILogger logger = options.LoggerFactory.CreateLogger("Violence.Kademlia");
        bool ownsIdentity = options.Identity is null;
        NodeIdentity identity = options.Identity ?? LoadIdentity(options.DataDirectory, logger);
        try
        {
            var counters = new Counters();
            UdpTransport transport = Bind(options, counters);
            var engine = new KademliaEngine(
                Configure(options, transport.Families),
                identity,
                transport.LocalEndpoint,
                EntropySource.System(),
                SystemClock.Now,
                SystemClock.Utc,
                counters: counters);
            var seeds = new Seeds([.. options.Bootstrap.Select(Parse)], LoadContacts(options.DataDirectory, logger), logger);
            var host = new NodeHost(transport, engine, identity, ownsIdentity, seeds, options.DataDirectory, logger);
            logger.Started(identity.Id.ToString(), transport.LocalEndpoint.ToString(), options.Mode.ToString(), options.Network);
            host.Start();
            return host;
        }
        catch when (ownsIdentity)
        {
            identity.Dispose();
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

    private static UdpTransport Bind(KademliaOptions options, Counters counters)
    {
        try
        {
            var transportOptions = new UdpTransportOptions { MaxDatagram = WireLimits.MaxDatagram };
            return UdpTransport.Bind(NodeEndpoint.From(options.Listen), transportOptions, counters);
        }
        catch (TransportException problem)
        {
            throw new KademliaException(problem.Message, problem);
        }
    }

    private static NodeIdentity LoadIdentity(string? directory, ILogger logger)
    {
        if (directory is null)
        {
            return NodeIdentity.Create();
        }

        try
        {
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
        catch (IdentityFileException problem)
        {
            throw new KademliaException(problem.Message, problem);
        }
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
