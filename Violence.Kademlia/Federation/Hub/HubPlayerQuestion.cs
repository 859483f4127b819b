using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace Violence.Kademlia.Federation.Hub;

/// <summary>On the hub's wire: which server is this player on?</summary>
public sealed record HubPlayerQuestion
{
    /// <summary>The player's id: 1 to 64 printable ASCII characters.</summary>
    public required string PlayerId { get; init; }

    /// <summary>Reads one. Total: whatever the bytes are, it is a question or a list of what is wrong.</summary>
    /// <param name="utf8Json">The body.</param>
    /// <param name="question">The question, when nothing is wrong.</param>
    /// <param name="problems">All that is wrong; empty when nothing is.</param>
    public static bool TryParse(
        ReadOnlyMemory<byte> utf8Json, [NotNullWhen(true)] out HubPlayerQuestion? question, out IReadOnlyList<HubProblem> problems) =>
        HubFields.TryRead(utf8Json, Read, out question, out problems);

    internal void WriteTo(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("playerID"u8, PlayerId);
        writer.WriteEndObject();
    }

    private static HubPlayerQuestion Read(HubFields fields)
    {
        string? id = fields.Text("playerID");
        if (!HubAnnouncement.IsPlayerId(id) && !fields.HasProblem("playerID"))
        {
            fields.Add(new HubProblem("playerID", DirectoryText.Quote(id), HubAnnouncement.PlayerIdRule));
        }

        return new HubPlayerQuestion { PlayerId = id ?? "" };
    }
}
