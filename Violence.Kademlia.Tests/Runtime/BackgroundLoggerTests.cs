using Microsoft.Extensions.Logging;
using Violence.Kademlia.Diagnostics;
using Violence.Kademlia.Tests.Networks;

namespace Violence.Kademlia.Tests.Runtime;

public sealed class BackgroundLoggerTests
{
    [Test]
    public async Task Entries_come_in_order_and_are_all_written_when_it_is_flushed()
    {
        LogCapture target = new();
        BackgroundLogger logger = new(target);

        for (int i = 0; i < 100; i++)
        {
            logger.Joined(i);
        }

        await logger.FlushAsync().WaitAsync(Eventually.Deadline);

        Assert.That(target.Texts, Is.EqualTo(Enumerable.Range(0, 100).Select(i => $"Joined the network; {i} nodes known")));
    }

    [Test]
    public async Task A_logger_that_throws_harms_nobody_and_hears_of_the_next_entry()
    {
        LogCapture target = new(() => throw new InvalidOperationException("broken"));
        BackgroundLogger logger = new(target);

        logger.Alone();
        logger.Lost();
        await logger.FlushAsync().WaitAsync(Eventually.Deadline);

        Assert.That(target.Entries, Has.Count.EqualTo(2));
    }

    [Test]
    public async Task A_logger_that_blocks_holds_up_nobody_and_what_waits_for_it_is_bounded()
    {
        using var leave = new ManualResetEventSlim();
        LogCapture target = new(() => leave.Wait(Eventually.Deadline));
        BackgroundLogger logger = new(target);

        for (int i = 0; i < 10 * BackgroundLogger.WaitingMax; i++)
        {
            logger.Alone();
        }

        leave.Set();
        await logger.FlushAsync().WaitAsync(Eventually.Deadline);

        Assert.That(target.Entries, Has.Count.EqualTo(BackgroundLogger.WaitingMax));
    }

    [Test]
    public async Task Event_level_and_exception_are_handed_on()
    {
        LogCapture target = new();
        BackgroundLogger logger = new(target);
        var fault = new InvalidOperationException("broken");

        logger.EngineFault(fault);
        await logger.FlushAsync().WaitAsync(Eventually.Deadline);

        Assert.That(target.Entries.Single().Exception, Is.SameAs(fault));
        Assert.That(target.Entries.Single().Event.Id, Is.EqualTo(8));
        Assert.That(logger.IsEnabled(LogLevel.None), Is.False);
        Assert.That(logger.BeginScope("scope"), Is.Null);
    }
}
