namespace Violence.Kademlia.Persistence;

/// <summary>
/// Checkpoints a store again and again, off the node's loop: what bounds the loss when the machine dies. Stop it
/// before the store is disposed of.
/// </summary>
internal sealed class BackgroundCheckpointer : IAsyncDisposable
{
    public static readonly TimeSpan DefaultInterval = TimeSpan.FromSeconds(5);

    private readonly IStateStore _store;
    private readonly PeriodicTimer _timer;
    private readonly Action<SaveResult> _onOutcomeChanged;
    private readonly Task _running;
    private SaveStatus _last = SaveStatus.Saved;

    /// <param name="store">The store.</param>
    /// <param name="timer">Says when; disposed of with this.</param>
    /// <param name="onOutcomeChanged">Told on a pool thread when checkpoints begin to fail, and when they work again.</param>
    public BackgroundCheckpointer(IStateStore store, PeriodicTimer timer, Action<SaveResult> onOutcomeChanged)
    {
        _store = store;
        _timer = timer;
        _onOutcomeChanged = onOutcomeChanged;
        _running = Task.Run(RunAsync);
    }

    /// <summary>Completes when no checkpoint runs any more.</summary>
    public async ValueTask DisposeAsync()
    {
        _timer.Dispose();
        await _running.ConfigureAwait(false);
    }

    private async Task RunAsync()
    {
        while (await _timer.WaitForNextTickAsync(CancellationToken.None).ConfigureAwait(false))
        {
            SaveResult result = _store.Checkpoint();
            if (result.Status != SaveStatus.Busy && result.Status != _last)
            {
                // Busy is no news: a commit that found the log too long is at it.
                _last = result.Status;
                _onOutcomeChanged(result);
            }
        }
    }
}
