using CsCheck;
using Violence.Kademlia.Federation;
using Violence.Kademlia.Node.Commands;
using Violence.Kademlia.Node.Output;
using Violence.Kademlia.Node.Watching;
using Violence.Kademlia.Tests.Node.Watching;

namespace Violence.Kademlia.Tests.Node;

/// <summary>
/// Whatever stands in a row, no printer lets a control character out. Rows that come from the network have passed the directory's
/// rules by then; this is the second wall.
/// </summary>
[TestFixture]
internal sealed class PrinterTests
{
    private const string Nasty = "\u001b\u009b[]2J;0m\u0007\r\n\b\u202e a";

    private static readonly Gen<string> Wild = Gen.OneOf(Gen.String[Gen.Char, 0, 60], Gen.String[Gen.Char[Nasty], 0, 60]);

    [Test]
    public void No_printer_lets_a_control_character_out() => Gen.Select(Wild, Wild).Sample((one, other) =>
    {
        ServerListing listing = WatchSamples.Listing("x") with
        {
            Server = new ServerInfo { Name = one, Address = other, Genre = one, Region = other, Version = one, Mode = other, Tags = [one, other] },
            Fingerprint = "aaaa-bbbb-cccc",
        };
        using var output = new StringWriter { NewLine = "\n" };
        using var error = new StringWriter { NewLine = "\n" };
        var terminal = new Terminal(output, error, isInteractive: false);
        var people = new Terminal(output, error, isInteractive: true);
        ServerRows.Table([listing]).WriteTo(terminal);
        ServerRows.Table([listing]).WriteTo(people);
        ServerRows.Short([listing]).WriteTo(people);
        terminal.WriteLine(WatchDisplay.Line(new WatchEvent(WatchKind.Left, listing, "withdrawn")));
        terminal.WriteJson(ServerDocument.Of(listing), Documents.Default.ServerDocument);
        terminal.WriteJson(WatchDocument.Of(new WatchEvent(WatchKind.Left, listing)), Documents.Default.WatchDocument);
        terminal.Complain(one);
        return !(output.ToString() + error).Any(letter => char.IsControl(letter) && letter != '\n');
    });

    [TestCase("joined", ExpectedResult = "joined \"x#aaaa-bbbb-cccc\" 192.0.2.1:1 0/16 live")]
    [TestCase("left", ExpectedResult = "left \"x#aaaa-bbbb-cccc\" 192.0.2.1:1 0/16 (withdrawn)")]
    public string A_line_of_a_watch_calls_nobody_live_who_has_left(string kind) => WatchDisplay.Line(
        kind == "left" ? new WatchEvent(WatchKind.Left, WatchSamples.Listing("x"), "withdrawn") : WatchSamples.Joined("x"));
}
