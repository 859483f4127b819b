using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Violence.Kademlia.Diagnostics;

/// <summary>
/// Hands log entries to the operator's logger in their order, but on the thread pool: that logger is foreign code which may
/// block, throw, or call the node back, and the loop must stand none of it. At most <see cref="WaitingMax"/> entries wait; what
/// comes then is left out.
/// </summary>
internal sealed class BackgroundLogger(ILogger logger) : ILogger, IThreadPoolWorkItem
{
    public const int WaitingMax = 256;

    private readonly ConcurrentQueue<Action<ILogger>> _entries = new();

    // Entries in the queue and the one being written: who raises it from zero starts the writing.
    private int _waiting;

    /// <summary>Always: to ask the operator's logger would be to run it here. It decides when it gets the entry.</summary>
    public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

    /// <summary>Scopes belong to a caller's flow, and entries are written outside of all.</summary>
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (Volatile.Read(ref _waiting) < WaitingMax)
        {
            Add(inner => inner.Log(logLevel, eventId, state, exception, formatter));
        }
    }

    /// <summary>Completes when everything logged so far has been written.</summary>
    public Task FlushAsync()
    {
        var written = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Add(_ => written.TrySetResult());
        return written.Task;
    }

    /// <inheritdoc/>
    void IThreadPoolWorkItem.Execute()
    {
        do
        {
            _entries.TryDequeue(out Action<ILogger>? write);
            try
            {
                write!(logger);
            }
#pragma warning disable CA1031 // A logger that fails has nobody to be told.
            catch (Exception)
#pragma warning restore CA1031
            {
            }
        }
        while (Interlocked.Decrement(ref _waiting) > 0);
    }

    private void Add(Action<ILogger> entry)
    {
        _entries.Enqueue(entry);
        if (Interlocked.Increment(ref _waiting) == 1)
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }
}
