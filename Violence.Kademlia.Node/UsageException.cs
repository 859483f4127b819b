namespace Violence.Kademlia.Node;

/// <summary>A value that only the library can judge (a server's name, say) was wrong: exit code 2.</summary>
internal sealed class UsageException(ArgumentException inner) : Exception(Tell(inner), inner)
{
    /// <summary>The message without the framework's note on which parameter of which method it was.</summary>
    private static string Tell(ArgumentException wrong)
    {
        int note = wrong.Message.IndexOf(" (Parameter '", StringComparison.Ordinal);
        return note < 0 ? wrong.Message : wrong.Message[..note];
    }
}
