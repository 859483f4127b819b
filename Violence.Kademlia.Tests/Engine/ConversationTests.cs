using System.Globalization;
using System.Text;
using Violence.Kademlia.Engine.Operations;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Wire;

namespace Violence.Kademlia.Tests.Engine;

/// <summary>
/// What five nodes say to each other while they join, store, find and leave, line by line: a change of the protocol's
/// behaviour shows as a change of Transcripts/join-put-get.txt. To record it anew, set the environment variable
/// <see cref="RecordVariable"/> to the path of that file in the sources, run this test, and read the difference.
/// </summary>
[TestFixture]
internal sealed class ConversationTests
{
    /// <summary>The path to write the conversation to, instead of comparing it.</summary>
    public const string RecordVariable = "VIOLENCE_RECORD_TRANSCRIPT";

    [Test]
    public void The_conversation_is_as_recorded()
    {
        string spoken = Converse();
        if (Environment.GetEnvironmentVariable(RecordVariable) is { Length: > 0 } path)
        {
            File.WriteAllText(path, spoken);
            Assert.Inconclusive($"Recorded to {path}.");
        }

        string recorded = File.ReadAllText(Path.Combine(TestContext.CurrentContext.TestDirectory, "Transcripts", "join-put-get.txt"));
        Assert.That(spoken.Split('\n'), Is.EqualTo(recorded.ReplaceLineEndings("\n").Split('\n')));
    }

    private static string Converse()
    {
        var network = new VirtualNetwork(seed: 1_300);
        var text = new StringBuilder();
        var message = new IncomingMessage();
        var names = new Dictionary<NodeEndpoint, char>();
        Instant start = network.Now;
        network.Observer = (from, to, bytes) =>
        {
            MessageReader.Read(bytes, VirtualNetwork.NetworkId, message);
            string details = string.Join(' ', Details(message, names));
            text.Append(CultureInfo.InvariantCulture, $"{(network.Now - start).TotalMilliseconds,6:F0} {names[from]} > {names[to]} {Name(message.Header.Kind),-10} {bytes.Length,4}");
            text.Append(details.Length > 0 ? " " + details : "").Append('\n');
        };
        void Say(string what) => text.Append(CultureInfo.InvariantCulture, $"{(network.Now - start).TotalMilliseconds,6:F0} # {what}\n");

        VirtualNode[] nodes = [.. Enumerable.Range(0, 5).Select(_ => network.Create())];
        foreach (VirtualNode node in nodes)
        {
            names[node.Endpoint] = (char)('A' + names.Count);
        }

        foreach (VirtualNode node in nodes)
        {
            Say($"{names[node.Endpoint]} starts");
            node.Start(node == nodes[0] ? [] : [nodes[0].Endpoint]);
            network.RunFor(TimeSpan.FromMilliseconds(500));
        }

        network.RunFor(TimeSpan.FromSeconds(10));
        var key = RecordKey.FromText("test", "conversation");
        Say("B puts");
        network.Run<PutOperation>(nodes[1], (engine, now) => engine.Put(key, "label", "value"u8, Record.MaxTimeToLive, keepAlive: true, now));
        Say("D gets");
        network.Run<GetOperation>(nodes[3], (engine, now) => engine.Get(key, GetMode.Closest, null, 10, null, now));
        Say("B withdraws");
        network.Run<PutOperation>(nodes[1], (engine, now) => engine.Withdraw(key, "label", now));
        Say("C says goodbye");
        nodes[2].Step(engine => engine.SayGoodbye(network.Now));
        nodes[2].Crash();
        network.RunFor(TimeSpan.FromSeconds(1));
        return text.ToString();
    }

    private static IEnumerable<string> Details(IncomingMessage message, Dictionary<NodeEndpoint, char> names)
    {
        if (message.Header.Kind.IsRequest())
        {
            yield return message.HasCookie ? "cookie" : "no cookie";
        }

        if (message.Challenge is not null)
        {
            yield return "challenge";
        }

        if (message.HasProof)
        {
            yield return "proof";
        }

        if (message.Header.Kind == MessageKind.Stored)
        {
            yield return message.Status.ToString();
        }

        if (message.ContactCount > 0)
        {
            yield return "contacts " + string.Concat(message.Contacts.ToArray().Select(contact => names[contact.Endpoint]));
        }

        if (message.RecordCount > 0)
        {
            yield return $"records {message.RecordCount}";
        }
    }

    private static string Name(MessageKind kind) => kind.ToString();
}
