using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using MessagePack;

namespace Violence.Kademlia.Federation;

/// <summary>
/// A description as the payload of a record: the MessagePack array
/// <c>[1, name, address, genre, region, players, maxPlayers, version, tags, lease, mode, hasPassword, nodePort]</c>. The last four
/// came later: older rows end before them, and a row that tells no port ends before that. Elements after the known ones are left unread, so rows can grow. Reading is total: any bytes give a description that passed every rule, or false.
/// </summary>
internal static class ServerRowCodec
{
    /// <summary>No row is longer: every field at its limit.</summary>
    public const int MaxSize = 640;

    private const int Format = 1;
    private const int Elements = 13;

    /// <summary>What every row has.</summary>
    private const int LeastElements = 9;

    /// <param name="server">A description that passed every rule.</param>
    /// <param name="lease">For how long it promises to be heard of again; null: no promise.</param>
    /// <param name="nodePort">The UDP port of the announcing node, at the host of the address; null: not told.</param>
    public static byte[] Encode(ServerInfo server, TimeSpan? lease = null, int? nodePort = null)
    {
        ArrayBufferWriter<byte> buffer = new(MaxSize);
        MessagePackWriter writer = new(buffer);
        writer.WriteArrayHeader(nodePort is null ? Elements - 1 : Elements);
        writer.Write(Format);
        writer.Write(server.Name);
        writer.Write(server.Address);
        writer.Write(server.Genre);
        writer.Write(server.Region);
        writer.Write(server.Players);
        writer.Write(server.MaxPlayers);
        writer.Write(server.Version);
        writer.WriteArrayHeader(server.Tags.Count);
        foreach (string tag in server.Tags)
        {
            writer.Write(tag);
        }

        if (lease is { } promised)
        {
            writer.Write((int)promised.TotalSeconds);
        }
        else
        {
            writer.WriteNil();
        }

        writer.Write(server.Mode);
        writer.Write(server.HasPassword);
        if (nodePort is { } port)
        {
            writer.Write(port);
        }

        writer.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Reads a row that came from the network, by the same rules as for one's own.</summary>
    public static bool TryDecode(ReadOnlyMemory<byte> payload, [NotNullWhen(true)] out ServerInfo? server) =>
        TryDecode(payload, out server, out _);

    /// <summary>The same with the lease; null when the row has none.</summary>
    public static bool TryDecode(ReadOnlyMemory<byte> payload, [NotNullWhen(true)] out ServerInfo? server, out TimeSpan? lease) =>
        TryDecode(payload, out server, out lease, out _);

    /// <summary>The same with the node's port; null when the row has none.</summary>
    public static bool TryDecode(
        ReadOnlyMemory<byte> payload, [NotNullWhen(true)] out ServerInfo? server, out TimeSpan? lease, out int? nodePort)
    {
        server = null;
        lease = null;
        nodePort = null;
        string mode = "";
        bool hasPassword = false;
        RowReader reader = new(payload);
        if (!reader.TryReadArray(out int elements)
            || elements < LeastElements
            || !reader.TryReadNumber(out int format)
            || format != Format
            || !reader.TryReadText(out string? name)
            || !reader.TryReadText(out string? address)
            || !reader.TryReadText(out string? genre)
            || !reader.TryReadText(out string? region)
            || !reader.TryReadNumber(out int players)
            || !reader.TryReadNumber(out int maxPlayers)
            || !reader.TryReadText(out string? version)
            || !reader.TryReadTags(out string[]? tags)
            || (elements > 9 && !reader.TryReadLease(out lease))
            || (elements > 10 && !reader.TryReadText(out mode!))
            || (elements > 11 && !reader.TryReadFlag(out hasPassword))
            || (elements > 12 && !reader.TryReadPort(out nodePort)))
        {
            return false;
        }

        ServerInfo read = ServerInfoValidator.Normalize(new ServerInfo
        {
            Name = name,
            Address = address,
            Genre = genre,
            Region = region,
            Players = players,
            MaxPlayers = maxPlayers,
            Version = version,
            Mode = mode,
            HasPassword = hasPassword,
            Tags = tags,
        });
        if (ServerInfoValidator.Check(read).Count > 0)
        {
            return false;
        }

        server = read;
        return true;
    }
}
