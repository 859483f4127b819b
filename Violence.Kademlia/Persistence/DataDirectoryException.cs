namespace Violence.Kademlia.Persistence;

/// <summary>The data directory can't be used, or another node uses it; the message names it and says what to do.</summary>
internal sealed class DataDirectoryException : Exception
{
    public DataDirectoryException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}
