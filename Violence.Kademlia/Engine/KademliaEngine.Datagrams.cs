using Violence.Kademlia.Primitives;
using Violence.Kademlia.Wire;

namespace Violence.Kademlia.Engine;

/// <summary>From datagram to request or reply: admit, decode, route. Whatever is wrong is dropped and counted, never thrown.</summary>
internal sealed partial class KademliaEngine
{
    /// <summary>Takes one datagram. The bytes are not kept.</summary>
    public void Receive(NodeEndpoint source, ReadOnlyMemory<byte> datagram, Instant now)
    {
        Counters.DatagramsReceived++;
        Counters.BytesReceived += datagram.Length;
        if (!_limiter.Admit(source, now))
        {
            Counters.Drop(DropReason.RateLimited);
            return;
        }

        IncomingMessage message = Scratch.Incoming;
        WireError error = MessageReader.Read(datagram, Config.Network, message);
        if (error != WireError.None)
        {
            Counters.Drop(Reason(error));
            return;
        }

        if (message.Header.Sender == Self)
        {
            Counters.Drop(DropReason.OwnId);
        }
        else if (message.Header.Kind.IsReply())
        {
            HandleReply(source, message, now);
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
    }

    private static DropReason Reason(WireError error) => error switch
    {
        WireError.OtherVersion => DropReason.OtherVersion,
        WireError.OtherNetwork => DropReason.OtherNetwork,
        WireError.TooLarge => DropReason.TooLarge,
        _ => DropReason.Malformed,
    };
}
