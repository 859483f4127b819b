using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using MessagePack;

namespace Violence.Kademlia.Federation;

/// <summary>
/// A description as the payload of a record: the MessagePack array
/// <c>[1, name, address, genre, region, players, maxPlayers, version, tags, lease, mode, hasPassword]</c>. The last three came
/// later, and older rows end before them. Elements after the known ones are left unread, so rows can grow. Reading is total: any bytes give a description that passed every rule, or false.
/// </summary>
internal static class ServerRowCodec
{
    /// <summary>No row is longer: every field at its limit.</summary>
    public const int MaxSize = 640;

    private const int Format = 1;
    private const int Elements = 12;

    /// <summary>What every row has.</summary>
    private const int LeastElements = 9;

    /// <param name="server">A description that passed every rule.</param>
    /// <param name="lease">For how long it promises to be heard of again; null: no promise.</param>
    public static byte[] Encode(ServerInfo server, TimeSpan? lease = null)
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
        writer.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Reads a row that came from the network, by the same rules as for one's own.</summary>
    public static bool TryDecode(ReadOnlyMemory<byte> payload, [NotNullWhen(true)] out ServerInfo? server) =>
        TryDecode(payload, out server, out _);

    /// <summary>The same with the lease; null when the row has none.</summary>
    public static bool TryDecode(ReadOnlyMemory<byte> payload, [NotNullWhen(true)] out ServerInfo? server, out TimeSpan? lease)
    {
        server = null;
        lease = null;
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
            || (elements > 11 && !reader.TryReadFlag(out hasPassword)))
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

    /// <summary>Looks at type and length before every read, so that no read can throw: a flood of garbage stays cheap.</summary>
    private ref struct RowReader(ReadOnlyMemory<byte> payload)
    {
        private readonly ReadOnlySpan<byte> _bytes = payload.Span;
        private MessagePackReader _reader = new(payload);

        private readonly ReadOnlySpan<byte> Rest => _bytes[(int)_reader.Consumed..];

        public bool TryReadArray(out int count)
        {
            count = 0;
            ReadOnlySpan<byte> rest = Rest;
            int header = rest.IsEmpty ? 0 : rest[0] switch
            {
                >= MessagePackCode.MinFixArray and <= MessagePackCode.MaxFixArray => 1,
                MessagePackCode.Array16 => 3,
                MessagePackCode.Array32 => 5,
                _ => 0,
            };
            if (header == 0 || rest.Length < header)
            {
                return false;
            }

            // A count beyond int would be the one array header that throws.
            bool tooMany = header == 5 && BinaryPrimitives.ReadUInt32BigEndian(rest[1..]) > int.MaxValue;
            return !tooMany && _reader.TryReadArrayHeader(out count);
        }

        /// <summary>A number of 0 to 65535 in any width.</summary>
        public bool TryReadNumber(out int value)
        {
            value = 0;
            ReadOnlySpan<byte> rest = Rest;
            int size = rest.IsEmpty ? 0 : rest[0] switch
            {
                <= MessagePackCode.MaxFixInt => 1,
                MessagePackCode.UInt8 or MessagePackCode.Int8 => 2,
                MessagePackCode.UInt16 or MessagePackCode.Int16 => 3,
                MessagePackCode.UInt32 or MessagePackCode.Int32 => 5,
                MessagePackCode.UInt64 or MessagePackCode.Int64 => 9,
                _ => 0,
            };
            if (size == 0 || rest.Length < size)
            {
                return false;
            }

            // Read as signed, a 64-bit number with its top bit set would throw; it is too large anyhow.
            if (size == 9 && (rest[1] & 0x80) != 0)
            {
                return false;
            }

            long number = _reader.ReadInt64();
            value = (int)Math.Clamp(number, -1, ushort.MaxValue + 1);
            return number is >= 0 and <= ushort.MaxValue;
        }

        /// <summary>Whole seconds within the limits of a lease, or nil.</summary>
        public bool TryReadLease(out TimeSpan? lease)
        {
            lease = null;
            if (Rest is [MessagePackCode.Nil, ..])
            {
                return _reader.TryReadNil();
            }

            if (!TryReadNumber(out int seconds))
            {
                return false;
            }

            lease = TimeSpan.FromSeconds(seconds);
            return ServerLease.IsValid(lease.Value);
        }

        public bool TryReadFlag(out bool flag)
        {
            flag = Rest is [MessagePackCode.True, ..];
            if (!flag && Rest is not [MessagePackCode.False, ..])
            {
                return false;
            }

            _ = _reader.ReadBoolean();
            return true;
        }

        public bool TryReadText([NotNullWhen(true)] out string? text)
        {
            text = null;
            ReadOnlySpan<byte> rest = Rest;
            (int header, uint length) = rest switch
            {
                [>= MessagePackCode.MinFixStr and <= MessagePackCode.MaxFixStr, ..] => (1, rest[0] & 0x1Fu),
                [MessagePackCode.Str8, _, ..] => (2, rest[1]),
                [MessagePackCode.Str16, _, _, ..] => (3, BinaryPrimitives.ReadUInt16BigEndian(rest[1..])),
                [MessagePackCode.Str32, _, _, _, _, ..] => (5, BinaryPrimitives.ReadUInt32BigEndian(rest[1..])),
                _ => (0, 0u),
            };
            if (header == 0
                || length > ServerAddress.MaxLength
                || rest.Length - header < length
                || !_reader.TryReadStringSpan(out ReadOnlySpan<byte> utf8)
                || !DirectoryText.IsPrintable(utf8))
            {
                return false;
            }

            text = Encoding.ASCII.GetString(utf8);
            return true;
        }

        public bool TryReadTags([NotNullWhen(true)] out string[]? tags)
        {
            tags = null;
            if (!TryReadArray(out int count) || count > ServerInfoValidator.MaxTags)
            {
                return false;
            }

            string[] read = new string[count];
            for (int i = 0; i < count; i++)
            {
                if (!TryReadText(out string? tag))
                {
                    return false;
                }

                read[i] = tag;
            }

            tags = read;
            return true;
        }
    }
}
