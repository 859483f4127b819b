using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics;
using System.IO.Pipelines;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Transport;

/// <summary>
/// A bounded queue of datagrams between one writer and one reader at a time, over a <see cref="Pipe"/> that grows on
/// demand and gives its memory back when it has been read empty. Neither side ever waits; nothing is allocated per datagram.
/// A frame is: payload length (2 bytes), length of the source (1 byte: 6 or 18), source address and port, payload.
/// </summary>
/// <remarks>
/// Every frame is reserved as one span, so it never straddles two of the pipe's segments and is read where it lies.
/// The reader takes one segment after another and gives each back as a whole.
/// </remarks>
internal sealed class DatagramPipe
{
    private const int FixedHeader = 3;
    private const int SegmentBytes = 4096;

    private readonly Pipe _pipe;
    private readonly int _limitBytes;

    // Written, whether flushed or not, and not yet given back by the reader.
    private int _queuedBytes;

    // The reader's place: whether it holds a segment, what is left of it, and its length and end.
    private bool _holdsSegment;
    private ReadOnlyMemory<byte> _segment;
    private int _segmentBytes;
    private SequencePosition _segmentEnd;

    /// <param name="limitBytes">
    /// How many bytes of frames may wait. The segments that hold them may take half as much again: a frame that does not fit
    /// into the rest of a segment begins the next one.
    /// </param>
    public DatagramPipe(int limitBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limitBytes);
        _limitBytes = limitBytes;

        // The bound is kept here: the pipe's own threshold would only take effect after a write, by making the writer wait.
        _pipe = new Pipe(new PipeOptions(
            readerScheduler: PipeScheduler.Inline,
            writerScheduler: PipeScheduler.Inline,
            pauseWriterThreshold: 0,
            resumeWriterThreshold: 0,
            minimumSegmentSize: SegmentBytes,
            useSynchronizationContext: false));
    }

    /// <summary>Bytes of frames that wait, or that the reader has not given back yet.</summary>
    public int QueuedBytes => Volatile.Read(ref _queuedBytes);

    /// <summary>Writer: queues a datagram, for the reader to see after <see cref="Flush"/>. False when there is no room for it.</summary>
    public bool TryWrite(NodeEndpoint source, ReadOnlySpan<byte> payload)
    {
        int sourceBytes = source.WireSize;
        int frameBytes = FixedHeader + sourceBytes + payload.Length;

        // Only the reader changes the count meanwhile, and only downwards.
        if (payload.Length > ushort.MaxValue || QueuedBytes > _limitBytes - frameBytes)
        {
            return false;
        }

        Span<byte> frame = _pipe.Writer.GetSpan(frameBytes);
        BinaryPrimitives.WriteUInt16BigEndian(frame, (ushort)payload.Length);
        frame[2] = (byte)sourceBytes;
        source.CopyTo(frame[FixedHeader..]);
        payload.CopyTo(frame[(FixedHeader + sourceBytes)..]);
        _pipe.Writer.Advance(frameBytes);
        Interlocked.Add(ref _queuedBytes, frameBytes);
        return true;
    }

    /// <summary>Writer: shows the reader what was written.</summary>
    public void Flush()
    {
        ValueTask<FlushResult> flush = _pipe.Writer.FlushAsync();
        Debug.Assert(flush.IsCompletedSuccessfully, "A pipe without a threshold never makes its writer wait.");
    }

    /// <summary>Reader: takes the next datagram; its payload is valid until the next call.</summary>
    public bool TryRead(out Datagram datagram)
    {
        if (_segment.IsEmpty)
        {
            GiveSegmentBack();
            if (!TryTakeSegment())
            {
                datagram = default;
                return false;
            }
        }

        ReadOnlySpan<byte> frame = _segment.Span;
        int payloadBytes = BinaryPrimitives.ReadUInt16BigEndian(frame);
        int sourceBytes = frame[2];
        bool read = NodeEndpoint.TryRead(frame.Slice(FixedHeader, sourceBytes), out NodeEndpoint source);
        Debug.Assert(read, "TryWrite wrote it.");
        datagram = new Datagram(source, _segment.Slice(FixedHeader + sourceBytes, payloadBytes));
        _segment = _segment[(FixedHeader + sourceBytes + payloadBytes)..];
        return true;
    }

    private bool TryTakeSegment()
    {
        _holdsSegment = _pipe.Reader.TryRead(out ReadResult result);
        if (_holdsSegment)
        {
            _segment = FirstNonEmpty(result.Buffer);
            _segmentBytes = _segment.Length;
            _segmentEnd = result.Buffer.GetPosition(_segmentBytes);
        }

        return !_segment.IsEmpty;
    }

    private static ReadOnlyMemory<byte> FirstNonEmpty(ReadOnlySequence<byte> waiting)
    {
        SequencePosition next = waiting.Start;
        bool more;
        ReadOnlyMemory<byte> segment;
        do
        {
            more = waiting.TryGet(ref next, out segment);
        }
        while (more && segment.IsEmpty);

        return segment;
    }

    private void GiveSegmentBack()
    {
        if (_holdsSegment)
        {
            _holdsSegment = false;
            _pipe.Reader.AdvanceTo(_segmentEnd);
            Interlocked.Add(ref _queuedBytes, -_segmentBytes);
        }
    }
}
