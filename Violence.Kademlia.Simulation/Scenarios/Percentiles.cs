namespace Violence.Kademlia.Simulation.Scenarios;

/// <summary>Collects figures and tells their percentiles by nearest rank.</summary>
internal sealed class Percentiles
{
    private readonly List<double> _values = [];
    private bool _isSorted;

    public int Count => _values.Count;

    public double Mean => _values.Count == 0 ? 0 : _values.Average();

    public void Add(double value)
    {
        _values.Add(value);
        _isSorted = false;
    }

    /// <param name="share">0.5 for the median; 1 for the largest.</param>
    public double At(double share)
    {
        if (_values.Count == 0)
        {
            return 0;
        }

        if (!_isSorted)
        {
            _values.Sort();
            _isSorted = true;
        }

        int rank = (int)Math.Ceiling(share * _values.Count) - 1;
        return Math.Round(_values[Math.Clamp(rank, 0, _values.Count - 1)], 3);
    }
}
