using System.Diagnostics;

namespace Violence.Kademlia.Benchmarks;

/// <summary>How this program starts itself once more.</summary>
internal static class ThisProgram
{
    /// <summary>The program that runs now, by itself or by the host that runs its library, with other arguments.</summary>
    public static ProcessStartInfo With(params IEnumerable<string> arguments)
    {
        string host = Environment.ProcessPath!;
        string[] library = Path.GetFileNameWithoutExtension(host) == "dotnet" ? [typeof(ThisProgram).Assembly.Location] : [];
        return new ProcessStartInfo(host, [.. library, .. arguments]);
    }
}
