using System.Text;

namespace Violence.Kademlia.Storage;

/// <summary>What a condition of a filter asks of an element; the number is its operator on the wire.</summary>
internal enum FilterOperator : byte
{
    /// <summary>The text is this one, upper and lower case of ASCII letters alike.</summary>
    TextEquals = 0,

    NumberAtLeast = 1,

    NumberAtMost = 2,

    /// <summary>The array has this text in it, case as above.</summary>
    ArrayContains = 3,

    /// <summary>The number is below that in another element.</summary>
    BelowElement = 4,
}

/// <summary>
/// Which records under a key are wanted, by their payloads: a few conditions on elements of a MessagePack array, all of which
/// have to hold (docs/protocol.md, "Filters"). Saves the holder's datagrams and is no verdict: what it can't judge passes, and the
/// reader judges anyway. Points into the bytes it was read from; the default passes everything.
/// </summary>
internal readonly struct PayloadFilter
{
    /// <summary>Longest filter, in bytes.</summary>
    public const int MaxSize = 128;

    /// <summary>Most conditions.</summary>
    public const int MaxConditions = 8;

    /// <summary>Elements of a payload that conditions may speak of; what stands behind them passes.</summary>
    public const int MaxElements = 32;

    /// <summary>
    /// Elements of a payload, nested ones counted, that are looked at, and items of an array: payloads made to be slow to judge are
    /// not judged, and soon fill the page.
    /// </summary>
    private const int MaxSteps = 128;

    private const int MaxItems = 16;

    private readonly ReadOnlyMemory<byte> _conditions;
    private readonly int _count;
    private readonly int _elements;

    private PayloadFilter(ReadOnlyMemory<byte> conditions, int count, int elements)
    {
        _conditions = conditions;
        _count = count;
        _elements = elements;
    }

    /// <summary>Whether everything passes.</summary>
    public bool IsEmpty => _count == 0;

    /// <summary>A filter, or the one that passes everything when the bytes are none: the asker looks for itself.</summary>
    public static PayloadFilter ParseOrNone(ReadOnlyMemory<byte> bytes) => TryParse(bytes, out PayloadFilter filter) ? filter : default;

    /// <summary>Reads a filter: <c>[[element, operator, operand], ...]</c>.</summary>
    /// <returns>False when it is none, or too much of one; then everything passes.</returns>
    public static bool TryParse(ReadOnlyMemory<byte> bytes, out PayloadFilter filter)
    {
        filter = default;
        var reader = new PackedReader(bytes.Span);
        if (bytes.Length > MaxSize
            || !reader.TryRead(out PackedKind kind, out ulong count, out _)
            || kind != PackedKind.Array
            || count > MaxConditions)
        {
            return false;
        }

        int start = bytes.Length - reader.Rest.Length;
        int elements = 0;
        for (ulong i = 0; i < count; i++)
        {
            if (!TryReadCondition(ref reader, out Condition condition))
            {
                return false;
            }

            elements = Math.Max(elements, 1 + Math.Max(condition.Element, condition.Operator == FilterOperator.BelowElement ? (int)condition.Number : 0));
        }

        filter = new PayloadFilter(bytes[start..], (int)count, Math.Min(elements, MaxElements));
        return true;
    }

    /// <summary>Whether a payload passes. Takes any bytes, never throws, allocates nothing, and walks over them once.</summary>
    public bool Matches(ReadOnlySpan<byte> payload)
    {
        var reader = new PackedReader(payload);
        if (_count == 0 || !reader.TryRead(out PackedKind kind, out ulong length, out _) || kind != PackedKind.Array)
        {
            return true;
        }

        Span<int> starts = stackalloc int[MaxElements];
        int known = 0;
        int budget = MaxSteps;
        while (known < _elements && (ulong)known < length)
        {
            int start = payload.Length - reader.Rest.Length;
            if (!reader.TrySkip(ref budget))
            {
                break;
            }

            starts[known++] = start;
        }

        var conditions = new PackedReader(_conditions.Span);
        for (int i = 0; i < _count; i++)
        {
            if (!TryReadCondition(ref conditions, out Condition condition) || !Holds(condition, payload, starts[..known]))
            {
                return false;
            }
        }

        return true;
    }

    private static bool Holds(Condition condition, ReadOnlySpan<byte> payload, ReadOnlySpan<int> starts)
    {
        if (condition.Element >= starts.Length)
        {
            return true;
        }

        var element = new PackedReader(payload[starts[condition.Element]..]);
        element.TryRead(out PackedKind kind, out ulong value, out ReadOnlySpan<byte> text);
        return (condition.Operator, kind) switch
        {
            (FilterOperator.TextEquals, PackedKind.Text) => IsSame(text, condition.Text),
            (FilterOperator.NumberAtLeast, PackedKind.Number) => value >= condition.Number,
            (FilterOperator.NumberAtMost, PackedKind.Number) => value <= condition.Number,
            (FilterOperator.ArrayContains, PackedKind.Array) => Contains(element, value, condition.Text),
            (FilterOperator.BelowElement, PackedKind.Number) when (int)condition.Number < starts.Length =>
                !new PackedReader(payload[starts[(int)condition.Number]..]).TryRead(out PackedKind other, out ulong bound, out _)
                || other != PackedKind.Number
                || value < bound,
            _ => true,
        };
    }

    private static bool IsSame(ReadOnlySpan<byte> one, ReadOnlySpan<byte> other) => Ascii.EqualsIgnoreCase(one, other) || one.SequenceEqual(other);

    private static bool Contains(PackedReader array, ulong count, ReadOnlySpan<byte> wanted)
    {
        for (ulong i = 0; i < count; i++)
        {
            // An array of anything but a few texts can't be judged.
            if (i == MaxItems || !array.TryRead(out PackedKind kind, out _, out ReadOnlySpan<byte> text) || kind != PackedKind.Text || IsSame(text, wanted))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>One condition; operators of later versions are read and pass.</summary>
    private static bool TryReadCondition(ref PackedReader reader, out Condition condition)
    {
        condition = default;
        if (!reader.TryRead(out PackedKind kind, out ulong parts, out _)
            || kind != PackedKind.Array
            || parts < 3
            || !TryReadByte(ref reader, out byte element)
            || !TryReadByte(ref reader, out byte code))
        {
            return false;
        }

        PackedReader operand = reader;
        int budget = MaxSize;
        for (ulong i = 2; i < parts; i++)
        {
            if (!reader.TrySkip(ref budget))
            {
                return false;
            }
        }

        operand.TryRead(out PackedKind form, out ulong number, out ReadOnlySpan<byte> text);
        var sought = (FilterOperator)code;
        condition = new Condition(element, sought, number, text);
        return sought switch
        {
            FilterOperator.TextEquals or FilterOperator.ArrayContains => form == PackedKind.Text,
            FilterOperator.BelowElement => form == PackedKind.Number && number <= byte.MaxValue,
            FilterOperator.NumberAtLeast or FilterOperator.NumberAtMost => form == PackedKind.Number,
            _ => true,
        };
    }

    private static bool TryReadByte(ref PackedReader reader, out byte value)
    {
        bool isRead = reader.TryRead(out PackedKind kind, out ulong number, out _) && kind == PackedKind.Number && number <= byte.MaxValue;
        value = (byte)number;
        return isRead;
    }

    private readonly ref struct Condition(int element, FilterOperator sought, ulong number, ReadOnlySpan<byte> text)
    {
        public int Element { get; } = element;

        public FilterOperator Operator { get; } = sought;

        public ulong Number { get; } = number;

        public ReadOnlySpan<byte> Text { get; } = text;
    }
}
