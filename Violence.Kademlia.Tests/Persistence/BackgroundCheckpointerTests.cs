using System.Threading.Channels;
using Violence.Kademlia.Persistence;
using Violence.Kademlia.Tests.Runtime;

namespace Violence.Kademlia.Tests.Persistence;

[TestFixture]
public sealed class BackgroundCheckpointerTests
{
    [Test]
    [CancelAfter(30_000)]
    public async Task Each_tick_is_a_checkpoint_and_only_a_change_of_outcome_is_told(CancellationToken cancellation)
    {
        var full = new SaveResult(SaveStatus.DiskFull, "full");
        var busy = new SaveResult(SaveStatus.Busy, "busy");
        SaveResult[] outcomes = [SaveResult.Saved, full, full, busy, full, SaveResult.Saved, SaveResult.Saved];
        var store = new TickedStore(outcomes);
        var told = new List<SaveResult>();
        var time = new ManualTime();
        await using (new BackgroundCheckpointer(store, new PeriodicTimer(BackgroundCheckpointer.DefaultInterval, time), told.Add))
        {
            for (int i = 0; i < outcomes.Length; i++)
            {
                time.Timer.Fire();
                Assert.That(await store.Checkpoints.Reader.ReadAsync(cancellation), Is.EqualTo(i));
            }
        }

        using (Assert.EnterMultipleScope())
        {
            Assert.That(told, Is.EqualTo(new[] { full, SaveResult.Saved }));
            Assert.That(time.Timer.IsDisposed);
        }
    }

    private sealed class TickedStore(SaveResult[] outcomes) : IStateStore
    {
        private int _count;

        public Channel<int> Checkpoints { get; } = Channel.CreateUnbounded<int>();

        public LoadedState Load(DateTimeOffset utc) => new(SavedState.Empty, new StateLoadReport());

        public SaveResult Commit(IReadOnlyList<StateChange> changes) => SaveResult.Saved;

        public SaveResult Rewrite(SavedState state, DateTimeOffset utc) => SaveResult.Saved;

        public SaveResult Checkpoint()
        {
            Checkpoints.Writer.TryWrite(_count);
            return outcomes[_count++];
        }

        public void Dispose()
        {
        }
    }
}
