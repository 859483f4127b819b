using System.Text;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Persistence;

/// <summary>
/// What tells saved records apart. As bytes: key, owner, then the label in UTF-8. The first two have a fixed length, so that
/// no two places have the same bytes.
/// </summary>
internal readonly record struct SavedPlace(RecordKey Key, NodeId Owner, string Label)
{
    public const int MinSize = 2 * NodeId.Size;
    public const int MaxSize = MinSize + Record.MaxLabelSize;

    public static SavedPlace Of(Record record) => new(record.Key, record.Owner, record.Label);

    public byte[] ToBytes()
    {
        byte[] bytes = new byte[MinSize + Encoding.UTF8.GetByteCount(Label)];
        Key.Position.CopyTo(bytes);
        Owner.CopyTo(bytes.AsSpan(NodeId.Size));
        Encoding.UTF8.GetBytes(Label, bytes.AsSpan(MinSize));
        return bytes;
    }
}
