namespace Violence.Kademlia.Persistence;

/// <summary>
/// The state file can't be used as it is and must not be replaced. The message names the file, what is wrong, and what to do.
/// </summary>
internal sealed class StateFileException : Exception
{
    public StateFileException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}
