using Violence.Kademlia.Federation.Hub;

namespace Violence.Kademlia.Tests.Federation;

/// <summary>When hubs hear of an announced server.</summary>
public sealed class HubHeartbeatTests : FederatedFixture
{
    [Test]
    public async Task A_hub_hears_of_a_server_at_once_at_every_heartbeat_and_soon_after_a_change()
    {
        VirtualClock clock = new();
        ScriptedHub hub = Own(ScriptedHub.Answering("""{"status":"registered"}"""));
        HubSet hubs = new([Endpoint(0)], Own(new HttpClient(hub)), HubTimeout, clock);
        HubAnnouncement arena = new() { Server = Info("Arena", "192.0.2.1:1") };
        await using HubHeartbeat heartbeat = new(hubs, arena, TimeSpan.FromMinutes(1), clock);

        await hub.NextAsync();
        await clock.TimerAsync(timer => timer == HubHeartbeat.LeastPause);
        clock.Advance(HubHeartbeat.LeastPause);
        TimeSpan rest = await clock.TimerAsync(timer => timer > HubHeartbeat.LeastPause);
        clock.Advance(rest);
        await hub.NextAsync();
        await clock.TimerAsync(timer => timer == HubHeartbeat.LeastPause);
        heartbeat.Update(arena with { Server = arena.Server with { Players = 7 } });
        clock.Advance(HubHeartbeat.LeastPause);
        HubRequest changed = await hub.NextAsync();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(rest + HubHeartbeat.LeastPause, Is.InRange(TimeSpan.FromSeconds(54), TimeSpan.FromSeconds(66)));
            Assert.That(changed.Body, Does.Contain("\"players\":7"));
        }
    }

    [Test]
    public async Task A_hub_that_was_down_is_told_again_soon()
    {
        VirtualClock clock = new();
        bool isDown = true;
        ScriptedHub hub = Own(new ScriptedHub((_, _) => isDown
            ? Task.FromException<HttpResponseMessage>(new HttpRequestException("down"))
            : Task.FromResult(ScriptedHub.Response("{}"))));
        HubSet hubs = new([Endpoint(0)], Own(new HttpClient(hub)), HubTimeout, clock);
        await using HubHeartbeat heartbeat = new(hubs, new HubAnnouncement { Server = Info("Arena", "192.0.2.1:1") }, TimeSpan.FromMinutes(1), clock);

        await hub.NextAsync();
        TimeSpan pause = await clock.TimerAsync(timer => timer >= HubHeartbeat.LeastPause);
        isDown = false;
        clock.Advance(pause);
        await hub.NextAsync();

        Assert.That(pause, Is.InRange(HubHeartbeat.LeastPause, HubHeartbeat.LeastPause * 1.1));
    }
}
