using Violence.Kademlia.Engine;
using Violence.Kademlia.Identity;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Benchmarks;

/// <summary>Signed records to measure with.</summary>
internal static class SampleRecords
{
    public static RecordKey Key { get; } = RecordKey.FromText("benchmark", "key");

    /// <summary>A record of its own owner: another number, another owner.</summary>
    public static Record Create(ulong number, int payloadSize, uint network = 1, RecordKey? key = null)
    {
        Span<byte> seed = stackalloc byte[NodeIdentity.SeedSize];
        EntropySource.Seeded(number).Fill(seed);
        using NodeIdentity owner = NodeIdentity.FromSeed(seed);
        return new RecordAuthor(owner, network).Write(
            key ?? Key, "label", new byte[payloadSize], Record.MaxTimeToLive, DateTimeOffset.FromUnixTimeSeconds(1_772_366_400));
    }
}
