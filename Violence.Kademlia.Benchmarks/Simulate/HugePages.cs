using System.Globalization;
using System.Runtime.InteropServices;

namespace Violence.Kademlia.Benchmarks.Simulate;

/// <summary>
/// Large networks wait for the tables of the processor's address translation more than for their data: every datagram is for
/// another node than the one before. On Linux a thread of its own asks the kernel every few seconds to put what the heap has
/// grown to onto pages of 2 MiB (MADV_COLLAPSE, from Linux 6.1 on). Where that is refused everything stays as it was; no
/// simulation sees the difference.
/// </summary>
internal static class HugePages
{
    private const long PageSize = 2 << 20;
    private const int Collapse = 25;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(3);

    /// <summary>Begins; ends with the process.</summary>
    public static void Start()
    {
        if (OperatingSystem.IsLinux())
        {
            new Thread(Run) { IsBackground = true, Name = "huge pages" }.Start();
        }
    }

    private static void Run()
    {
        long before = 0;
        while (true)
        {
            Thread.Sleep(Pause);
            long heap = GC.GetGCMemoryInfo().TotalCommittedBytes;
            if (heap > before + before / 20 + PageSize)
            {
                before = heap;
                CollapseAll();
            }
        }
    }

    private static void CollapseAll()
    {
        foreach (string mapping in File.ReadLines("/proc/self/maps"))
        {
            // start-end permissions offset device inode, and a path where it is a file.
            string[] fields = mapping.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (fields is not [_, ['r', 'w', ..], _, _, _])
            {
                continue;
            }

            string[] bounds = fields[0].Split('-');
            long start = Parse(bounds[0]) + PageSize - 1 & -PageSize;
            long length = (Parse(bounds[1]) & -PageSize) - start;
            if (length > 0)
            {
                _ = Advise((nint)start, (nint)length, Collapse);
            }
        }
    }

    private static long Parse(string address) => long.Parse(address, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    [DllImport("libc", EntryPoint = "madvise")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Advise(nint start, nint length, int advice);
}
