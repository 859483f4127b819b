using CsCheck;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Wire;

namespace Violence.Kademlia.Tests.Wire;

/// <summary>Messages of every kind, as a writer may be asked for them.</summary>
internal static class WireGen
{
    public static readonly Gen<NodeId> Id =
        Gen.Select(Gen.ULong, Gen.ULong, Gen.UInt, (high, middle, low) => new NodeId(high, middle, low));

    public static readonly Gen<NodeEndpoint> Endpoint = Gen.OneOf(
        Gen.Select(Gen.Byte.Array[4], Gen.UShort, (address, port) => NodeEndpoint.FromIPv4(address, port)),
        Gen.Select(Gen.Byte.Array[16], Gen.UShort, (address, port) => NodeEndpoint.FromIPv6(address, port)));

    public static readonly Gen<Contact> Contact =
        Gen.Select(Id, Endpoint.Where(endpoint => endpoint.IsSendable), (id, endpoint) => new Contact(id, endpoint));

    /// <summary>Valid UTF-16 of at most 64 bytes of UTF-8, up to four of them a character.</summary>
    public static readonly Gen<string> Label = Gen.OneOf(
        Gen.String[Gen.Char[' ', '~'], 0, 64],
        Gen.OneOf("ä", "語", "🎮", "\0").Array[0, 16].Select(string.Concat));

    public static readonly Gen<RecordCursor> Cursor = Gen.Select(Id, Label, (owner, label) => new RecordCursor(owner, label));

    public static readonly Gen<RecordFields> Fields = Gen.Select(
        Gen.UInt,
        Id,
        Gen.Byte.Array[WireLimits.PublicKeySize],
        Label,
        Gen.ULong,
        Gen.Long[0, DateTimeOffset.MaxValue.ToUnixTimeMilliseconds()],
        Gen.Int[1, WireLimits.MaxTimeToLiveSeconds],
        Gen.Bool,
        (network, key, ownerKey, label, sequence, issued, timeToLive, isTombstone) => new RecordFields(
            network,
            new RecordKey(key),
            ownerKey,
            default,
            label,
            sequence,
            DateTimeOffset.FromUnixTimeMilliseconds(issued),
            TimeSpan.FromSeconds(timeToLive),
            isTombstone));

    public static readonly Gen<Record> SmallRecord = RecordWithPayload(100);

    private static readonly Gen<MessageHeader> Header = Gen.Select(
        Gen.UInt,
        Gen.ULong,
        Id,
        Gen.Bool,
        (network, transaction, sender, isClient) =>
            new MessageHeader(network, MessageKind.None, new TransactionId(transaction), sender, isClient));

    public static readonly Gen<WireMessage> Message = Gen.Select(
        Header,
        Gen.Select(Gen.ULong, Endpoint, Gen.Bool),
        Gen.OneOf(Ping(), Store(), Find(), Goodbye(), Touch(), Touched(), Watch(), Watching(), News(), Pong(), Stored(), Nodes(), Values(), Retry()),
        (header, reply, body) => body(header, reply.Item1, reply.Item2, reply.Item3));

    /// <summary>A body, to be completed by header, cookie, observed endpoint and whether the requester has a cookie.</summary>
    private delegate WireMessage Body(MessageHeader header, ulong cookie, NodeEndpoint observed, bool hasCookie);

    public static Gen<Record> RecordWithPayload(int most) => Gen.Select(
        Fields,
        Gen.Byte.Array[0, most],
        Gen.Byte.Array[Record.SignatureSize],
        (fields, payload, signature) =>
        {
            byte[] body = new byte[RecordCodec.MaxBodySize];
            int size = RecordCodec.EncodeBody(fields, fields.IsTombstone ? [] : payload, body);
            return RecordCodec.Assemble(body.AsSpan(0, size), signature);
        });

    private static Gen<Body> Ping() => Endpoint.Nullable().Select<NodeEndpoint?, Body>(challenge =>
        (header, cookie, _, hasCookie) => new WireMessage
        {
            Header = header with { Kind = MessageKind.Ping },
            Cookie = hasCookie ? cookie : null,
            Challenge = challenge,
        });

    private static Gen<Body> Store() => Gen.Select(Gen.Byte.Array[0, Record.MaxSize], Gen.Byte[0, 3]).Select<(byte[] Record, byte Families), Body>(store =>
        (header, cookie, _, hasCookie) => new WireMessage
        {
            Header = header with { Kind = MessageKind.Store },
            Cookie = hasCookie ? cookie : null,
            Records = [(0, null, store.Record)],
            Families = (AddressFamilies)store.Families,
        });

    private static Gen<Body> Find() =>
        Gen.Select(Id, Gen.Byte[0, 3], Id.Nullable(), Cursor.Nullable(), Gen.Bool, Gen.Byte.Array[0, WireLimits.MaxFilterSize])
            .Select<(NodeId Target, byte Families, NodeId? Owner, RecordCursor? Cursor, bool IsValue, byte[] Filter), Body>(find =>
                (header, cookie, _, hasCookie) => new WireMessage
                {
                    Header = header with { Kind = find.IsValue ? MessageKind.FindValue : MessageKind.FindNode },
                    Cookie = hasCookie ? cookie : null,
                    Target = find.Target,
                    Families = (AddressFamilies)find.Families,
                    Owner = find.IsValue ? find.Owner : null,
                    Cursor = find.IsValue ? find.Cursor : null,
                    Filter = find.IsValue ? find.Filter : [],
                });

    private static Gen<Body> Touch() => Gen.ULong.Array[0, WireLimits.MaxFingerprints].Select<ulong[], Body>(fingerprints =>
        (header, cookie, _, hasCookie) => new WireMessage
        {
            Header = header with { Kind = MessageKind.Touch },
            Cookie = hasCookie ? cookie : null,
            Fingerprints = fingerprints,
        });

    private static Gen<Body> Touched() => Gen.Byte.Array[0, WireLimits.MaxFingerprints / 8].Select<byte[], Body>(missing =>
        (header, cookie, observed, _) => new WireMessage
        {
            Header = header with { Kind = MessageKind.Touched },
            Cookie = cookie,
            Observed = observed,
            Missing = missing,
        });

    private static Gen<Body> Watch() =>
        Gen.Select(Id, Gen.ULong, Gen.UInt, Gen.Byte.Array[0, WireLimits.MaxFilterSize])
            .Select<(NodeId Target, ulong Watch, uint Life, byte[] Filter), Body>(watch =>
                (header, cookie, _, hasCookie) => new WireMessage
                {
                    Header = header with { Kind = MessageKind.Watch },
                    Cookie = hasCookie ? cookie : null,
                    Target = watch.Target,
                    Watch = watch.Watch,
                    Life = watch.Life,
                    Filter = watch.Filter,
                });

    private static Gen<Body> Watching() => Gen.Select(Gen.Byte, Gen.UInt).Select<(byte Status, uint Life), Body>(watching =>
        (header, cookie, observed, _) => new WireMessage
        {
            Header = header with { Kind = MessageKind.Watching },
            Cookie = cookie,
            Observed = observed,
            WatchStatus = (WatchStatus)watching.Status,
            Life = watching.Life,
        });

    private static Gen<Body> News() => Gen.Select(Gen.ULong, Gen.Byte.Array[0, Record.MaxSize]).Select<(ulong Watch, byte[] Record), Body>(news =>
        (header, cookie, _, hasCookie) => new WireMessage
        {
            Header = header with { Kind = MessageKind.News },
            Cookie = hasCookie ? cookie : null,
            Watch = news.Watch,
            Records = [(0, null, news.Record)],
        });

    private static Gen<Body> Goodbye() => Gen.Const<Body>((header, cookie, _, _) =>
        new WireMessage { Header = header with { Kind = MessageKind.Goodbye }, Cookie = cookie });

    private static Gen<Body> Pong() =>
        Gen.Select(Gen.Byte.Array[WireLimits.PublicKeySize], Gen.Byte.Array[WireLimits.SignatureSize], Gen.Bool, Gen.ULong.Nullable())
            .Select<(byte[] Key, byte[] Signature, bool HasProof, ulong? InReturn), Body>(proof =>
                (header, cookie, observed, _) => new WireMessage
                {
                    Header = header with { Kind = MessageKind.Pong },
                    Cookie = cookie,
                    Observed = observed,
                    PublicKey = proof.HasProof ? proof.Key : [],
                    Signature = proof.HasProof ? proof.Signature : [],
                    InReturn = proof.InReturn is { } transaction ? new TransactionId(transaction) : null,
                });

    private static Gen<Body> Stored() => Gen.Select(Gen.Byte[0, 7], Gen.ULong, Contact.Array[0, 8]).Select<(byte Status, ulong Sequence, Contact[] Contacts), Body>(stored =>
        (header, cookie, observed, _) => new WireMessage
        {
            Header = header with { Kind = MessageKind.Stored },
            Cookie = cookie,
            Observed = observed,
            Status = (StoreStatus)stored.Status,
            Sequence = stored.Sequence,
            Contacts = stored.Contacts,
        });

    // 28 IPv6 contacts fit into any datagram.
    private static Gen<Body> Nodes() => Contact.Array[0, 28].Select<Contact[], Body>(contacts =>
        (header, cookie, observed, _) => new WireMessage
        {
            Header = header with { Kind = MessageKind.Nodes },
            Cookie = cookie,
            Observed = observed,
            Contacts = contacts,
        });

    // Two of the longest of these records and four contacts fit into any datagram.
    private static Gen<Body> Values() =>
        Gen.Select(Contact.Array[0, 4], Gen.Select(Gen.UInt, Gen.UInt.Nullable(), SmallRecord).Array[0, 2], Gen.Bool, Gen.UInt)
            .Select<(Contact[] Contacts, (uint Held, uint? Age, Record Record)[] Records, bool MoreFollow, uint Total), Body>(values =>
                (header, cookie, observed, _) => new WireMessage
                {
                    Header = header with { Kind = MessageKind.Values },
                    Cookie = cookie,
                    Observed = observed,
                    Contacts = values.Contacts,
                    Records = values.Records.Select(held => (held.Held, held.Age, held.Record.Bytes.ToArray())).ToArray(),
                    Cursor = values.MoreFollow && values.Records is [.., var last]
                        ? new RecordCursor(last.Record.Owner, last.Record.Label)
                        : null,
                    Total = values.Total,
                });

    private static Gen<Body> Retry() => Gen.Const<Body>((header, cookie, observed, _) =>
        new WireMessage { Header = header with { Kind = MessageKind.Retry }, Cookie = cookie, Observed = observed });
}
