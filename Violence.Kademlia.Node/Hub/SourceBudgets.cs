namespace Violence.Kademlia.Node.Hub;

/// <summary>
/// A budget per source that fills evenly: so many a minute, as many at once. At most 10,000 sources have one of their own;
/// further ones share one. Safe for any thread.
/// </summary>
internal sealed class SourceBudgets(int perMinute)
{
    public const int MostSources = 10_000;

    private static readonly SourceKey Others = new(IsIPv6: true, ulong.MaxValue);

    private readonly Lock _gate = new();
    private readonly Dictionary<SourceKey, Budget> _budgets = [];

    public bool TryTake(SourceKey source, TimeSpan now)
    {
        lock (_gate)
        {
            SourceKey key = Admit(source, now) ? source : Others;
            Budget budget = _budgets.TryGetValue(key, out Budget known) ? Fill(known, now) : new Budget(perMinute, now);
            bool isWithin = budget.Left >= 1;
            _budgets[key] = isWithin ? budget with { Left = budget.Left - 1 } : budget;
            return isWithin;
        }
    }

    private bool Admit(SourceKey source, TimeSpan now)
    {
        if (_budgets.Count < MostSources || _budgets.ContainsKey(source))
        {
            return true;
        }

        // A full budget is as good as none.
        foreach (SourceKey full in _budgets.Where(entry => Fill(entry.Value, now).Left >= perMinute).Select(entry => entry.Key).ToArray())
        {
            _budgets.Remove(full);
        }

        return _budgets.Count < MostSources;
    }

    private Budget Fill(Budget budget, TimeSpan now) =>
        new(Math.Min(perMinute, budget.Left + ((now - budget.At).TotalMinutes * perMinute)), now);

    private readonly record struct Budget(double Left, TimeSpan At);
}
