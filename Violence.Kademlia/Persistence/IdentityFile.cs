using System.Security.Cryptography;
using System.Text;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Persistence;

/// <summary>
/// The node's secret seed in its data directory: one line of text,
/// <c>violence-kad identity 1 &lt;seed, 64 hex digits&gt; &lt;checksum, 8 hex digits&gt;</c>. The checksum is the
/// start of the SHA-256 of all that stands before its blank, so that a damaged file is noticed instead of becoming another node.
/// </summary>
internal static class IdentityFile
{
    public const string FileName = "identity.key";
    public const int SeedSize = 32;

    private const string Title = "violence-kad identity ";
    private const string Version = "1";
    private const int ChecksumBytes = 4;
    private const int MaxFileBytes = 1024;

    /// <summary>Reads the seed from <paramref name="directory"/>, or draws one and writes it there when there is no file yet.</summary>
    /// <exception cref="IdentityFileException">The file is damaged or not one of ours, or cannot be read or written.</exception>
    public static StoredIdentity LoadOrCreate(string directory, EntropySource entropy)
    {
        string path = Path.GetFullPath(Path.Combine(directory, FileName));
        try
        {
            if (File.Exists(path))
            {
                return Load(path);
            }

            AtomicFile.CreatePrivateDirectory(Path.GetDirectoryName(path)!);
            return CreateOnce(path, entropy);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IdentityFileException(
                $"The identity file {path} cannot be read or written: {e.Message} "
                + "Give the program's user the right to read it and to write to its directory, or choose another data directory.",
                e);
        }
    }

    /// <summary>
    /// Of several processes that find no file at the same time, one creates it. A rename that does not replace
    /// would not do: on Unix the framework looks first and renames then, and the slower process would win over the faster.
    /// </summary>
    private static StoredIdentity CreateOnce(string path, EntropySource entropy)
    {
        try
        {
            using var claim = new FileStream(
                path + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 1, FileOptions.DeleteOnClose);
            return Create(path, entropy);
        }
        catch (Exception e) when ((e is IOException or UnauthorizedAccessException) && File.Exists(path))
        {
            // Another process has, or had, the claim and has put the file in place meanwhile.
            return Load(path);
        }
    }

    private static StoredIdentity Create(string path, EntropySource entropy)
    {
        byte[] seed = new byte[SeedSize];
        entropy.Fill(seed);
        byte[] line = Encoding.ASCII.GetBytes(Format(seed));
        AtomicFile.Write(path, line, replace: false);
        CryptographicOperations.ZeroMemory(line);
        return new StoredIdentity(seed, Created: true, IdentityFileAccess.OwnerOnly);
    }

    private static StoredIdentity Load(string path)
    {
        IdentityFileAccess access = Tighten(path);
        string text = ReadText(path);
        byte[] seed = new byte[SeedSize];
        string? problem = Parse(text, seed);
        return problem is null
            ? new StoredIdentity(seed, Created: false, access)
            : throw new IdentityFileException(
                $"The identity file {path} {problem}. "
                + "Restore it from a backup; or, to go on as a new node that others do not know, move it away and start again.");
    }

    private static string ReadText(string path)
    {
        // A file of ours is about 100 bytes: more than the limit is read no further, and fails as foreign.
        Span<byte> bytes = stackalloc byte[MaxFileBytes];
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        int length = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        string text = Encoding.Latin1.GetString(bytes[..length]);
        CryptographicOperations.ZeroMemory(bytes);
        return text;
    }

    private static IdentityFileAccess Tighten(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            return IdentityFileAccess.OwnerOnly;
        }

        const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
            | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;
        UnixFileMode mode = File.GetUnixFileMode(path);
        if ((mode & Others) == UnixFileMode.None)
        {
            return IdentityFileAccess.OwnerOnly;
        }

        try
        {
            File.SetUnixFileMode(path, mode & ~Others);
            return IdentityFileAccess.Tightened;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return IdentityFileAccess.OpenToOthers;
        }
    }

    private static string Format(ReadOnlySpan<byte> seed)
    {
        string line = $"{Title}{Version} {Convert.ToHexStringLower(seed)}";
        return $"{line} {Checksum(line)}\n";
    }

    /// <summary>Reads the line into <paramref name="seed"/>; otherwise tells what is wrong, to be read after the file's name.</summary>
    private static string? Parse(string text, Span<byte> seed)
    {
        if (text.Length == 0)
        {
            return "is empty";
        }

        string line = text.TrimEnd('\r', '\n', ' ');
        if (!line.StartsWith(Title, StringComparison.Ordinal))
        {
            return "is not an identity of this program";
        }

        string[] parts = line[Title.Length..].Split(' ');
        if (!string.Equals(parts[0], Version, StringComparison.Ordinal))
        {
            return $"has another format than this version of the program reads ({Version})";
        }

        if (parts.Length != 3
            || parts[1].Length != 2 * SeedSize
            || !string.Equals(parts[2], Checksum(line[..^(parts[2].Length + 1)]), StringComparison.Ordinal)
            || Convert.FromHexString(parts[1], seed, out _, out _) != System.Buffers.OperationStatus.Done)
        {
            return "is damaged: its checksum does not match";
        }

        return null;
    }

    private static string Checksum(string line)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.ASCII.GetBytes(line), hash);
        return Convert.ToHexStringLower(hash[..ChecksumBytes]);
    }
}
