using System.Globalization;
using System.Net;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Wire;

namespace Violence.Kademlia.Tests.Wire;

/// <summary>
/// A message as the vectors of docs/protocol.md spell it: name and value by line. What a reader understood and what a
/// writer was told are compared as this text.
/// </summary>
internal sealed record WireMessage
{
    private static readonly (MessageKind Kind, string Name)[] Names =
    [
        (MessageKind.Ping, "PING"), (MessageKind.Store, "STORE"), (MessageKind.FindNode, "FIND_NODE"),
        (MessageKind.FindValue, "FIND_VALUE"), (MessageKind.Goodbye, "GOODBYE"), (MessageKind.Pong, "PONG"),
        (MessageKind.Stored, "STORED"), (MessageKind.Nodes, "NODES"), (MessageKind.Values, "VALUES"),
        (MessageKind.Retry, "RETRY"), (MessageKind.Touch, "TOUCH"), (MessageKind.Touched, "TOUCHED"),
        (MessageKind.Watch, "WATCH"), (MessageKind.Watching, "WATCHING"), (MessageKind.News, "NEWS"),
    ];

    public required MessageHeader Header { get; init; }

    public ulong? Cookie { get; init; }

    public NodeEndpoint Observed { get; init; }

    public NodeEndpoint? Challenge { get; init; }

    public NodeId Target { get; init; }

    public AddressFamilies Families { get; init; }

    public NodeId? Owner { get; init; }

    public RecordCursor? Cursor { get; init; }

    public byte[] Filter { get; init; } = [];

    public byte[] PublicKey { get; init; } = [];

    public byte[] Signature { get; init; } = [];

    public TransactionId? InReturn { get; init; }

    public StoreStatus Status { get; init; }

    public ulong Sequence { get; init; }

    public Contact[] Contacts { get; init; } = [];

    public (uint Held, uint? Age, byte[] Bytes)[] Records { get; init; } = [];

    public uint Total { get; init; }

    public ulong[] Fingerprints { get; init; } = [];

    public byte[] Missing { get; init; } = [];

    public ulong Watch { get; init; }

    public uint Life { get; init; }

    public WatchStatus WatchStatus { get; init; }

    public static WireMessage From(IncomingMessage message) => new()
    {
        Header = message.Header,
        Cookie = message.HasCookie ? message.Cookie : null,
        Observed = message.Observed,
        Challenge = message.Challenge,
        Target = message.Target,
        Families = message.Families,
        Owner = message.Owner,
        Cursor = message.Cursor,
        Filter = message.Filter.ToArray(),
        PublicKey = message.PublicKey.ToArray(),
        Signature = message.Signature.ToArray(),
        InReturn = message.InReturn,
        Status = message.Status,
        Sequence = message.Sequence,
        Contacts = message.Contacts.ToArray(),
        Records = Enumerable.Range(0, message.RecordCount)
            .Select(i => (message.HeldAt(i), message.AgeAt(i), message.RecordAt(i).ToArray()))
            .ToArray(),
        Total = message.Total,
        Fingerprints = [.. Enumerable.Range(0, message.FingerprintCount).Select(message.FingerprintAt)],
        Missing = message.Missing.ToArray(),
        Watch = message.Watch,
        Life = message.LifeSeconds,
        WatchStatus = message.WatchStatus,
    };

    public static WireMessage Parse(Vector vector)
    {
        (string publicKey, string signature) = Pair(vector.Find("proof") ?? "nil");
        return new WireMessage
        {
            Header = new MessageHeader(
                vector.Hex32("network"),
                Names.Single(name => name.Name == vector["kind"]).Kind,
                new TransactionId(vector.Hex64("transaction")),
                vector.Id("sender"),
                vector["client"] == "yes"),
            Cookie = vector["cookie"] == "nil" ? null : vector.Hex64("cookie"),
            Observed = vector.Find("observed") is { } observed ? Endpoint(observed) : default,
            Challenge = (vector.Find("challenge") ?? "nil") is var challenge and not "nil" ? Endpoint(challenge) : null,
            Target = vector.Find("target") is null ? default : vector.Id("target"),
            Families = (AddressFamilies)vector.Number("families"),
            Owner = (vector.Find("owner") ?? "nil") == "nil" ? null : vector.Id("owner"),
            Cursor = (vector.Find("cursor") ?? "nil") is var cursor and not "nil" ? CursorOf(cursor) : null,
            Filter = Convert.FromHexString(vector.Find("filter") ?? ""),
            PublicKey = Convert.FromHexString(publicKey),
            Signature = Convert.FromHexString(signature),
            InReturn = vector.Find("in-return") is null ? null : new TransactionId(vector.Hex64("in-return")),
            Status = (StoreStatus)vector.Number("status"),
            Sequence = vector.Number("sequence"),
            Contacts = vector.All("contact").Select(Pair)
                .Select(pair => new Contact(Vector.IdOf(pair.First), Endpoint(pair.Second))).ToArray(),
            Records = vector.All("record").Select(Pair)
                .Select(pair => (Seconds(pair.First.Split('/')[0]), pair.First.Split('/') is [_, var age] ? Seconds(age) : (uint?)null, Convert.FromHexString(pair.Second)))
                .ToArray(),
            Total = (uint)vector.Number("total"),
            Fingerprints = [.. vector.All("fingerprint").Select(text => Convert.ToUInt64(text, 16))],
            Missing = (vector.Find("missing") ?? "-") is var missing and not "-" ? Convert.FromHexString(missing) : [],
            Watch = vector.Find("watch") is null ? 0 : vector.Hex64("watch"),
            Life = (uint)vector.Number("life"),
            WatchStatus = (WatchStatus)vector.Number("granting"),
        };
    }

    public ReadOnlyMemory<byte> Write(MessageWriter writer, int maxBytes = WireLimits.MaxDatagram) => Header.Kind switch
    {
        MessageKind.Ping => writer.Ping(Header, Cookie, Challenge),
        MessageKind.Store => writer.Store(Header, Cookie, Records[0].Bytes, Families),
        MessageKind.FindNode => writer.FindNode(Header, Cookie, Target, Families),
        MessageKind.FindValue => writer.FindValue(Header, Cookie, new RecordKey(Target), Families, Owner, Cursor, Filter),
        MessageKind.Goodbye => writer.Goodbye(Header, Cookie!.Value),
        MessageKind.Touch => writer.Touch(Header, Cookie, Fingerprints),
        MessageKind.Watch => writer.Watch(Header, Cookie, new RecordKey(Target), Watch, Life, Filter),
        MessageKind.Watching => writer.Watching(Header, Observed, Cookie!.Value, WatchStatus, Life, maxBytes),
        MessageKind.News => writer.News(Header, Cookie, Watch, Records[0].Bytes),
        MessageKind.Touched => writer.Touched(Header, Observed, Cookie!.Value, Missing, maxBytes),
        MessageKind.Pong => writer.Pong(Header, Observed, Cookie!.Value, PublicKey, Signature, maxBytes, InReturn),
        MessageKind.Stored => writer.Stored(Header, Observed, Cookie!.Value, Status, Sequence, maxBytes, Contacts),
        MessageKind.Nodes => writer.Nodes(Header, Observed, Cookie!.Value, Contacts, maxBytes),
        MessageKind.Values => writer.Values(
            Header, Observed, Cookie!.Value, Contacts, Held(), Cursor is not null, Total, maxBytes, out _),
        _ => writer.Retry(Header, Observed, Cookie!.Value, maxBytes),
    };

    public string Describe()
    {
        List<string> lines =
        [
            $"kind {Names.Single(name => name.Kind == Header.Kind).Name}",
            $"network {Header.Network:x8}",
            $"transaction {Header.Transaction}",
            $"sender {Header.Sender}",
            $"client {(Header.IsClient ? "yes" : "no")}",
        ];
        if (Header.Kind.IsReply())
        {
            lines.Add($"observed {Observed}");
        }

        lines.Add($"cookie {Cookie?.ToString("x16", CultureInfo.InvariantCulture) ?? "nil"}");
        lines.AddRange(Elements());
        return string.Join('\n', lines);
    }

    private IEnumerable<string> Elements() => Header.Kind switch
    {
        MessageKind.Ping => [$"challenge {Challenge?.ToString() ?? "nil"}"],
        MessageKind.Store => Families == AddressFamilies.None ? RecordLines() : [.. RecordLines(), $"families {(int)Families}"],
        MessageKind.FindNode => [$"target {Target}", $"families {(int)Families}"],
        MessageKind.FindValue =>
            [$"target {Target}", $"families {(int)Families}", $"owner {Owner?.ToString() ?? "nil"}", CursorLine(), .. FilterLine()],
        MessageKind.Pong => [
            PublicKey.Length == 0 ? "proof nil" : $"proof {Convert.ToHexStringLower(PublicKey)} {Convert.ToHexStringLower(Signature)}",
            .. InReturn is { } transaction ? (string[])[$"in-return {transaction}"] : []],
        MessageKind.Stored => [$"status {(int)Status}", $"sequence {Sequence}", .. ContactLines()],
        MessageKind.Nodes => ContactLines(),
        MessageKind.Touch => Fingerprints.Select(fingerprint => $"fingerprint {fingerprint:x16}"),
        MessageKind.Watch => [$"target {Target}", $"watch {Watch:x16}", $"life {Life}", .. FilterLine()],
        MessageKind.Watching => [$"granting {(int)WatchStatus}", $"life {Life}"],
        MessageKind.News => [$"watch {Watch:x16}", .. RecordLines()],
        MessageKind.Touched => [$"missing {(Missing.Length == 0 ? "-" : Convert.ToHexStringLower(Missing))}"],
        MessageKind.Values => [.. ContactLines(), .. RecordLines(), CursorLine(), $"total {Total}"],
        _ => [],
    };

    private IEnumerable<string> ContactLines() => Contacts.Select(contact => $"contact {contact.Id} {contact.Endpoint}");

    private IEnumerable<string> RecordLines() =>
        Records.Select(record => $"record {record.Held}{(record.Age is { } age ? $"/{age}" : "")} {Convert.ToHexStringLower(record.Bytes)}");

    private IEnumerable<string> FilterLine() => Filter.Length == 0 ? [] : [$"filter {Convert.ToHexStringLower(Filter)}"];

    private string CursorLine() => Cursor is { } cursor ? $"cursor {cursor.Owner} {cursor.Label}" : "cursor nil";

    private HeldRecord[] Held() => Records
        .Select(record => RecordCodec.TryParse(record.Bytes, out Record? parsed, out RecordError error)
            ? new HeldRecord(parsed, record.Held, record.Age)
            : throw new InvalidOperationException(error.ToString()))
        .ToArray();

    private static uint Seconds(string text) => uint.Parse(text, CultureInfo.InvariantCulture);

    private static NodeEndpoint Endpoint(string text) => NodeEndpoint.From(IPEndPoint.Parse(text));

    private static RecordCursor CursorOf(string text)
    {
        (string owner, string label) = Pair(text);
        return new RecordCursor(Vector.IdOf(owner), label);
    }

    private static (string First, string Second) Pair(string text)
    {
        if (text == "nil")
        {
            return ("", "");
        }

        int blank = text.IndexOf(' ', StringComparison.Ordinal);
        return (text[..blank], text[(blank + 1)..]);
    }
}
