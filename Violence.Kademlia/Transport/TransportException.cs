namespace Violence.Kademlia.Transport;

/// <summary>No socket could be opened at the wanted address; the message says where, why, and what helps.</summary>
internal sealed class TransportException : Exception
{
    public TransportException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}
