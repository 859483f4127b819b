using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Violence.Kademlia.Tests.Runtime;

/// <summary>Keeps what is logged; may do something of a test's own with each entry.</summary>
internal sealed class LogCapture(Action? onEntry = null) : ILogger, ILoggerFactory
{
    private readonly ConcurrentQueue<(EventId Event, string Text, Exception? Exception)> _entries = new();

    public IReadOnlyCollection<(EventId Event, string Text, Exception? Exception)> Entries => _entries;

    public IEnumerable<string> Texts => _entries.Select(static entry => entry.Text);

    public bool IsEnabled(LogLevel logLevel) => true;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        _entries.Enqueue((eventId, formatter(state, exception), exception));
        onEntry?.Invoke();
    }

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider)
    {
    }

    public void Dispose()
    {
    }
}
