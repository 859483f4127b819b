namespace Violence.Kademlia.Wire;

/// <summary>What is wrong with the bytes of a record.</summary>
internal enum RecordError : byte
{
    None,

    /// <summary>Longer than <see cref="Primitives.Record.MaxSize"/>.</summary>
    TooLarge,

    /// <summary>No room for anything before the signature.</summary>
    TooShort,

    /// <summary>Not a MessagePack array, an element missing, cut off, of the wrong type or outside its width.</summary>
    Malformed,

    /// <summary>A format other than 1; nothing behind it was looked at.</summary>
    OtherFormat,

    /// <summary>The label is missing, not text, longer than <see cref="Primitives.Record.MaxLabelSize"/> or not valid UTF-8.</summary>
    InvalidLabel,

    /// <summary>The time of issue lies behind the year 9999.</summary>
    IssuedOutOfRange,

    /// <summary>The time to live is none, or longer than <see cref="Primitives.Record.MaxTimeToLive"/>.</summary>
    TimeToLiveOutOfRange,

    /// <summary>A tombstone that carries something.</summary>
    TombstoneWithPayload,

    /// <summary>Bytes between the array and the signature: one record would have many forms.</summary>
    TrailingBytes,
}
