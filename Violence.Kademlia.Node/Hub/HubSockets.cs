using System.Net.WebSockets;
using Violence.Kademlia.Federation.Hub;

namespace Violence.Kademlia.Node.Hub;

/// <summary>
/// Announcements over WebSockets: one per text message, never answered. What is not valid is left out; what is too long, too
/// often or not text closes the connection. A server whose connection ends is listed until its lease does.
/// </summary>
internal sealed class HubSockets(HubRegistry registry, HubSettings settings)
{
    private readonly SourceBudgets _budgets = new(settings.RequestsPerMinute);
    private readonly Lock _gate = new();
    private readonly Dictionary<SourceKey, int> _open = [];

    /// <summary>Takes a place for one more connection of a source; give it back with <see cref="Leave"/>.</summary>
    public bool TryEnter(SourceKey source)
    {
        lock (_gate)
        {
            int open = _open.GetValueOrDefault(source);
            if (open >= settings.MostSocketsPerSource)
            {
                return false;
            }

            _open[source] = open + 1;
            return true;
        }
    }

    public void Leave(SourceKey source)
    {
        lock (_gate)
        {
            if (--_open[source] == 0)
            {
                _open.Remove(source);
            }
        }
    }

    /// <summary>Reads until the connection ends, is silent for too long, or the hub stops.</summary>
    public async Task ServeAsync(WebSocket socket, SourceKey source, CancellationToken stop)
    {
        byte[] buffer = new byte[settings.MostBytes];
        try
        {
            WebSocketCloseStatus end;
            do
            {
                end = await ReadAsync(socket, buffer, source, stop);
            }
            while (end == WebSocketCloseStatus.Empty);

            await socket.CloseOutputAsync(end, statusDescription: null, stop);
        }
        catch (Exception gone) when (gone is WebSocketException or OperationCanceledException or IOException or ObjectDisposedException)
        {
            // Broken off, silent, or the hub stops: its servers' leases end by themselves.
        }
    }

    /// <summary>Reads one message; <see cref="WebSocketCloseStatus.Empty"/>: go on.</summary>
    private async Task<WebSocketCloseStatus> ReadAsync(WebSocket socket, byte[] buffer, SourceKey source, CancellationToken stop)
    {
        using var silence = new CancellationTokenSource(settings.SocketSilence, settings.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, silence.Token);
        int length = 0;
        while (true)
        {
            ValueWebSocketReceiveResult part = await socket.ReceiveAsync(buffer.AsMemory(length), either.Token);
            if (part.MessageType != WebSocketMessageType.Text)
            {
                return part.MessageType == WebSocketMessageType.Close ? WebSocketCloseStatus.NormalClosure : WebSocketCloseStatus.InvalidMessageType;
            }

            length += part.Count;
            if (part.EndOfMessage)
            {
                break;
            }

            if (length == buffer.Length)
            {
                return WebSocketCloseStatus.MessageTooBig;
            }
        }

        if (!_budgets.TryTake(source, settings.Time.GetElapsedTime(0)))
        {
            return WebSocketCloseStatus.PolicyViolation;
        }

        if (HubAnnouncement.TryParse(buffer.AsMemory(0, length), out HubAnnouncement? announcement, out _))
        {
            registry.Announce(announcement, source, settings.SocketLease);
        }

        return WebSocketCloseStatus.Empty;
    }
}
