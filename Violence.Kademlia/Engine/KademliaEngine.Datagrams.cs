using Violence.Kademlia.Primitives;
using Violence.Kademlia.Wire;

namespace Violence.Kademlia.Engine;

/// <summary>From datagram to request or reply: admit, decode, route. Whatever is wrong is dropped and counted, never thrown.</summary>
internal sealed partial class KademliaEngine
{
    /// <summary>Takes one datagram. The bytes are not kept.</summary>
    /// <returns>
    /// False, as with most datagrams, when there is nothing to see to but the outbox: no operation has ended, the join state is the same, and
    /// <see cref="NextDeadline"/> is no earlier than it was.
    /// </returns>
    public bool Receive(NodeEndpoint source, ReadOnlyMemory<byte> datagram, Instant now)
    {
        Counters.DatagramsReceived++;
        Counters.BytesReceived += datagram.Length;
        if (!_limiter.Admit(source, now))
        {
            Counters.Drop(DropReason.RateLimited);
            return false;
        }

        IncomingMessage message = Scratch.Incoming;
        WireError error = MessageReader.Read(datagram, Config.Network, message);
        if (error != WireError.None)
        {
            Counters.Drop(Reason(error));
            return false;
        }

        long sent = Counters.RequestsSent;
        JoinState joinState = _join.State;
        bool isRoutine = message.Header.Kind is MessageKind.Ping or MessageKind.FindNode or MessageKind.FindValue;
        if (message.Header.Sender == Self)
        {
            Counters.Drop(DropReason.OwnId);
        }
        else if (message.Header.Kind.IsReply())
        {
            isRoutine = HandleReply(source, message, now);
        }
        else if (message.Header.Kind == MessageKind.News)
        {
            HandleNews(source, message, now);
        }
        else if (!Config.IsClient)
        {
            Serve(source, message, datagram.Length, now);
        }
        else
        {
            Counters.Drop(DropReason.Unsolicited);
        }

        EndStep(now);

        // What a routine datagram can do beyond: have a contact challenged or probed, and tell that somebody lives, which makes no round of
        // the records held due earlier.
        return !isRoutine || Counters.RequestsSent != sent || _join.State != joinState;
    }

    private static DropReason Reason(WireError error) => error switch
    {
        WireError.OtherVersion => DropReason.OtherVersion,
        WireError.OtherNetwork => DropReason.OtherNetwork,
        WireError.TooLarge => DropReason.TooLarge,
        _ => DropReason.Malformed,
    };
}
