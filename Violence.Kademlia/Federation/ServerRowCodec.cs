using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using MessagePack;

namespace Violence.Kademlia.Federation;

/// <summary>
/// A description as the payload of a record: the MessagePack array
/// <c>[1, name, address, genre, region, players, maxPlayers, version, tags]</c>. Elements after the known ones are left
/// unread, so rows can grow. Reading is total: any bytes give a description that passed every rule, or false.
/// </summary>
internal static class ServerRowCodec
{
    /// <summary>No row is longer: every field at its limit.</summary>
    public const int MaxSize = 600;

    private const int Format = 1;
    private const int Elements = 9;

    public static byte[] Encode(ServerInfo server)
    {
        ArrayBufferWriter<byte> buffer = new(MaxSize);
        MessagePackWriter writer = new(buffer);
        writer.WriteArrayHeader(Elements);
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

        writer.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Reads a row that came from the network, by the same rules as for one's own.</summary>
    public static bool TryDecode(ReadOnlyMemory<byte> payload, [NotNullWhen(true)] out ServerInfo? server)
    {
        server = null;
        RowReader reader = new(payload);
        if (!reader.TryReadArray(out int elements)
            || elements < Elements
            || !reader.TryReadNumber(out int format)
            || format != Format
            || !reader.TryReadText(out string? name)
            || !reader.TryReadText(out string? address)
            || !reader.TryReadText(out string? genre)
            || !reader.TryReadText(out string? region)
            || !reader.TryReadNumber(out int players)
            || !reader.TryReadNumber(out int maxPlayers)
            || !reader.TryReadText(out string? version)
            || !reader.TryReadTags(out string[]? tags))
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
