using System.Net;
using System.Text;
using System.Threading.Channels;

namespace Violence.Kademlia.Tests.Federation;

/// <summary>A request that a <see cref="ScriptedHub"/> received.</summary>
internal sealed record HubRequest(string Method, Uri Address, string? Authorization, string Body);

/// <summary>The hub's side of an HTTP client: answers as a test says, and keeps what it was asked.</summary>
internal sealed class ScriptedHub(Func<HubRequest, CancellationToken, Task<HttpResponseMessage>> answer) : HttpMessageHandler
{
    private readonly Channel<HubRequest> _requests = Channel.CreateUnbounded<HubRequest>();
    private int _count;

    public int Count => Volatile.Read(ref _count);

    public static ScriptedHub Answering(string body, HttpStatusCode status = HttpStatusCode.OK) =>
        new((_, _) => Task.FromResult(Response(body, status)));

    public static ScriptedHub Answering(Func<HubRequest, string> body) =>
        new((request, _) => Task.FromResult(Response(body(request))));

    public static ScriptedHub Failing(Exception fault) => new((_, _) => Task.FromException<HttpResponseMessage>(fault));

    /// <summary>Takes requests and never answers.</summary>
    public static ScriptedHub Silent() => new(async (_, token) =>
    {
        await Task.Delay(Timeout.Infinite, token);
        return new HttpResponseMessage();
    });

    public static HttpResponseMessage Response(string body, HttpStatusCode status = HttpStatusCode.OK) =>
        new(status) { Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body)) };

    /// <summary>Waits for the next request.</summary>
    public async Task<HubRequest> NextAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        return await _requests.Reader.ReadAsync(limit.Token);
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        string body = request.Content is null ? "" : await request.Content.ReadAsStringAsync(cancellationToken);
        HubRequest received = new(request.Method.Method, request.RequestUri!, request.Headers.Authorization?.ToString(), body);
        Interlocked.Increment(ref _count);
        _requests.Writer.TryWrite(received);
        return await answer(received, cancellationToken);
    }
}
