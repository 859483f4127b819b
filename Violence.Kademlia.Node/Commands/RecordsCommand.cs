using System.CommandLine;
using System.Globalization;
using Violence.Kademlia.Identity;
using Violence.Kademlia.Node.CommandLine;
using Violence.Kademlia.Node.Output;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Node.Commands;

/// <summary><c>records</c>: what the node of a data directory holds and keeps alive, whether it runs or not.</summary>
internal static class RecordsCommand
{
    public static Command Create(Terminal terminal)
    {
        var command = new Command("records", "Lists the records in a data directory: what its node holds for others, and what it keeps alive. The node may be running.");
        var common = CommonOptions.AddInspection(command);
        command.SetAction(parsed =>
        {
            SavedRecords saved = SavedRecords.Read(common.RequiredDataDirectory(parsed));
            Report(saved, common.Json(parsed), terminal);
            return ExitCodes.Done;
        });
        return command;
    }

    private static void Report(SavedRecords saved, bool json, Terminal terminal)
    {
        if (saved.Damaged > 0)
        {
            terminal.Complain($"{saved.Damaged} damaged rows are left out.");
        }

        if (json)
        {
            terminal.WriteJson(RecordsDocument.Of(saved), Documents.Default.RecordsDocument);
            return;
        }

        var table = new TextTable("role", "key", "owner", "label", "sequence", "bytes", "remaining", "held for", "published in", "holders");
        foreach (HeldRecordInfo held in saved.Held)
        {
            Add(table, "held", held.Record, held.Remaining, Span(held.HeldFor), "", "");
        }

        foreach (OwnedRecordInfo owned in saved.Owned)
        {
            Add(table, "own", owned.Record, owned.Remaining, "", Span(owned.NextPublication), owned.Holders.Count.ToString(CultureInfo.InvariantCulture));
        }

        table.WriteTo(terminal);
    }

    private static void Add(TextTable table, string role, Record record, TimeSpan remaining, string heldFor, string next, string holders) => table.Add(
        record.IsTombstone ? $"{role}, withdrawn" : role,
        record.Key.ToString(),
        NodeIdentity.FingerprintOf(record.Owner),
        record.Label,
        record.Sequence.ToString(CultureInfo.InvariantCulture),
        record.Bytes.Length.ToString(CultureInfo.InvariantCulture),
        Span(remaining),
        heldFor,
        next,
        holders);

    private static string Span(TimeSpan span) => span.ToString(span.Days == 0 ? @"h\:mm\:ss" : @"d\.hh\:mm\:ss", CultureInfo.InvariantCulture);
}
