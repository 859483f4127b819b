using Violence.Kademlia.Node.Demo;

namespace Violence.Kademlia.Tests.Node;

[TestFixture]
public sealed class StepLogTests
{
    [Test]
    public async Task A_step_is_good_when_all_it_expected_is_done()
    {
        var step = new StepLog("lookup", new SilentProgress());
        step.Expect(2);

        double? first = await step.MeasureAsync(() => Task.FromResult<string?>(null));
        bool early = step.IsGood;
        await step.MeasureAsync(() => Task.FromResult<string?>(null));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(first, Is.Not.Null);
            Assert.That(early, Is.False);
            Assert.That(step.IsGood, Is.True);
            Assert.That(step.Reasons, Is.Empty);
            Assert.That(step.Milliseconds, Has.Count.EqualTo(2));
        }
    }

    [Test]
    public async Task A_piece_that_gives_a_reason_is_neither_done_nor_timed()
    {
        var step = new StepLog("lookup", new SilentProgress());
        step.Expect(1);

        double? time = await step.MeasureAsync(() => Task.FromResult<string?>("nobody answered"));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(time, Is.Null);
            Assert.That(step.Done, Is.Zero);
            Assert.That(step.IsGood, Is.False);
            Assert.That(step.Reasons, Is.EqualTo(new[] { "lookup: nobody answered" }));
        }
    }

    [Test]
    public void Pieces_that_never_ended_are_a_reason()
    {
        var step = new StepLog("crash", new SilentProgress());
        step.Expect(3);
        step.Count();

        Assert.That(step.Reasons, Is.EqualTo(new[] { "crash: 1 of 3 done" }));
    }

    [Test]
    public void A_flood_of_reasons_is_cut_short_and_counted()
    {
        var step = new StepLog("query", new SilentProgress());
        for (int index = 0; index < 15; index++)
        {
            step.Fail($"row {index}");
        }

        using (Assert.EnterMultipleScope())
        {
            Assert.That(step.Reasons, Has.Count.EqualTo(11));
            Assert.That(step.Reasons[^1], Is.EqualTo("query: and 5 more"));
        }
    }
}
