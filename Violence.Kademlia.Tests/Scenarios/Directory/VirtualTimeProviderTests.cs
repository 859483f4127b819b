using Violence.Kademlia.Simulation;
using Violence.Kademlia.Simulation.Directory;

namespace Violence.Kademlia.Tests.Scenarios.Directory;

/// <summary>Clocks and timers of a simulated node.</summary>
[TestFixture]
internal sealed class VirtualTimeProviderTests
{
    private readonly List<double> _fired = [];
    private bool _isOver;
    private Simulator _simulator = null!;
    private VirtualTimeProvider _time = null!;

    [SetUp]
    public void Begin()
    {
        _fired.Clear();
        _isOver = false;
        _simulator = new Simulator(seed: 1);
        _time = new VirtualTimeProvider(_simulator, TimeSpan.FromSeconds(90), () => _isOver);
    }

    [Test]
    public void The_wall_clock_is_off_by_the_nodes_error_and_the_monotonic_one_is_not()
    {
        long before = _time.GetTimestamp();
        _simulator.RunFor(TimeSpan.FromSeconds(7));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(_time.GetUtcNow() - _simulator.Utc, Is.EqualTo(TimeSpan.FromSeconds(90)));
            Assert.That(_time.GetElapsedTime(before), Is.EqualTo(TimeSpan.FromSeconds(7)));
        }
    }

    [Test]
    public void A_timer_fires_when_it_is_due_and_then_every_period()
    {
        using ITimer timer = Timer(dueTime: 5, period: 2);
        _simulator.RunFor(TimeSpan.FromSeconds(10));

        Assert.That(_fired, Is.EqualTo(new[] { 5.0, 7.0, 9.0 }));
    }

    [Test]
    public void A_timer_without_period_fires_once_and_only_by_its_latest_setting()
    {
        using ITimer timer = Timer(dueTime: 5, period: -1);
        timer.Change(TimeSpan.FromSeconds(8), Timeout.InfiniteTimeSpan);
        _simulator.RunFor(TimeSpan.FromSeconds(30));

        Assert.That(_fired, Is.EqualTo(new[] { 8.0 }));
    }

    [Test]
    public void Timers_that_were_disposed_of_or_whose_node_is_down_stay_silent()
    {
        ITimer disposed = Timer(dueTime: 1, period: 1);
        using ITimer crashed = Timer(dueTime: 10, period: 1);
        _simulator.RunFor(TimeSpan.FromSeconds(1.5));
        disposed.Dispose();
        bool isChanged = disposed.Change(TimeSpan.Zero, TimeSpan.Zero);
        _isOver = true;
        _simulator.RunFor(TimeSpan.FromSeconds(30));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(_fired, Is.EqualTo(new[] { 1.0 }));
            Assert.That(isChanged, Is.False);
        }
    }

    private ITimer Timer(double dueTime, double period) => _time.CreateTimer(
        _ => _fired.Add((_simulator.Now - Kademlia.Primitives.Instant.FromMilliseconds(0)).TotalSeconds),
        null,
        TimeSpan.FromSeconds(dueTime),
        period < 0 ? Timeout.InfiniteTimeSpan : TimeSpan.FromSeconds(period));
}
