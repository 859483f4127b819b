using System.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Violence.Kademlia.Federation;

namespace Violence.Kademlia.Node.Hub;

/// <summary>The HTTP hub over one node: listens until it is disposed of, then withdraws what it announced. The node stays the caller's.</summary>
internal sealed class HubServer : IAsyncDisposable
{
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(5);

    private readonly WebApplication _application;
    private readonly HubRegistry _registry;
    private readonly CancellationTokenSource _stopping;

    private HubServer(WebApplication application, HubRegistry registry, CancellationTokenSource stopping, Uri address)
    {
        _application = application;
        _registry = registry;
        _stopping = stopping;
        Address = address;
    }

    /// <summary>Where it listens, with the port it got.</summary>
    public Uri Address { get; }

    /// <exception cref="IOException">The address can't be listened on; the message says which and why.</exception>
    public static async Task<HubServer> StartAsync(KademliaNode node, HubSettings settings, ILoggerFactory logging, CancellationToken stop)
    {
        // What is heard of here every 15 minutes can't promise to be heard of there any sooner.
        ServerDirectory directory = new(node, settings.Directory with { Lease = settings.PostLease, TimeProvider = settings.Time });
        HubTable table = new(settings.MostServers, settings.MostServersPerSource);
        HubRelay relay = new(directory, node.Id, table, settings, logging.CreateLogger<HubRelay>());
        HubRegistry registry = new(table, relay, settings);
        HubQueries queries = new(directory, node.Id, table, settings);
        HubEndpoints endpoints = new(table, registry, queries, new HubPlayers(directory, table, settings), new HubSockets(registry, settings), settings, Version());
        CancellationTokenSource stopping = new();
        WebApplication application = Build(settings, logging);
        application.UseWebSockets();
        application.Run(context => endpoints.HandleAsync(context, stopping.Token));
        try
        {
            await application.StartAsync(stop);
            string address = application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
            return new HubServer(application, registry, stopping, new Uri(address));
        }
        catch
        {
            await application.DisposeAsync();
            await registry.DisposeAsync();
            stopping.Dispose();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        using (var limit = new CancellationTokenSource(StopPatience))
        {
            await _application.StopAsync(limit.Token);
        }

        await _application.DisposeAsync();
        await _registry.DisposeAsync();
        _stopping.Dispose();
    }

    private static WebApplication Build(HubSettings settings, ILoggerFactory logging)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        // The command line decides alone: no settings file of the folder and no variable may open another address.
        builder.Configuration.Sources.Clear();
        builder.Services.AddSingleton(logging);
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = settings.MostBytes;
            kestrel.Limits.MaxConcurrentConnections = settings.MostConnections;
            kestrel.Limits.MaxConcurrentUpgradedConnections = settings.MostConnections;
            kestrel.Limits.MaxRequestHeadersTotalSize = 16 * 1024;
            kestrel.Limits.MaxRequestLineSize = 4 * 1024;
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
            kestrel.Limits.KeepAliveTimeout = TimeSpan.FromSeconds(75);
            kestrel.Listen(settings.Http, listen => listen.Protocols = HttpProtocols.Http1);
        });
        return builder.Build();
    }

    private static string Version() =>
        typeof(HubServer).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0";

    /// <summary>Signals are the program's business.</summary>
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
