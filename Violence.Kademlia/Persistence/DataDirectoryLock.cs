namespace Violence.Kademlia.Persistence;

/// <summary>
/// Holds a data directory for one node at a time: two with one identity would take each other's place in every table. It is a
/// lock on a file, which the system lets go of with the process, however that ends; the file itself stays and means nothing.
/// </summary>
internal sealed class DataDirectoryLock : IDisposable
{
    public const string FileName = "node.lock";

    // Windows: ERROR_SHARING_VIOLATION. Unix: EWOULDBLOCK of flock, which is 11 on Linux and 35 on macOS and BSD.
    private const int SharingViolation = unchecked((int)0x8007_0020);
    private const int LinuxWouldBlock = 11;
    private const int BsdWouldBlock = 35;

    private readonly FileStream _file;

    private DataDirectoryLock(FileStream file) => _file = file;

    /// <summary>Takes the directory, and makes it when there is none.</summary>
    /// <exception cref="DataDirectoryException">Another node has it, or it can't be used.</exception>
    public static DataDirectoryLock Acquire(string directory)
    {
        string path = Path.GetFullPath(directory);
        try
        {
            AtomicFile.CreatePrivateDirectory(path);
            return new DataDirectoryLock(new FileStream(Path.Combine(path, FileName), Options()));
        }
        catch (IOException e) when (e.HResult is SharingViolation or LinuxWouldBlock or BsdWouldBlock)
        {
            throw new DataDirectoryException(
                $"The data directory {path} is in use by another node. Stop that one, or give this one a directory of its own.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DataDirectoryException(
                $"The data directory {path} cannot be used: {e.Message} "
                + "Give the program's user the right to write there, or choose another data directory.",
                e);
        }
    }

    public void Dispose() => _file.Dispose();

    private static FileStreamOptions Options()
    {
        var options = new FileStreamOptions
        {
            Mode = FileMode.OpenOrCreate,
            Access = FileAccess.ReadWrite,
            Share = FileShare.None,
            BufferSize = 0,
        };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = AtomicFile.OwnerOnly;
        }

        return options;
    }
}
