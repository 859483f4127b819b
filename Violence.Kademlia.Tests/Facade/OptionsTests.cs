using System.Net;

namespace Violence.Kademlia.Tests.Facade;

/// <summary>Every option that is wrong is named, with its value and what is allowed.</summary>
public sealed class OptionsTests
{
    private static readonly KademliaOptions Valid = KademliaOptions.LocalNetwork;

    private static IEnumerable<TestCaseData> Wrong()
    {
        yield return Case("Listen is null", Valid with { Listen = null! }, "an IPv4 or IPv6 address");
        yield return Case("Bootstrap is null", Valid with { Bootstrap = null! }, "at most 64");
        yield return Case("Bootstrap is 65 entries", Valid with { Bootstrap = [.. Enumerable.Repeat("seed:1", 65)] }, "at most 64");
        foreach (string seed in (string[])["", "seed", ":1", "seed:", "seed:0", "seed:65536", "seed:+1", "2001:db8::1:4001", "[1.2.3.4]:1", "a b:1"])
        {
            yield return Case($"Bootstrap is '{seed}'", Valid with { Bootstrap = ["seed:1", seed] }, "host:port");
        }

        yield return Case("Network is ''", Valid with { Network = "" }, "1 to 64 characters");
        yield return Case("Network is ' '", Valid with { Network = " " }, "1 to 64 characters");
        yield return Case("Network is ''", Valid with { Network = null! }, "1 to 64 characters");
        yield return Case("Network is 'xx", Valid with { Network = new string('x', 65) }, "1 to 64 characters");
        yield return Case("Mode is 7", Valid with { Mode = (NodeMode)7 }, "Server or Client");
        yield return Case("DataDirectory is ' '", Valid with { DataDirectory = " " }, "a directory's path");
        yield return Case("DataDirectory is 'a\0b'", Valid with { DataDirectory = "a\0b" }, "a directory's path");
        yield return Case("Holders is 0", Valid with { Holders = 0, ReplicationFactor = 1 }, "1 to 20");
        yield return Case("Holders is 21", Valid with { Holders = 21 }, "1 to 20");
        yield return Case("ReplicationFactor is 0", Valid with { ReplicationFactor = 0 }, "1 to 8 (Holders)");
        yield return Case("ReplicationFactor is 5", Valid with { ReplicationFactor = 5, Holders = 4 }, "1 to 4 (Holders)");
        yield return Case("Parallelism is 0", Valid with { Parallelism = 0 }, "1 to 16");
        yield return Case("Parallelism is 17", Valid with { Parallelism = 17 }, "1 to 16");
        yield return Case("RepublishInterval is 00:00:59", Valid with { RepublishInterval = TimeSpan.FromSeconds(59) }, "00:01:00 to 04:00:00");
        yield return Case("RepublishInterval is 05:00:00", Valid with { RepublishInterval = TimeSpan.FromHours(5) }, "00:01:00 to 04:00:00");
        yield return Case("RefreshInterval is 00:00:00", Valid with { RefreshInterval = TimeSpan.Zero }, "00:01:00 to 1.00:00:00");
        yield return Case("OperationTimeout is -00:00:01", Valid with { OperationTimeout = TimeSpan.FromSeconds(-1) }, "00:00:00.1000000 to 00:05:00");
        yield return Case("OperationTimeout is 00:06:00", Valid with { OperationTimeout = TimeSpan.FromMinutes(6) }, "00:00:00.1000000 to 00:05:00");
        yield return Case("JoinPatience is -00:00:01", Valid with { JoinPatience = TimeSpan.FromSeconds(-1) }, "00:00:00 to 00:05:00");
        yield return Case("JoinPatience is 00:06:00", Valid with { JoinPatience = TimeSpan.FromMinutes(6) }, "00:00:00 to 00:05:00");
        yield return Case("MaxRecords is -1", Valid with { MaxRecords = -1 }, "0 to 10,000,000");
        yield return Case("MaxRecords is 10000001", Valid with { MaxRecords = 10_000_001 }, "0 to 10,000,000");
        yield return Case("MaxRecordBytes is -1", Valid with { MaxRecordBytes = -1 }, "0 to 1,099,511,627,776");
        yield return Case("DatagramsPerSecondPerSource is 9", Valid with { DatagramsPerSecondPerSource = 9 }, "10 to 1,000,000");
        yield return Case("LoggerFactory is null", Valid with { LoggerFactory = null! }, "NullLoggerFactory.Instance");
    }

    [TestCaseSource(nameof(Wrong))]
    public void A_wrong_option_is_named_with_its_value_and_what_is_allowed(string problem, KademliaOptions options, string allowed) => Assert.That(
        async () => await KademliaNode.StartAsync(options),
        Throws.InstanceOf<KademliaException>().With.Message.Contains(problem).And.Message.Contains("allowed: ").And.Message.Contains(allowed));

    [Test]
    public void All_wrong_options_are_named_at_once() => Assert.That(
        async () => await KademliaNode.StartAsync(Valid with { Holders = 0, Parallelism = 99, Bootstrap = ["x", "y"] }),
        Throws.InstanceOf<KademliaException>().With.Message.Contains("Holders is 0").And.Message.Contains("Parallelism is 99")
            .And.Message.Contains("'x'").And.Message.Contains("'y'"));

    [Test]
    public void No_options_at_all_are_an_argument_error() =>
        Assert.That(async () => await KademliaNode.StartAsync(null!), Throws.ArgumentNullException);

    [TestCase("seed.example.com:4001")]
    [TestCase("localhost:1")]
    [TestCase("192.0.2.1:65535")]
    [TestCase("[2001:db8::1]:4001")]
    public void Every_form_of_seed_that_is_documented_is_taken(string seed) =>
        Assert.That(KademliaOptionsValidator.Check(Valid with { Bootstrap = [seed] }), Is.Empty);

    [Test]
    public void The_defaults_are_valid()
    {
        Assert.That(KademliaOptionsValidator.Check(KademliaOptions.Default), Is.Empty);
        Assert.That(KademliaOptionsValidator.Check(KademliaOptions.LocalNetwork), Is.Empty);
    }

    [Test]
    public void The_bounds_themselves_are_valid() => Assert.That(
        KademliaOptionsValidator.Check(Valid with
        {
            Listen = new IPEndPoint(IPAddress.IPv6Loopback, IPEndPoint.MaxPort),
            Network = new string('x', 64),
            Holders = 20,
            ReplicationFactor = 20,
            Parallelism = 16,
            MaxRecords = 0,
            MaxRecordBytes = 0,
            DatagramsPerSecondPerSource = 10,
            RepublishInterval = TimeSpan.FromMinutes(1),
            RefreshInterval = TimeSpan.FromHours(24),
            OperationTimeout = TimeSpan.FromMilliseconds(100),
            JoinPatience = TimeSpan.Zero,
        }),
        Is.Empty);

    private static TestCaseData Case(string problem, KademliaOptions options, string allowed) =>
        new TestCaseData(problem, options, allowed).SetArgDisplayNames(problem.Replace('\0', '0'), allowed);
}
