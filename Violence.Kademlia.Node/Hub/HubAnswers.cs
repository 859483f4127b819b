using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Violence.Kademlia.Federation.Hub;
using Violence.Kademlia.Node.Output;

namespace Violence.Kademlia.Node.Hub;

/// <summary>The hub's answers as JSON.</summary>
internal static class HubAnswers
{
    public static Task WriteAsync(HttpContext context, int status, Action<Utf8JsonWriter> write)
    {
        ArrayBufferWriter<byte> body = new();
        using (Utf8JsonWriter writer = new(body))
        {
            write(writer);
        }

        HttpResponse response = context.Response;
        response.StatusCode = status;
        response.ContentType = "application/json; charset=utf-8";
        response.ContentLength = body.WrittenCount;
        response.Headers.CacheControl = "no-store";
        response.Headers.XContentTypeOptions = "nosniff";
        return response.Body.WriteAsync(body.WrittenMemory, context.RequestAborted).AsTask();
    }

    /// <summary>What is wrong, and every field that is.</summary>
    public static Task RefuseAsync(HttpContext context, int status, string error, IReadOnlyList<HubProblem>? problems = null) =>
        WriteAsync(context, status, writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("error"u8, error);
            writer.WriteStartArray("problems"u8);
            foreach (HubProblem problem in problems ?? [])
            {
                writer.WriteStartObject();
                writer.WriteString("field"u8, problem.Field);
                writer.WriteString("value"u8, problem.Value);
                writer.WriteString("rule"u8, problem.Rule);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        });

    public static void Registered(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("status"u8, "registered"u8);
        writer.WriteEndObject();
    }

    /// <summary>The list as the wire has it. Who plays where is told to who knows the player's id, not to everybody.</summary>
    public static void Rows(Utf8JsonWriter writer, IReadOnlyList<HubRow> rows)
    {
        writer.WriteStartArray();
        foreach (HubRow row in rows)
        {
            (row.Announcement with { PlayerIds = [] }).WriteTo(writer);
        }

        writer.WriteEndArray();
    }

    /// <summary>The list with what the wire has no fields for.</summary>
    public static void Servers(Utf8JsonWriter writer, IReadOnlyList<HubRow> rows)
    {
        writer.WriteStartObject();
        writer.WriteStartArray("servers"u8);
        foreach (HubRow row in rows)
        {
            writer.WriteStartObject();
            (row.Announcement with { PlayerIds = [] }).WriteFieldsTo(writer);
            writer.WriteString("version"u8, (row.SignedRow?.Server ?? row.Announcement.Server).Version);
            writer.WriteStartArray("tags"u8);
            foreach (string tag in (row.SignedRow?.Server ?? row.Announcement.Server).Tags)
            {
                writer.WriteStringValue(tag);
            }

            writer.WriteEndArray();
            writer.WriteString("mode"u8, (row.SignedRow?.Server ?? row.Announcement.Server).Mode);
            writer.WriteBoolean("hasPassword"u8, (row.SignedRow?.Server ?? row.Announcement.Server).HasPassword);
            writer.WriteString("liveness"u8, Documents.Word(row.Liveness));
            writer.WriteString("source"u8, row.Source);
            if (row.SignedRow is { } signed)
            {
                writer.WriteString("fingerprint"u8, signed.Fingerprint);
            }

            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    public static void Player(Utf8JsonWriter writer, (string Name, string Address)? server)
    {
        writer.WriteStartObject();
        writer.WriteBoolean("online"u8, server is not null);
        if (server is { } place)
        {
            writer.WriteString("serverAddress"u8, place.Address);
            writer.WriteString("serverName"u8, place.Name);
        }

        writer.WriteEndObject();
    }

    public static void Health(Utf8JsonWriter writer, string version, TimeSpan uptime, int servers)
    {
        writer.WriteStartObject();
        writer.WriteString("status"u8, "ok"u8);
        writer.WriteString("version"u8, version);
        writer.WriteString("uptime"u8, Uptime(uptime));
        writer.WriteNumber("serverCount"u8, servers);
        writer.WriteEndObject();
    }

    public static void Peers(Utf8JsonWriter writer, IReadOnlyList<string> peers)
    {
        writer.WriteStartObject();
        writer.WriteStartArray("peers"u8);
        foreach (string peer in peers)
        {
            writer.WriteStringValue(peer);
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    /// <summary>As the wire has it: <c>2h15m30s</c>, without what is zero in front.</summary>
    internal static string Uptime(TimeSpan uptime)
    {
        int hours = (int)uptime.TotalHours;
        string seconds = string.Create(CultureInfo.InvariantCulture, $"{uptime.Seconds}s");
        string minutes = string.Create(CultureInfo.InvariantCulture, $"{uptime.Minutes}m{seconds}");
        return hours > 0 ? string.Create(CultureInfo.InvariantCulture, $"{hours}h{minutes}") : uptime.Minutes > 0 ? minutes : seconds;
    }
}
