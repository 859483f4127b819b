using System.CommandLine;
using System.Globalization;
using Violence.Kademlia.Identity;
using Violence.Kademlia.Node.CommandLine;
using Violence.Kademlia.Node.Output;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Node.Commands;

/// <summary><c>get</c>: the records under a key.</summary>
internal static class GetCommand
{
    public static Command Create(Terminal terminal)
    {
        var command = new Command("get", "Finds the records under a key. Exit code 3: there are none.");
        var key = KeyOptions.Add(command);
        var owner = Options.Value<NodeId?>(
            "--owner",
            "ID",
            "Only records of this owner.",
            "the owner's id: 40 hex digits",
            static (string text, out NodeId? value) =>
            {
                bool isId = NodeId.TryParse(text, out NodeId id);
                value = isId ? id : null;
                return isId;
            });
        var timeout = ClientQuestion.Timeout();
        command.Add(owner);
        command.Add(timeout);
        var common = CommonOptions.AddClient(command);
        command.SetAction((parsed, stop) => ClientQuestion.AskAsync(
            parsed,
            common,
            TimeSpan.FromSeconds(parsed.GetValue(timeout)),
            async (KademliaNode node, CancellationToken token) =>
            {
                var options = new GetOptions { Mode = GetMode.All, Owner = parsed.GetValue(owner) };
                return Report(await node.GetAsync(key.Key(parsed), options, token), key.Text(parsed), common.Json(parsed), terminal);
            },
            stop));
        return command;
    }

    private static int Report(GetResult result, string key, bool json, Terminal terminal)
    {
        if (json)
        {
            terminal.WriteJson(GetDocument.Of(result), Documents.Default.GetDocument);
        }

        switch (result.Status)
        {
            case GetStatus.Found:
                if (!json)
                {
                    Show(result, terminal);
                }

                return ExitCodes.Done;
            case GetStatus.Withdrawn:
                terminal.Complain($"what stood under '{TerminalText.Clean(key)}' was withdrawn.");
                return ExitCodes.NotFound;
            case GetStatus.NoPeers:
                terminal.Complain("no node answered.");
                return ExitCodes.Failed;
            default:
                terminal.Complain($"nothing under '{TerminalText.Clean(key)}'.");
                return ExitCodes.NotFound;
        }
    }

    private static void Show(GetResult result, Terminal terminal)
    {
        var table = new TextTable("owner", "label", "sequence", "issued", "holders", "content");
        foreach (FoundRecord found in result.Records)
        {
            table.Add(
                NodeIdentity.FingerprintOf(found.Record.Owner),
                found.Record.Label,
                found.Record.Sequence.ToString(CultureInfo.InvariantCulture),
                found.Record.Issued.ToString("u", CultureInfo.InvariantCulture),
                found.Holders.ToString(CultureInfo.InvariantCulture),
                RecordText.Of(found.Record) ?? $"({found.Record.Payload.Length} bytes that are no text)");
        }

        table.WriteTo(terminal);
    }
}
