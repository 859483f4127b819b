using System.Buffers;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;

namespace Violence.Kademlia.Federation.Hub;

/// <summary>
/// Speaks one hub's wire. Whatever the hub or the network does is a status in a reply; only the caller's own cancellation
/// throws. Answers are bounded in size and time, and every row obeys the directory's rules or is dropped.
/// </summary>
internal sealed class HubClient(HttpClient http, HubEndpoint hub, TimeSpan timeout, TimeProvider time)
{
    /// <summary>A longer answer is not read on.</summary>
    public const int MaxAnswerBytes = 4 * 1024 * 1024;

    /// <summary>Rows beyond are dropped unread.</summary>
    public const int MaxRows = 10_000;

    private const int MaxShortAnswerBytes = 16 * 1024;
    private const int MaxHealthText = 64;

    private readonly Uri _base = hub.Address.AbsolutePath.EndsWith('/')
        ? hub.Address
        : new UriBuilder(hub.Address) { Path = hub.Address.AbsolutePath + "/" }.Uri;

    public Uri Address => hub.Address;

    /// <summary>Tells the hub of a server, which then lists it for as long as it uses to.</summary>
    public Task<HubReply<HubRegistered>> AnnounceAsync(HubAnnouncement announcement, CancellationToken cancellationToken) =>
        AskAsync("announce", Body(announcement.WriteTo), MaxShortAnswerBytes, static _ => new HubReply<HubRegistered>(HubStatus.Ok, HubRegistered.Instance), cancellationToken);

    /// <summary>The servers the hub lists, less what the query leaves out: a hub may not know every filter, or not heed it.</summary>
    public Task<HubReply<IReadOnlyList<HubAnnouncement>>> QueryAsync(HubQuery query, CancellationToken cancellationToken) =>
        AskAsync("query", Body(query.WriteTo), MaxAnswerBytes, answer => ReadRows(answer, query), cancellationToken);

    /// <summary>The server a player is on.</summary>
    public Task<HubReply<HubPlayerPlace>> LookupAsync(string playerId, CancellationToken cancellationToken)
    {
        byte[] body = Body(new HubPlayerQuestion { PlayerId = playerId }.WriteTo);
        return AskAsync("lookup", body, MaxShortAnswerBytes, static answer => Read(answer, ReadPlace), cancellationToken);
    }

    public Task<HubReply<HubHealth>> HealthAsync(CancellationToken cancellationToken) =>
        AskAsync("health", body: null, MaxShortAnswerBytes, static answer => Read(answer, ReadHealth), cancellationToken);

    private async Task<HubReply<T>> AskAsync<T>(
        string path, byte[]? body, int mostBytes, Func<ReadOnlyMemory<byte>, HubReply<T>> read, CancellationToken cancellationToken)
        where T : class
    {
        using var limit = new CancellationTokenSource(timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            using HttpRequestMessage request = Request(path, body);
            using HttpResponseMessage response =
                await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token).ConfigureAwait(false);
            HubStatus status = StatusOf(response.StatusCode);
            if (status != HubStatus.Ok)
            {
                return new HubReply<T>(status);
            }

            Stream content = await response.Content.ReadAsStreamAsync(either.Token).ConfigureAwait(false);
            await using (content.ConfigureAwait(false))
            {
                return await ReadBoundedAsync(content, mostBytes, either.Token).ConfigureAwait(false) is { } answer
                    ? read(answer)
                    : new HubReply<T>(HubStatus.TooLarge);
            }
        }
        catch (OperationCanceledException)
        {
            // The client's own time-out, if it has one, counts as ours.
            cancellationToken.ThrowIfCancellationRequested();
            return new HubReply<T>(HubStatus.TimedOut);
        }
        catch (Exception fault) when (fault is HttpRequestException or IOException or InvalidOperationException or NotSupportedException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return new HubReply<T>(HubStatus.Unreachable);
        }
    }

    private HttpRequestMessage Request(string path, byte[]? body)
    {
        HttpRequestMessage request = new(body is null ? HttpMethod.Get : HttpMethod.Post, new Uri(_base, path));
        if (body is not null)
        {
            request.Content = new ByteArrayContent(body);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json", "utf-8");
        }

        if (hub.Token is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", hub.Token);
        }

        return request;
    }

    /// <summary>Null when there is more than <paramref name="most"/>.</summary>
    private static async Task<ReadOnlyMemory<byte>?> ReadBoundedAsync(Stream content, int most, CancellationToken cancellationToken)
    {
        ArrayBufferWriter<byte> answer = new();
        while (true)
        {
            // One byte more than allowed tells that there is more; nothing beyond is read.
            Memory<byte> room = answer.GetMemory(4096);
            room = room[..Math.Min(room.Length, most + 1 - answer.WrittenCount)];
            int read = await content.ReadAsync(room, cancellationToken).ConfigureAwait(false);
            if (read == 0)
            {
                return answer.WrittenMemory;
            }

            answer.Advance(read);
            if (answer.WrittenCount > most)
            {
                return null;
            }
        }
    }

    private static HubStatus StatusOf(HttpStatusCode code) => (int)code switch
    {
        200 => HubStatus.Ok,
        401 or 403 => HubStatus.Unauthorized,
        408 => HubStatus.TimedOut,
        429 => HubStatus.RateLimited,
        >= 300 and < 500 => HubStatus.Rejected,
        _ => HubStatus.ServerError,
    };

    private static HubReply<IReadOnlyList<HubAnnouncement>> ReadRows(ReadOnlyMemory<byte> answer, HubQuery query)
    {
        try
        {
            using var document = JsonDocument.Parse(answer);
            if (document.RootElement.ValueKind == JsonValueKind.Null)
            {
                return new HubReply<IReadOnlyList<HubAnnouncement>>(HubStatus.Ok, []);
            }

            if (document.RootElement.ValueKind != JsonValueKind.Array)
            {
                return new HubReply<IReadOnlyList<HubAnnouncement>>(HubStatus.Malformed);
            }

            List<HubAnnouncement> rows = [];
            int dropped = Math.Max(document.RootElement.GetArrayLength() - MaxRows, 0);
            foreach (JsonElement element in document.RootElement.EnumerateArray().Take(MaxRows))
            {
                if (!HubAnnouncement.TryReadRow(element, out HubAnnouncement? row))
                {
                    dropped++;
                }
                else if (query.Matches(row.Server))
                {
                    rows.Add(row);
                }
            }

            return new HubReply<IReadOnlyList<HubAnnouncement>>(HubStatus.Ok, rows, dropped);
        }
        catch (JsonException)
        {
            return new HubReply<IReadOnlyList<HubAnnouncement>>(HubStatus.Malformed);
        }
    }

    private static HubReply<T> Read<T>(ReadOnlyMemory<byte> answer, Func<HubFields, T> read)
        where T : class =>
        HubFields.TryRead(answer, read, out T? value, out _) ? new HubReply<T>(HubStatus.Ok, value) : new HubReply<T>(HubStatus.Malformed);

    private static HubPlayerPlace ReadPlace(HubFields fields)
    {
        bool? isOnline = fields.Flag("online");
        if (isOnline is null)
        {
            fields.Add(new HubProblem("online", "null", "must be true or false"));
        }

        if (isOnline is not true)
        {
            return HubPlayerPlace.Offline;
        }

        string? address = fields.Text("serverAddress");
        string? name = fields.Text("serverName");
        if (address is null || !ServerAddress.IsValid(address))
        {
            fields.Add(new HubProblem("serverAddress", DirectoryText.Quote(address), "must be an address"));
        }

        if (name is null || !DirectoryText.IsName(name))
        {
            fields.Add(new HubProblem("serverName", DirectoryText.Quote(name), "must be a name"));
        }

        return new HubPlayerPlace(name, address);
    }

    private static HubHealth ReadHealth(HubFields fields) =>
        new(Short(fields.Text("status")) ?? "", Short(fields.Text("version")), Short(fields.Text("uptime")), fields.Number("serverCount"));

    private static string? Short(string? text) => text is { Length: > MaxHealthText } ? text[..MaxHealthText] : text;

    private static byte[] Body(Action<Utf8JsonWriter> write)
    {
        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter writer = new(buffer))
        {
            write(writer);
        }

        return buffer.WrittenSpan.ToArray();
    }
}
