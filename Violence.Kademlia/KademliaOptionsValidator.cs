using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Violence.Kademlia.Runtime;

namespace Violence.Kademlia;

/// <summary>Finds everything that is wrong with options, each problem as: option, value, what is allowed.</summary>
internal static class KademliaOptionsValidator
{
    private const int BootstrapMax = 64;
    private const int NetworkNameMax = 64;

    /// <exception cref="KademliaException">At least one option is wrong; the message names all that are.</exception>
    public static void ThrowIfInvalid(KademliaOptions options)
    {
        List<string> problems = Check(options);
        if (problems.Count > 0)
        {
            throw new KademliaException($"The node can't start with these options:{string.Concat(problems.Select(static problem => $"\n- {problem}"))}");
        }
    }

    public static List<string> Check(KademliaOptions options)
    {
        var problems = new List<string>();
        CheckListen(options.Listen, problems);
        CheckBootstrap(options.Bootstrap, problems);
        CheckNetwork(options.Network, problems);
        if (!Enum.IsDefined(options.Mode))
        {
            problems.Add(Problem(nameof(options.Mode), options.Mode, "Server or Client"));
        }

        if (options.DataDirectory is { } directory && (string.IsNullOrWhiteSpace(directory) || directory.Contains('\0', StringComparison.Ordinal)))
        {
            problems.Add(Problem(nameof(options.DataDirectory), $"'{directory}'", "a directory's path, or null for none"));
        }

        CheckRange(nameof(options.Holders), options.Holders, 1, 20, problems);
        CheckRange(nameof(options.ReplicationFactor), options.ReplicationFactor, 1, Math.Max(1, options.Holders), problems, $" ({nameof(options.Holders)})");
        CheckRange(nameof(options.Parallelism), options.Parallelism, 1, 16, problems);
        CheckRange(nameof(options.MaxRecords), options.MaxRecords, 0, 10_000_000, problems);
        CheckRange(nameof(options.MaxRecordBytes), options.MaxRecordBytes, 0, 1L << 40, problems);
        CheckRange(nameof(options.DatagramsPerSecondPerSource), options.DatagramsPerSecondPerSource, 10, 1_000_000, problems);
        CheckSpan(nameof(options.RepublishInterval), options.RepublishInterval, TimeSpan.FromMinutes(1), TimeSpan.FromHours(4), problems);
        CheckSpan(nameof(options.RefreshInterval), options.RefreshInterval, TimeSpan.FromMinutes(1), TimeSpan.FromHours(24), problems);
        CheckSpan(nameof(options.OperationTimeout), options.OperationTimeout, TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(5), problems);
        CheckSpan(nameof(options.JoinPatience), options.JoinPatience, TimeSpan.Zero, TimeSpan.FromMinutes(5), problems);
        if (options.LoggerFactory is null)
        {
            problems.Add(Problem(nameof(options.LoggerFactory), "null", "a logger factory; NullLoggerFactory.Instance for none"));
        }

        return problems;
    }

    private static void CheckListen(IPEndPoint? listen, List<string> problems)
    {
        if (listen is null || listen.AddressFamily is not (AddressFamily.InterNetwork or AddressFamily.InterNetworkV6))
        {
            problems.Add(Problem(nameof(KademliaOptions.Listen), listen?.ToString() ?? "null", "an IPv4 or IPv6 address and a port from 0 (any) to 65535"));
        }
    }

    private static void CheckBootstrap(IReadOnlyList<string>? bootstrap, List<string> problems)
    {
        if (bootstrap is null || bootstrap.Count > BootstrapMax)
        {
            string value = bootstrap is null ? "null" : $"{bootstrap.Count} entries";
            problems.Add(Problem(nameof(KademliaOptions.Bootstrap), value, $"a list of at most {BootstrapMax} seeds"));
            return;
        }

        foreach (string? seed in bootstrap)
        {
            if (!SeedAddress.TryParse(seed, out _))
            {
                problems.Add(Problem(nameof(KademliaOptions.Bootstrap), $"'{seed}'", SeedAddress.Form));
            }
        }
    }

    private static void CheckNetwork(string? network, List<string> problems)
    {
        if (string.IsNullOrWhiteSpace(network) || network.Length > NetworkNameMax)
        {
            problems.Add(Problem(nameof(KademliaOptions.Network), $"'{network}'", $"a name of 1 to {NetworkNameMax} characters"));
        }
    }

    private static void CheckRange(string option, long value, long least, long most, List<string> problems, string remark = "")
    {
        if (value < least || value > most)
        {
            problems.Add(Problem(option, value, FormattableString.Invariant($"{least:N0} to {most:N0}{remark}")));
        }
    }

    private static void CheckSpan(string option, TimeSpan value, TimeSpan least, TimeSpan most, List<string> problems)
    {
        if (value < least || value > most)
        {
            problems.Add(Problem(option, value.ToString("c", CultureInfo.InvariantCulture), $"{least:c} to {most:c}"));
        }
    }

    private static string Problem(string option, object value, string allowed) =>
        FormattableString.Invariant($"{option} is {value}; allowed: {allowed}.");
}
