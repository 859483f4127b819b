using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace Violence.Kademlia.Tests.Node;

/// <summary>The program as a hub.</summary>
[TestFixture]
public sealed class HubCommandTests
{
    [Test]
    public async Task It_tells_where_it_serves_and_ends_well_when_it_is_stopped()
    {
        await using var hub = ProgramProcess.Start("hub", "--json", "--http", "127.0.0.1:0", "--listen", "127.0.0.1:0");
        using var ready = JsonDocument.Parse(await hub.ReadLineAsync());
        using var http = new HttpClient { BaseAddress = new Uri(ready.RootElement.GetProperty("http").GetString()!) };

        Assert.That(await http.GetStringAsync("health"), Does.Contain("\"status\":\"ok\""));
        if (OperatingSystem.IsWindows())
        {
            // There is no SIGTERM to send to another process.
            return;
        }

        await hub.TerminateAsync();
        var end = await hub.EndAsync();
        Assert.That((end.ExitCode, end.Error), Is.EqualTo((0, "")));
    }

    [Test]
    public async Task An_http_port_in_use_exits_with_1_and_one_line_that_names_it()
    {
        using var holder = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        holder.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        holder.Listen();
        string taken = holder.LocalEndPoint!.ToString()!;

        var run = await CommandLineRun.OfAsync("hub", "--http", taken, "--listen", "127.0.0.1:0");

        using (Assert.EnterMultipleScope())
        {
            Assert.That(run.ExitCode, Is.EqualTo(1));
            Assert.That(run.Error, Does.Contain(taken).And.Contain("in use"));
            Assert.That(run.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries), Has.Length.EqualTo(1));
            Assert.That(run.Output, Is.Empty);
        }
    }
}
