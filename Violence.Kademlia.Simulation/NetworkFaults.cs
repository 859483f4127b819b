namespace Violence.Kademlia.Simulation;

/// <summary>What a network does to datagrams. Changed by scenarios while it runs; all shares are from 0 to 1.</summary>
internal sealed class NetworkFaults
{
    /// <summary>Share of datagrams that vanish.</summary>
    public double Loss { get; set; }

    /// <summary>Share of datagrams that arrive twice.</summary>
    public double Duplication { get; set; }

    /// <summary>Datagrams are late by up to so much at random, and so overtake each other.</summary>
    public TimeSpan Reordering { get; set; }

    /// <summary>Share of datagrams in which one bit is flipped.</summary>
    public double Corruption { get; set; }

    /// <summary>Longer datagrams vanish, in bytes.</summary>
    public int LongestDatagram { get; set; } = 1_200;

    /// <summary>Whether nothing gets from one node to another, by node number: partitions, whole or one-way.</summary>
    public Func<int, int, bool>? Cuts { get; set; }

    /// <summary>No faults from now on.</summary>
    public void Heal()
    {
        Loss = 0;
        Duplication = 0;
        Reordering = TimeSpan.Zero;
        Corruption = 0;
        Cuts = null;
    }
}

/// <summary>How long a datagram is under way.</summary>
internal abstract class LatencyModel
{
    /// <summary>The same for all pairs.</summary>
    public static LatencyModel Constant(TimeSpan oneWay) => new ConstantLatency(oneWay);

    /// <summary>
    /// Log-normal over the pairs, stable for each pair: round trips with a median of 80 ms and 250 ms at the 95th percentile,
    /// unless told otherwise.
    /// </summary>
    public static LatencyModel LogNormal(ulong seed, double medianRoundTripMs = 80, double p95RoundTripMs = 250) =>
        new LogNormalLatency(seed, medianRoundTripMs, p95RoundTripMs);

    public abstract TimeSpan OneWay(int from, int to);

    private sealed class ConstantLatency(TimeSpan oneWay) : LatencyModel
    {
        public override TimeSpan OneWay(int from, int to) => oneWay;
    }

    private sealed class LogNormalLatency(ulong seed, double medianMs, double p95Ms) : LatencyModel
    {
        /// <summary>The standard normal distribution's 95th percentile.</summary>
        private const double Normal95 = 1.6448536;

        /// <summary>A power of two: 8 KB, so that it stays near the processor.</summary>
        private const int Remembered = 512;

        private readonly double _sigma = Math.Log(p95Ms / medianMs) / Normal95;

        // An answer takes as long as its request did a moment ago.
        private readonly (ulong Pair, TimeSpan OneWay)[] _latest = new (ulong, TimeSpan)[Remembered];

        public override TimeSpan OneWay(int from, int to)
        {
            (int low, int high) = from < to ? (from, to) : (to, from);
            ulong pair = (ulong)low << 32 | (uint)high;
            ulong first = Mix(seed ^ pair);
            ref (ulong Pair, TimeSpan OneWay) known = ref _latest[first % Remembered];
            if (known.Pair != pair || known.OneWay == TimeSpan.Zero)
            {
                known = (pair, Draw(first));
            }

            return known.OneWay;
        }

        private TimeSpan Draw(ulong first)
        {
            ulong second = Mix(first);

            // Box and Muller 1958: two even draws give a normal one.
            double even1 = ((first >> 11) + 1) * (1.0 / (1UL << 53));
            double even2 = (second >> 11) * (1.0 / (1UL << 53));
            double normal = Math.Sqrt(-2 * Math.Log(even1)) * Math.Cos(2 * Math.PI * even2);
            return TimeSpan.FromTicks((long)(medianMs / 2 * Math.Exp(_sigma * normal) * TimeSpan.TicksPerMillisecond));
        }

        private static ulong Mix(ulong value)
        {
            value += 0x9E37_79B9_7F4A_7C15;
            value = (value ^ (value >> 30)) * 0xBF58_476D_1CE4_E5B9;
            value = (value ^ (value >> 27)) * 0x94D0_49BB_1331_11EB;
            return value ^ (value >> 31);
        }
    }
}
