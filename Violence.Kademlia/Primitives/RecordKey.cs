using System.Security.Cryptography;
using System.Text;

namespace Violence.Kademlia.Primitives;

/// <summary>The key a set of records stands under: a position in the same space as node ids.</summary>
/// <param name="Position">The position; the nodes closest to it hold the records.</param>
public readonly record struct RecordKey(NodeId Position)
{
    /// <summary>
    /// The key of a text: the first 20 bytes of the SHA-256 of its UTF-8 form. The purpose is hashed in front, so that
    /// the same text used for two purposes gives two unrelated keys.
    /// </summary>
    /// <param name="purpose">What the text names, for example <c>server-name</c>.</param>
    /// <param name="text">The text.</param>
    public static RecordKey FromText(string purpose, string text)
    {
        ArgumentNullException.ThrowIfNull(purpose);
        ArgumentNullException.ThrowIfNull(text);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes($"violence-kad key\n{purpose}\n{text}"), hash);
        return new RecordKey(new NodeId(hash));
    }

    /// <inheritdoc/>
    public override string ToString() => Position.ToString();
}
