using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Simulation.Lives;

/// <summary>How long nodes stay.</summary>
internal abstract class SessionLengths
{
    /// <summary>Without memory: a node that has stayed long is as likely to leave as any other.</summary>
    public static SessionLengths Exponential(TimeSpan median) => new WeibullSessions(median, shape: 1);

    /// <summary>
    /// Weibull with shape 0.615, as measured for peer-to-peer nodes: many leave soon, and who has stayed long stays longer.
    /// </summary>
    public static SessionLengths Weibull(TimeSpan median) => new WeibullSessions(median, shape: 0.615);

    public abstract TimeSpan Draw(EntropySource entropy);

    /// <summary>Mean over many draws, which sets how fast newcomers have to arrive to keep a network's size.</summary>
    public abstract TimeSpan Mean { get; }

    private sealed class WeibullSessions : SessionLengths
    {
        private readonly double _scaleTicks;
        private readonly double _shape;

        public WeibullSessions(TimeSpan median, double shape)
        {
            _shape = shape;
            _scaleTicks = median.Ticks / Math.Pow(Math.Log(2), 1 / shape);
        }

        public override TimeSpan Mean => TimeSpan.FromTicks((long)(_scaleTicks * Gamma(1 + 1 / _shape)));

        public override TimeSpan Draw(EntropySource entropy)
        {
            // 1 - u: never the logarithm of zero.
            double ticks = _scaleTicks * Math.Pow(-Math.Log(1 - entropy.NextDouble()), 1 / _shape);
            return TimeSpan.FromTicks((long)Math.Min(ticks, TimeSpan.FromDays(365).Ticks));
        }

        /// <summary>Stirling's series, shifted to where it is exact to ten digits.</summary>
        private static double Gamma(double x)
        {
            double shift = 1;
            while (x < 12)
            {
                shift *= x++;
            }

            double series = 1 / (12 * x) - 1 / (360 * x * x * x) + 1 / (1_260 * Math.Pow(x, 5));
            return Math.Sqrt(2 * Math.PI / x) * Math.Pow(x / Math.E, x) * Math.Exp(series) / shift;
        }
    }
}
