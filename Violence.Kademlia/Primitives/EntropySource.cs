using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Violence.Kademlia.Primitives;

/// <summary>
/// Where all randomness of the engine comes from: the system's generator in production, a seed in tests and simulation.
/// </summary>
internal abstract class EntropySource
{
    /// <summary>Unpredictable bits from the operating system, drawn in blocks (one draw of 8 bytes alone costs 0.76 µs).</summary>
    public static EntropySource System() => new SystemEntropy();

    /// <summary>The same sequence for the same seed, in every process.</summary>
    public static EntropySource Seeded(ulong seed) => new SeededEntropy(seed);

    /// <summary>A secret from the operating system, drawn past the blocks of a source: no copy of it stays in memory.</summary>
    public static void FillSecret(Span<byte> destination) => RandomNumberGenerator.Fill(destination);

    public abstract ulong NextUInt64();

    public void Fill(Span<byte> destination)
    {
        Span<byte> word = stackalloc byte[8];
        while (!destination.IsEmpty)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(word, NextUInt64());
            int length = Math.Min(word.Length, destination.Length);
            word[..length].CopyTo(destination);
            destination = destination[length..];
        }
    }

    /// <summary>A number in 0 to <paramref name="exclusiveLimit"/> - 1, by multiplication: its bias is below 2^-32.</summary>
    public int NextInt32(int exclusiveLimit)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(exclusiveLimit);
        return (int)((NextUInt64() >> 32) * (ulong)exclusiveLimit >> 32);
    }

    /// <summary>A number in [0, 1).</summary>
    public double NextDouble() => (NextUInt64() >> 11) * (1.0 / (1UL << 53));

    /// <summary>A span drawn evenly from [1 - <paramref name="share"/>, 1 + <paramref name="share"/>] times <paramref name="span"/>.</summary>
    public TimeSpan Jitter(TimeSpan span, double share) => span * (1 - share + 2 * share * NextDouble());

    public NodeId NextNodeId() => new(NextUInt64(), NextUInt64(), (uint)NextUInt64());

    public TransactionId NextTransactionId() => new(NextUInt64());

    private sealed class SystemEntropy : EntropySource
    {
        private readonly byte[] _block = new byte[512];
        private int _used = 512;

        public override ulong NextUInt64()
        {
            if (_used == _block.Length)
            {
                RandomNumberGenerator.Fill(_block);
                _used = 0;
            }

            ulong value = BinaryPrimitives.ReadUInt64LittleEndian(_block.AsSpan(_used));
            _used += 8;
            return value;
        }
    }

    /// <summary>SplitMix64 (Steele, Lea, Flood 2014): one addition and a mix per word, every seed is a good one.</summary>
    private sealed class SeededEntropy(ulong seed) : EntropySource
    {
        private ulong _state = seed;

        public override ulong NextUInt64()
        {
            _state += 0x9E37_79B9_7F4A_7C15;
            ulong mixed = _state;
            mixed = (mixed ^ (mixed >> 30)) * 0xBF58_476D_1CE4_E5B9;
            mixed = (mixed ^ (mixed >> 27)) * 0x94D0_49BB_1331_11EB;
            return mixed ^ (mixed >> 31);
        }
    }
}
