using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Serilog;
using Serilog.Events;
using Serilog.Extensions.Logging;
using Serilog.Formatting;
using Serilog.Formatting.Display;

namespace Violence.Kademlia.Node.Output;

/// <summary>The node's log: Serilog to stderr, so that stdout carries results only.</summary>
internal static class LogOutput
{
    private const string Template = "{Timestamp:HH:mm:ss.fff} {Level:u3} {Message:lj}{NewLine}{Exception}";

    public static ILoggerFactory Create(LogLevel level)
    {
        if (level == LogLevel.None)
        {
            return NullLoggerFactory.Instance;
        }

        var logger = new LoggerConfiguration()
            .MinimumLevel.Is(ToSerilog(level))
            // A start that fails is the program's to tell, in one line; here it would come before that, with the whole stack.
            .MinimumLevel.Override("Microsoft.Extensions.Hosting", level < LogLevel.Information ? ToSerilog(level) : LogEventLevel.Fatal)
            .WriteTo.Console(new CleanFormatter(), standardErrorFromLevel: LogEventLevel.Verbose)
            .CreateLogger();
        return new SerilogLoggerFactory(logger, dispose: true);
    }

    private static LogEventLevel ToSerilog(LogLevel level) => level switch
    {
        LogLevel.Trace => LogEventLevel.Verbose,
        LogLevel.Debug => LogEventLevel.Debug,
        LogLevel.Information => LogEventLevel.Information,
        LogLevel.Warning => LogEventLevel.Warning,
        _ => LogEventLevel.Error,
    };

    /// <summary>A log line may quote text from the network: it is cleaned like any other.</summary>
    private sealed class CleanFormatter : ITextFormatter
    {
        private readonly MessageTemplateTextFormatter _formatter = new(Template);

        public void Format(LogEvent logEvent, TextWriter output)
        {
            using var line = new StringWriter();
            _formatter.Format(logEvent, line);
            output.Write(TerminalText.CleanLines(line.ToString()));
        }
    }
}
