namespace Violence.Kademlia.Requests;

/// <summary>
/// How long to wait for one answer. Past <paramref name="Soft"/> another node is asked beside it while the late answer
/// still counts; past <paramref name="Hard"/> the node has failed. Soft is never longer than hard.
/// </summary>
internal readonly record struct RequestTimeouts(TimeSpan Soft, TimeSpan Hard)
{
    /// <summary>Shorter, and the jitter of a busy loop would look like a lost datagram.</summary>
    public static readonly TimeSpan SoftMinimum = TimeSpan.FromMilliseconds(15);

    public static readonly TimeSpan SoftMaximum = TimeSpan.FromSeconds(1);

    public static readonly TimeSpan HardMinimum = TimeSpan.FromMilliseconds(500);

    /// <summary>A node of which nothing is known may be on the other side of the world from all the others.</summary>
    public static readonly TimeSpan StrangerHardMinimum = TimeSpan.FromSeconds(1);

    public static readonly TimeSpan HardMaximum = TimeSpan.FromSeconds(4);

    /// <summary>Before anything was measured: the soft time-out covers a round trip between continents.</summary>
    public static RequestTimeouts Prior => Of(TimeSpan.FromMilliseconds(250), StrangerHardMinimum);

    /// <summary>The time-outs for an estimate, within their limits.</summary>
    /// <param name="estimate">Retransmission time-out of RFC 6298.</param>
    /// <param name="hardMinimum">The shortest hard time-out.</param>
    public static RequestTimeouts Of(TimeSpan estimate, TimeSpan hardMinimum)
    {
        TimeSpan soft = Clamp(estimate, SoftMinimum, SoftMaximum);
        return new RequestTimeouts(soft, Clamp(4 * soft, hardMinimum, HardMaximum));
    }

    private static TimeSpan Clamp(TimeSpan value, TimeSpan least, TimeSpan most) =>
        value < least ? least : value > most ? most : value;
}
