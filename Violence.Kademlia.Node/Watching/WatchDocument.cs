using Violence.Kademlia.Node.Output;

namespace Violence.Kademlia.Node.Watching;

/// <summary>What <c>query --watch --json</c> prints, one a line.</summary>
internal sealed record WatchDocument(string Event, string? Reason, ServerDocument Server)
{
    public static WatchDocument Of(WatchEvent happened) => new(Word(happened.Kind), happened.Reason, ServerDocument.Of(happened.Listing));

    public static string Word(WatchKind kind) => kind switch
    {
        WatchKind.Joined => "joined",
        WatchKind.Changed => "changed",
        WatchKind.Left => "left",
        _ => "measured",
    };
}
