using Violence.Kademlia.Federation;

namespace Violence.Kademlia.Tests.Federation;

/// <summary>Who may go, who waits, and who goes next.</summary>
[TestFixture]
internal sealed class TurnsTests
{
    /// <summary>The runner's own context would have those who waited go on somewhere else.</summary>
    [SetUp]
    public void Begin() => SynchronizationContext.SetSynchronizationContext(null);

    [Test]
    public void As_many_are_let_in_as_told_and_the_others_one_by_one_in_their_order()
    {
        var turns = new Turns(2, continuesInline: true);
        var entered = new List<int>();
        for (int i = 0; i < 5; i++)
        {
            _ = EnterAsync(turns, i, entered, CancellationToken.None);
        }

        Assert.That(entered, Is.EqualTo(new[] { 0, 1 }));
        turns.Release();
        Assert.That(entered, Is.EqualTo(new[] { 0, 1, 2 }), "inline: before the release returns");
        turns.Release();
        turns.Release();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(entered, Is.EqualTo(new[] { 0, 1, 2, 3, 4 }));
            Assert.That(turns.IsFree, Is.False);
        }

        turns.Release();
        Assert.That(turns.IsFree, Is.True);
    }

    [Test]
    public void Who_gives_up_loses_its_place_and_takes_no_turn()
    {
        var turns = new Turns(1, continuesInline: true);
        var entered = new List<int>();
        using var gaveUp = new CancellationTokenSource();
        Task first = EnterAsync(turns, 1, entered, CancellationToken.None);
        Task second = EnterAsync(turns, 2, entered, gaveUp.Token);
        Task third = EnterAsync(turns, 3, entered, CancellationToken.None);

        gaveUp.Cancel();
        turns.Release();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(first.IsCompletedSuccessfully && third.IsCompletedSuccessfully, Is.True);
            Assert.That(second.IsCanceled, Is.True);
            Assert.That(entered, Is.EqualTo(new[] { 1, 3 }));
        }

        turns.Release();
        Assert.That(turns.IsFree, Is.True);
    }

    [Test]
    public async Task Nobody_is_let_in_with_a_token_that_is_cancelled_already()
    {
        var turns = new Turns(1, continuesInline: false);

        await Assert.ThatAsync(() => turns.WaitAsync(new CancellationToken(canceled: true)), Throws.InstanceOf<OperationCanceledException>());

        Assert.That(turns.IsFree, Is.True);
    }

    private static async Task EnterAsync(Turns turns, int who, List<int> entered, CancellationToken token)
    {
        await turns.WaitAsync(token);
        entered.Add(who);
    }
}
