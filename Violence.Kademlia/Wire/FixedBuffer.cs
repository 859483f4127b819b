using System.Buffers;

namespace Violence.Kademlia.Wire;

/// <summary>
/// The one buffer a <see cref="MessagePack.MessagePackWriter"/> writes into. It never grows: what is written was
/// measured before, so running out of room is a mistake in this folder.
/// </summary>
internal sealed class FixedBuffer : IBufferWriter<byte>
{
    // The writer asks for the longest form of a header before it knows the length, so a little more than is used.
    private const int Slack = 64;

    private readonly byte[] _bytes = new byte[WireLimits.MaxDatagram + Slack];

    public int Length { get; private set; }

    public ReadOnlyMemory<byte> Written => _bytes.AsMemory(0, Length);

    public void Clear() => Length = 0;

    public void Advance(int count) => Length += count;

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Memory<byte> rest = _bytes.AsMemory(Length);
        return rest.Length > sizeHint
            ? rest
            : throw new InvalidOperationException($"A message of more than {WireLimits.MaxDatagram} bytes was being written.");
    }

    public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    /// <summary>Fills up with zeros: what an earlier message left there must not leak.</summary>
    public void PadTo(int length)
    {
        if (length > Length)
        {
            _bytes.AsSpan(Length, length - Length).Clear();
            Length = length;
        }
    }
}
