using System.Buffers.Binary;

namespace Violence.Kademlia.Persistence;

/// <summary>What the first bytes of a file at the state file's place say it is.</summary>
internal enum StateFileKind
{
    /// <summary>Nothing, or an empty file: to be made.</summary>
    New,

    /// <summary>One of ours in the version that this program writes.</summary>
    Ours,

    /// <summary>One of ours that a later version of the program wrote.</summary>
    Newer,

    /// <summary>The SQLite database of another program.</summary>
    Foreign,

    /// <summary>No database at all.</summary>
    Damaged,
}

/// <summary>
/// The header of a SQLite file (its documentation, "Database File Format", section 1.3), read before SQLite is let at it: what
/// is not ours is never opened, and so never changed.
/// </summary>
internal static class StateFileHeader
{
    /// <summary>"VKad": tells our databases from those of others.</summary>
    public const int ApplicationId = 0x564B_6164;

    /// <summary>Version of the tables and of what is in them. Files of a version not in 1 to this one are not read.</summary>
    public const int Version = 1;

    private const int Size = 100;
    private const int VersionOffset = 60;
    private const int ApplicationIdOffset = 68;

    /// <summary>A number above is a flipped bit rather than the work of a later version.</summary>
    private const int LastBelievableVersion = 255;

    private static ReadOnlySpan<byte> Title => "SQLite format 3\0"u8;

    /// <exception cref="IOException">The file can't be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read and written.</exception>
    public static StateFileKind Read(string path)
    {
        if (!File.Exists(path))
        {
            return StateFileKind.New;
        }

        Span<byte> header = stackalloc byte[Size];
        using var stream = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 0);
        int length = stream.ReadAtLeast(header, Size, throwOnEndOfStream: false);
        if (length == 0)
        {
            return StateFileKind.New;
        }

        if (length < Size || !header.StartsWith(Title))
        {
            return StateFileKind.Damaged;
        }

        if (BinaryPrimitives.ReadInt32BigEndian(header[ApplicationIdOffset..]) != ApplicationId)
        {
            return StateFileKind.Foreign;
        }

        return BinaryPrimitives.ReadInt32BigEndian(header[VersionOffset..]) switch
        {
            Version => StateFileKind.Ours,
            > Version and <= LastBelievableVersion => StateFileKind.Newer,
            _ => StateFileKind.Damaged,
        };
    }
}
