using System.Text.Json;
using Violence.Kademlia.Federation;
using Violence.Kademlia.Node.Demo;
using Violence.Kademlia.Node.Output;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Tests.Node;

[TestFixture]
public sealed class DocumentTests
{
    [Test]
    public void The_demos_object_has_these_fields_in_this_order()
    {
        using var json = JsonDocument.Parse(JsonSerializer.Serialize(DemoReport.Of(new DemoFigures(), []), Documents.Default.DemoReport));

        Assert.That(
            json.RootElement.EnumerateObject().Select(field => field.Name),
            Is.EqualTo(new[]
            {
                "nodes", "servers", "bootstrap_ms_p50", "bootstrap_ms_max", "peers_min", "announce_ms_p50", "announce_acks_min",
                "lookups", "lookups_found", "lookup_ms_p50", "lookup_ms_p95", "queries_expected", "queries_found", "filtered_expected", "filtered_found", "watch_events_expected", "watch_events_heard", "player_lookups", "player_lookups_found",
                "after_crash_lookups", "after_crash_lookups_found", "stale_refused", "forged_refused", "withdrawn_gone", "ok",
                "reasons",
            }));
    }

    [Test]
    public void The_demos_times_are_computed_from_what_was_measured()
    {
        var figures = new DemoFigures { Lookups = 4, LookupsFound = 3 };
        figures.LookupMs.AddRange([3.00049, 1, 2]);
        figures.BootstrapMs.AddRange([10, 30, 20]);

        var report = DemoReport.Of(figures, []);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(report.LookupMsP50, Is.EqualTo(2));
            Assert.That(report.LookupMsP95, Is.EqualTo(3));
            Assert.That(report.BootstrapMsMax, Is.EqualTo(30));
            Assert.That(report.AnnounceMsP50, Is.Null);
            Assert.That(report.PeersMin, Is.Null);
            Assert.That(report.Ok, Is.True);
        }
    }

    [Test]
    public void One_reason_is_enough_for_the_demo_not_to_be_ok() =>
        Assert.That(DemoReport.Of(new DemoFigures(), ["lookup: nobody"]).Ok, Is.False);

    [Test]
    public void A_server_is_an_object_of_snake_case_fields_and_keeps_no_raw_control_characters()
    {
        var listing = new ServerListing
        {
            Server = new ServerInfo { Name = "a\u001b[2J", Address = "192.0.2.1:1", Genre = "duel", MaxPlayers = 8, Tags = ["x"] },
            Owner = NodeId.Zero,
            Fingerprint = "aaaa-aaaa-aaaa",
            Sequence = 7,
            AnnouncedAt = DateTimeOffset.UnixEpoch,
            Holders = 3,
        };

        string text = JsonSerializer.Serialize(ServerDocument.Of(listing), Documents.Default.ServerDocument);
        using var json = JsonDocument.Parse(text);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(text, Does.Not.Contain('\u001b'));
            Assert.That(
                json.RootElement.EnumerateObject().Select(field => field.Name),
                Is.EqualTo(new[]
                {
                    "name", "address", "genre", "region", "players", "max_players", "version", "tags", "owner", "fingerprint",
                    "sequence", "announced_at", "holders", "mode", "has_password", "liveness", "lease_seconds", "age_seconds", "ping_ms",
                }));
            Assert.That(json.RootElement.GetProperty("max_players").GetInt32(), Is.EqualTo(8));
        }
    }
}
