namespace Violence.Kademlia.Persistence;

/// <summary>
/// The node's identity could not be read or written. It is never replaced silently: everything the node has
/// announced belongs to its key. The message names the file, what is wrong, and what to do.
/// </summary>
internal sealed class IdentityFileException : Exception
{
    public IdentityFileException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}
