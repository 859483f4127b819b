namespace Violence.Kademlia.Primitives;

/// <summary>
/// The kinds of datagram (docs/protocol.md, "Messages"). A reply's number is its request's plus 16.
/// </summary>
internal enum MessageKind : byte
{
    None = 0,

    /// <summary>Are you there? May ask for an identity proof.</summary>
    Ping = 1,

    /// <summary>Keep this record.</summary>
    Store = 2,

    /// <summary>Which nodes do you know closest to this position?</summary>
    FindNode = 3,

    /// <summary>Which records do you hold under this key, and which nodes do you know closest to it?</summary>
    FindValue = 4,

    /// <summary>I am leaving; expect no answers from here. Has no reply.</summary>
    Goodbye = 5,

    /// <summary>Which of these records don't you hold?</summary>
    Touch = 6,

    /// <summary>Tell me for a while what changes under this key.</summary>
    Watch = 7,

    /// <summary>A record under a key you watch has changed. Has no reply.</summary>
    News = 8,

    Pong = 17,
    Stored = 18,
    Nodes = 19,
    Values = 20,
    Touched = 22,
    Watching = 23,

    /// <summary>Answers any request whose address proof was missing or out of date: here is a fresh cookie, ask again.</summary>
    Retry = 31,
}

internal static class MessageKinds
{
    public static bool IsRequest(this MessageKind kind) => kind is >= MessageKind.Ping and <= MessageKind.News;

    public static bool IsReply(this MessageKind kind) =>
        kind is (>= MessageKind.Pong and <= MessageKind.Values) or MessageKind.Touched or MessageKind.Watching or MessageKind.Retry;

    /// <summary>Whether somebody waits for an answer to it.</summary>
    public static bool HasReply(this MessageKind kind) => kind.IsRequest() && kind is not (MessageKind.Goodbye or MessageKind.News);

    /// <summary>The kind that answers a request of this kind.</summary>
    public static MessageKind Reply(this MessageKind request) => (MessageKind)((byte)request + 16);
}
