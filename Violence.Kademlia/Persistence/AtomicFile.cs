using System.Security.Cryptography;

namespace Violence.Kademlia.Persistence;

/// <summary>
/// Writes whole files so that a crash leaves the old content or the new, never a part: into a new file beside the
/// target, flushed to the disk, then renamed over it.
/// </summary>
internal static class AtomicFile
{
    /// <summary>Read and write for the owner, nothing for anybody else.</summary>
    public const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Creates a directory (and its parents) for the owner alone, when there is none.</summary>
    public static void CreatePrivateDirectory(string directory)
    {
        if (OperatingSystem.IsWindows())
        {
            // The rights come from the parent; a user's profile grants none to other users.
            Directory.CreateDirectory(directory);
        }
        else
        {
            Directory.CreateDirectory(directory, OwnerOnly | UnixFileMode.UserExecute);
        }
    }

    /// <summary>
    /// Writes <paramref name="content"/> to <paramref name="path"/>, readable by the owner alone from its first byte on.
    /// </summary>
    /// <exception cref="IOException">The file could not be written, or exists and must not be replaced.</exception>
    /// <exception cref="UnauthorizedAccessException">The directory may not be written to.</exception>
    public static void Write(string path, ReadOnlySpan<byte> content, bool replace)
    {
        string temporary = $"{path}.{RandomNumberGenerator.GetHexString(8, lowercase: true)}.tmp";
        try
        {
            using (var stream = new FileStream(temporary, Options()))
            {
                stream.Write(content);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, path, replace);
        }
        catch
        {
            TryDelete(temporary);
            throw;
        }
    }

    private static FileStreamOptions Options()
    {
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            Share = FileShare.None,
            BufferSize = 0,
        };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = OwnerOnly;
        }

        return options;
    }

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The first error is the one to report.
        }
    }
}
