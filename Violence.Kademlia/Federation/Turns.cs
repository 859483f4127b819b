namespace Violence.Kademlia.Federation;

/// <summary>
/// Lets so many in at once; the others wait and are let in in the order they came. What <see cref="SemaphoreSlim"/> does, but that one
/// continues who waited on the thread pool always, and a simulator has none. Safe for any thread; nothing in it needs to be disposed of.
/// </summary>
/// <param name="width">How many are let in at once.</param>
/// <param name="continuesInline">Whether who waited goes on inside <see cref="Release"/>, instead of on the thread pool.</param>
internal sealed class Turns(int width, bool continuesInline)
{
    private readonly Lock _gate = new();
    private readonly LinkedList<TaskCompletionSource> _waiting = new();
    private int _free = width;

    /// <summary>Whether somebody would be let in right now.</summary>
    public bool IsFree
    {
        get
        {
            lock (_gate)
            {
                return _free > 0;
            }
        }
    }

    /// <exception cref="OperationCanceledException">The wait was given up: the turn is not the caller's.</exception>
    public async Task WaitAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        LinkedListNode<TaskCompletionSource> place;
        lock (_gate)
        {
            if (_free > 0)
            {
                _free--;
                return;
            }

            place = _waiting.AddLast(new TaskCompletionSource(
                continuesInline ? TaskCreationOptions.None : TaskCreationOptions.RunContinuationsAsynchronously));
        }

        using CancellationTokenRegistration gaveUp = cancellationToken.UnsafeRegister((_, token) => GiveUp(place, token), null);
        await place.Value.Task.ConfigureAwait(false);
    }

    /// <summary>Hands the turn to who has waited longest.</summary>
    public void Release()
    {
        TaskCompletionSource next;
        lock (_gate)
        {
            if (_waiting.First is not { } first)
            {
                _free++;
                return;
            }

            _waiting.RemoveFirst();
            next = first.Value;
        }

        next.SetResult();
    }

    // Whoever takes it off the list under the gate decides how the wait ends.
    private void GiveUp(LinkedListNode<TaskCompletionSource> place, CancellationToken token)
    {
        lock (_gate)
        {
            if (place.List is null)
            {
                return;
            }

            _waiting.Remove(place);
        }

        place.Value.SetCanceled(token);
    }
}
