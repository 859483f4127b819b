using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using MessagePack;

namespace Violence.Kademlia.Federation.Players;

/// <summary>What a server says of a player that is on it.</summary>
/// <param name="ServerName">The server's name.</param>
/// <param name="ServerAddress">Where to connect.</param>
/// <param name="Since">Since when, by the server's clock, in milliseconds.</param>
internal sealed record PlayerRow(string ServerName, string ServerAddress, DateTimeOffset Since);

/// <summary>
/// A player's row before it is sealed: the MessagePack array <c>[1, server name, address, since]</c>, since in milliseconds
/// of Unix time. Reading is total, by the rules of the directory, and leaves elements after the known ones unread.
/// </summary>
internal static class PlayerRowCodec
{
    /// <summary>No row of this form is longer; readers allow as much again, for elements to come.</summary>
    public const int LongestWritten = 2 + 2 + DirectoryText.MaxName + 3 + ServerAddress.MaxLength + 9;

    public const int MaxSize = 600;

    private const int Format = 1;
    private const int Elements = 4;

    private static readonly long Latest = DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();

    public static byte[] Encode(PlayerRow row)
    {
        ArrayBufferWriter<byte> buffer = new(LongestWritten);
        MessagePackWriter writer = new(buffer);
        writer.WriteArrayHeader(Elements);
        writer.Write(Format);
        writer.Write(row.ServerName);
        writer.Write(row.ServerAddress);
        writer.Write(row.Since.ToUnixTimeMilliseconds());
        writer.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    public static bool TryDecode(ReadOnlyMemory<byte> bytes, [NotNullWhen(true)] out PlayerRow? row)
    {
        row = null;
        RowReader reader = new(bytes);
        if (!reader.TryReadArray(out int elements)
            || elements < Elements
            || !reader.TryReadNumber(out int format)
            || format != Format
            || !reader.TryReadText(out string? name)
            || !reader.TryReadText(out string? address)
            || !reader.TryReadNumber(Latest, out long since))
        {
            return false;
        }

        name = DirectoryText.TrimName(name);
        if (!DirectoryText.IsName(name) || !ServerAddress.IsValid(address))
        {
            return false;
        }

        row = new PlayerRow(name, address, DateTimeOffset.FromUnixTimeMilliseconds(since));
        return true;
    }
}
