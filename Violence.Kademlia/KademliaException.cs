namespace Violence.Kademlia;

/// <summary>
/// A node that can't start, or is used wrongly. What may happen to any operation on a network (nobody answers, nothing is
/// found) is never an exception but a status in its result.
/// </summary>
public class KademliaException : Exception
{
    /// <summary>An exception without a message.</summary>
    public KademliaException()
    {
    }

    /// <summary>An exception with a message that says what is wrong and what to do.</summary>
    /// <param name="message">What is wrong, and what to do.</param>
    public KademliaException(string message)
        : base(message)
    {
    }

    /// <summary>An exception with a message and its cause.</summary>
    /// <param name="message">What is wrong, and what to do.</param>
    /// <param name="innerException">The cause.</param>
    public KademliaException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
