namespace Violence.Kademlia.Node;

/// <summary>A value that only the library can judge (a server's name, say) was wrong: exit code 2.</summary>
internal sealed class UsageException(string message, Exception inner) : Exception(message, inner);
