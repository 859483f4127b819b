using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Violence.Kademlia.Federation.Hub;

namespace Violence.Kademlia.Node.Hub;

/// <summary>The hub's wire: which request is answered how. One method per path; errors are JSON.</summary>
internal sealed class HubEndpoints(HubTable table, HubRegistry registry, HubQueries queries, HubPlayers players, HubSockets sockets, HubSettings settings, string version)
{
    private readonly SourceBudgets _budgets = new(settings.RequestsPerMinute);
    private readonly HubAccess _access = new(settings.Token);
    private readonly TimeSpan _started = settings.Time.GetElapsedTime(0);

    /// <summary>Answers one request.</summary>
    /// <param name="context">The request.</param>
    /// <param name="stopping">Cancelled when the hub stops: WebSockets end then.</param>
    public async Task HandleAsync(HttpContext context, CancellationToken stopping)
    {
        SourceKey source = SourceKey.Of(context.Connection.RemoteIpAddress);
        if (!_budgets.TryTake(source, Now()))
        {
            context.Response.Headers.RetryAfter = "1";
            await HubAnswers.RefuseAsync(context, StatusCodes.Status429TooManyRequests, $"more than {settings.RequestsPerMinute} requests a minute");
            return;
        }

        try
        {
            await RouteAsync(context, source, stopping);
        }
        catch (BadHttpRequestException bad) when (!context.Response.HasStarted)
        {
            string error = bad.StatusCode == StatusCodes.Status413PayloadTooLarge ? $"the body is longer than {settings.MostBytes} bytes" : "the request is broken";
            await HubAnswers.RefuseAsync(context, bad.StatusCode, error);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // Nobody waits for the answer any more.
        }
    }

    private Task RouteAsync(HttpContext context, SourceKey source, CancellationToken stopping) => context.Request.Path.Value switch
    {
        "/announce" when context.WebSockets.IsWebSocketRequest => ServeSocketAsync(context, source, stopping),
        "/announce" => PostAsync(context, body => AnnounceAsync(context, body, source)),
        "/query" => PostAsync(context, body => QueryAsync(context, body)),
        "/lookup" => PostAsync(context, body => LookupAsync(context, body)),
        "/health" => GetAsync(context, writer => HubAnswers.Health(writer, version, Now() - _started, table.Count)),
        "/peers" => GetAsync(context, writer => HubAnswers.Peers(writer, settings.Peers)),
        "/api/v1/servers" => IsMethod(context, HttpMethods.Get) ? ServersAsync(context) : WrongMethodAsync(context, HttpMethods.Get),
        _ => HubAnswers.RefuseAsync(context, StatusCodes.Status404NotFound, "there is nothing at this path"),
    };

    private static Task GetAsync(HttpContext context, Action<Utf8JsonWriter> write) => IsMethod(context, HttpMethods.Get)
        ? HubAnswers.WriteAsync(context, StatusCodes.Status200OK, write)
        : WrongMethodAsync(context, HttpMethods.Get);

    private static async Task PostAsync(HttpContext context, Func<ReadOnlyMemory<byte>, Task> answer)
    {
        if (!IsMethod(context, HttpMethods.Post))
        {
            await WrongMethodAsync(context, HttpMethods.Post);
            return;
        }

        if (!HubAccess.IsOwnOrigin(context.Request))
        {
            await HubAnswers.RefuseAsync(context, StatusCodes.Status403Forbidden, "web pages of other origins may not do this");
            return;
        }

        // The server refuses what is longer than the limit while it is read.
        using MemoryStream body = new();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        await answer(body.GetBuffer().AsMemory(0, (int)body.Length));
    }

    private Task AnnounceAsync(HttpContext context, ReadOnlyMemory<byte> body, SourceKey source)
    {
        if (!_access.HasToken(context.Request))
        {
            context.Response.Headers.WWWAuthenticate = "Bearer";
            return HubAnswers.RefuseAsync(context, StatusCodes.Status401Unauthorized, "the token is missing or wrong");
        }

        if (!HubAnnouncement.TryParse(body, out HubAnnouncement? announcement, out IReadOnlyList<HubProblem> problems))
        {
            return HubAnswers.RefuseAsync(context, StatusCodes.Status400BadRequest, "the announcement is not valid", problems);
        }

        return registry.Announce(announcement, source, settings.PostLease) is { } refusal
            ? HubAnswers.RefuseAsync(context, StatusCodes.Status400BadRequest, "the announcement was not taken", [refusal])
            : HubAnswers.WriteAsync(context, StatusCodes.Status200OK, HubAnswers.Registered);
    }

    private async Task QueryAsync(HttpContext context, ReadOnlyMemory<byte> body)
    {
        // No body at all asks for everything.
        HubQuery? query = new();
        if (!body.IsEmpty && !HubQuery.TryParse(body, out query, out IReadOnlyList<HubProblem> problems))
        {
            await HubAnswers.RefuseAsync(context, StatusCodes.Status400BadRequest, "the query is not valid", problems);
            return;
        }

        IReadOnlyList<HubRow> rows = await queries.FindAsync(query, context.RequestAborted);
        await HubAnswers.WriteAsync(context, StatusCodes.Status200OK, writer => HubAnswers.Rows(writer, rows));
    }

    private async Task ServersAsync(HttpContext context)
    {
        var parameters = context.Request.Query.SelectMany(parameter => parameter.Value, (parameter, value) => KeyValuePair.Create(parameter.Key, value ?? ""));
        if (!HubQuery.TryParse(parameters, out HubQuery? query, out IReadOnlyList<HubProblem> problems))
        {
            await HubAnswers.RefuseAsync(context, StatusCodes.Status400BadRequest, "the query is not valid", problems);
            return;
        }

        IReadOnlyList<HubRow> rows = await queries.FindAsync(query, context.RequestAborted);
        await HubAnswers.WriteAsync(context, StatusCodes.Status200OK, writer => HubAnswers.Servers(writer, rows));
    }

    private async Task LookupAsync(HttpContext context, ReadOnlyMemory<byte> body)
    {
        if (!HubPlayerQuestion.TryParse(body, out HubPlayerQuestion? question, out IReadOnlyList<HubProblem> problems))
        {
            await HubAnswers.RefuseAsync(context, StatusCodes.Status400BadRequest, "the lookup is not valid", problems);
            return;
        }

        (string, string)? server = await players.FindAsync(question.PlayerId, context.RequestAborted);
        await HubAnswers.WriteAsync(context, StatusCodes.Status200OK, writer => HubAnswers.Player(writer, server));
    }

    private async Task ServeSocketAsync(HttpContext context, SourceKey source, CancellationToken stopping)
    {
        int refusal = !HubAccess.IsOwnOrigin(context.Request) ? StatusCodes.Status403Forbidden
            : !_access.HasToken(context.Request) ? StatusCodes.Status401Unauthorized
            : !sockets.TryEnter(source) ? StatusCodes.Status429TooManyRequests
            : StatusCodes.Status200OK;
        if (refusal != StatusCodes.Status200OK)
        {
            await HubAnswers.RefuseAsync(context, refusal, "the connection is refused");
            return;
        }

        try
        {
            using var socket = await context.WebSockets.AcceptWebSocketAsync();
            await sockets.ServeAsync(socket, source, stopping);
        }
        finally
        {
            sockets.Leave(source);
        }
    }

    private static Task WrongMethodAsync(HttpContext context, string allowed)
    {
        context.Response.Headers.Allow = allowed;
        return HubAnswers.RefuseAsync(context, StatusCodes.Status405MethodNotAllowed, $"only {allowed} is understood here");
    }

    private static bool IsMethod(HttpContext context, string method) => HttpMethods.Equals(context.Request.Method, method);

    private TimeSpan Now() => settings.Time.GetElapsedTime(0);
}
