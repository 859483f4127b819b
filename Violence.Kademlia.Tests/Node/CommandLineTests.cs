using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Violence.Kademlia.Tests.Node;

[TestFixture]
public sealed class CommandLineTests
{
    private static readonly string[] Commands = ["demo", "run", "announce", "lookup", "query", "browse", "put", "get", "records", "hub"];

    [TestCase("", "Required command")]
    [TestCase("bogus", "bogus")]
    [TestCase("demo --nodes 3", "--nodes: '3' is not allowed; give a whole number from 4 to 200.")]
    [TestCase("demo --nodes 201", "--nodes: '201'")]
    [TestCase("demo --nodes many", "--nodes: 'many'")]
    [TestCase("demo --servers 0", "--servers: '0' is not allowed; give a whole number from 1 to 200.")]
    [TestCase("demo --servers -1", "--servers: '-1'")]
    [TestCase("demo --timeout 0", "--timeout: '0'")]
    [TestCase("demo --nodes", "--nodes")]
    [TestCase("run --listen 127.0.0.1", "--listen: '127.0.0.1' is not allowed; give IP:PORT")]
    [TestCase("run --listen localhost:4001", "--listen: 'localhost:4001'")]
    [TestCase("run --bootstrap example.org", "--bootstrap: 'example.org' is not allowed; give HOST:PORT")]
    [TestCase("run --bootstrap 127.0.0.1:1 --bootstrap 127.0.0.1:0", "--bootstrap: '127.0.0.1:0'")]
    [TestCase("run --mode both", "--mode: 'both' is not allowed; give one of server, client.")]
    [TestCase("run --log-level loud", "--log-level: 'loud' is not allowed; give one of trace, debug, info, warning, error, none.")]
    [TestCase("announce --address 192.0.2.1:1 --genre duel --bootstrap 127.0.0.1:1", "--name")]
    [TestCase("announce --name a --address here --genre duel --bootstrap 127.0.0.1:1", "--address: 'here' is not allowed; give HOST:PORT")]
    [TestCase("announce --name a --address 192.0.2.1:1 --genre duel", "--bootstrap")]
    [TestCase("announce --name a --address 192.0.2.1:1 --genre duel --bootstrap 127.0.0.1:1 --players 70000", "--players: '70000'")]
    [TestCase("announce --name a --address 192.0.2.1:1 --genre duel --bootstrap 127.0.0.1:1 --tag a_b", "--tag: 'a_b'")]
    [TestCase("lookup --bootstrap 127.0.0.1:1", "NAME")]
    [TestCase("lookup a", "--bootstrap")]
    [TestCase("lookup a --bootstrap 127.0.0.1:1 --timeout soon", "--timeout: 'soon' is not allowed; give seconds from 0.1 to 300.")]
    [TestCase("query --bootstrap 127.0.0.1:1", "--genre")]
    [TestCase("query --genre duel --bootstrap 127.0.0.1:1 --max 0", "--max: '0'")]
    [TestCase("query --genre duel --bootstrap 127.0.0.1:1 --order best", "--order: 'best' is not allowed; give one of name, players, ping.")]
    [TestCase("browse --bootstrap 127.0.0.1:1", "GENRE")]
    [TestCase("browse duel", "--bootstrap")]
    [TestCase("browse a_b --bootstrap 127.0.0.1:1", "GENRE: 'a_b' is not allowed; give 1 to 24 letters")]
    [TestCase("browse a b c d e f g h i j --bootstrap 127.0.0.1:1", "GENRE: given 10 times; at most 9")]
    [TestCase("browse duel --bootstrap 127.0.0.1:1", "browse needs a terminal")]
    [TestCase("hub --http 8080", "--http: '8080' is not allowed; give IP:PORT")]
    [TestCase("hub --peer hub.example.org", "--peer: 'hub.example.org' is not allowed; give an http or https address")]
    [TestCase("hub --requests-per-minute 0", "--requests-per-minute: '0'")]
    [TestCase("put --bootstrap 127.0.0.1:1", "KEY")]
    [TestCase("put key --bootstrap 127.0.0.1:1", "give TEXT or --file, and not both.")]
    [TestCase("put key text --file f --bootstrap 127.0.0.1:1", "give TEXT or --file, and not both.")]
    [TestCase("put key text --bootstrap 127.0.0.1:1 --ttl 28801", "--ttl: '28801' is not allowed; give seconds from 1 to 28800.")]
    [TestCase("put key text", "--bootstrap")]
    [TestCase("get --bootstrap 127.0.0.1:1", "KEY")]
    [TestCase("get key --bootstrap 127.0.0.1:1 --owner me", "--owner: 'me' is not allowed; give the owner's id: 40 hex digits.")]
    [TestCase("records", "--data-dir")]
    public async Task Wrong_usage_exits_with_2_and_says_on_stderr_what_is_allowed(string line, string complaint)
    {
        var run = await CommandLineRun.OfAsync(line.Split(' ', StringSplitOptions.RemoveEmptyEntries));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(run.ExitCode, Is.EqualTo(2));
            Assert.That(run.Error, Does.Contain(complaint));
            Assert.That(run.Output, Is.Empty);
        }
    }

    [Test]
    public async Task More_than_64_seeds_are_wrong_usage()
    {
        var seeds = Enumerable.Range(1, 65).SelectMany(port => new[] { "--bootstrap", $"127.0.0.1:{port}" });

        var run = await CommandLineRun.OfAsync(["run", .. seeds]);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(run.ExitCode, Is.EqualTo(2));
            Assert.That(run.Error, Does.Contain("--bootstrap: given 65 times; at most 64"));
        }
    }

    [TestCaseSource(nameof(Commands))]
    public async Task Every_command_has_help_and_json(string command)
    {
        var run = await CommandLineRun.OfAsync(command, "--help");

        using (Assert.EnterMultipleScope())
        {
            Assert.That(run.ExitCode, Is.Zero);
            Assert.That(run.Output, Does.Contain("--json").And.Contain("--help").And.Contain("--log-level"));
            Assert.That(run.Error, Is.Empty);
        }
    }

    [Test]
    public async Task A_port_in_use_exits_with_1_and_a_message_that_names_the_port()
    {
        using var holder = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        holder.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var taken = (IPEndPoint)holder.LocalEndPoint!;

        var run = await CommandLineRun.OfAsync("run", "--listen", taken.ToString());

        using (Assert.EnterMultipleScope())
        {
            Assert.That(run.ExitCode, Is.EqualTo(1));
            Assert.That(run.Error, Does.Contain(taken.ToString()).And.Contain("in use"));
            Assert.That(run.Output, Is.Empty);
        }
    }

    [TestCase("lookup", "Nobody")]
    [TestCase("query", "--genre", "duel")]
    [TestCase("get", "key")]
    [TestCase("put", "key", "text")]
    public async Task Nobody_at_the_bootstrap_address_exits_with_1_within_the_timeout(params string[] question)
    {
        // Bound, so that nobody else takes the port, but it never answers.
        using var silent = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        silent.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        string address = silent.LocalEndPoint!.ToString()!;

        var run = await CommandLineRun.OfAsync([.. question, "--bootstrap", address, "--timeout", "0.3", "--listen", "127.0.0.1:0"]);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(run.ExitCode, Is.EqualTo(1));
            Assert.That(run.Error, Does.Contain("no bootstrap node answered within 0.3 s").And.Contain(address));
            Assert.That(run.Output, Is.Empty);
        }
    }

    [Test]
    public async Task Numbers_read_the_same_in_every_culture()
    {
        var before = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = (CultureInfo)CultureInfo.InvariantCulture.Clone();
            CultureInfo.CurrentCulture.NumberFormat.NumberDecimalSeparator = ",";

            var run = await CommandLineRun.OfAsync("lookup", "a", "--bootstrap", "127.0.0.1:1", "--timeout", "0,5");

            Assert.That(run.ExitCode, Is.EqualTo(2));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }
}
