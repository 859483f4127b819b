using System.CommandLine;
using System.Text;
using Violence.Kademlia.Node.CommandLine;
using Violence.Kademlia.Node.Output;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Node.Commands;

/// <summary><c>put</c>: signs a record and stores it; on demand keeps it alive until it is stopped.</summary>
internal sealed class PutCommand
{
    /// <summary>How long to wait before a kept record that too few have is put again.</summary>
    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(2);

    private readonly Terminal _terminal;
    private readonly KeyOptions _key;
    private readonly CommonOptions _common;

    private readonly Argument<string?> _text = new("TEXT")
    {
        Description = "The content, as UTF-8. Or give --file.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<string?> _file = Options.Text("--file", "FILE", "Take the content from this file.", longest: 4096);

    private readonly Option<string?> _label = Options.Text(
        "--label", "LABEL", "Tells apart several records of one owner under one key.", Record.MaxLabelSize);

    private readonly Option<double> _timeToLive = Options.Seconds(
        "--ttl",
        "How long the record lives when it is not published again.",
        least: 1,
        most: Record.MaxTimeToLive.TotalSeconds,
        preset: Record.MaxTimeToLive.TotalSeconds);

    private readonly Option<bool> _keep = new("--keep")
    {
        Description = "Stay, as a node, and keep the record alive until SIGINT or SIGTERM. Without it the command joins as a client, puts and ends.",
    };

    private readonly Option<double> _timeout = ClientQuestion.Timeout();

    private PutCommand(Terminal terminal, Command command)
    {
        _terminal = terminal;
        _key = KeyOptions.Add(command);
        command.Add(_text);
        command.Add(_file);
        command.Add(_label);
        command.Add(_timeToLive);
        command.Add(_keep);
        command.Add(_timeout);
        _common = CommonOptions.AddNode(command, needsBootstrap: true);
    }

    public static Command Create(Terminal terminal)
    {
        var command = new Command("put", "Stores a record in the network. Exit code 1: fewer nodes took it than it takes.");
        var put = new PutCommand(terminal, command);
        command.SetAction((parsed, stop) =>
        {
            byte[] content = put.Content(parsed);
            return NodeSession.RunAsync(
                parsed,
                put._common,
                parsed.GetValue(put._keep) ? null : NodeMode.Client,
                (node, token) => put.RunAsync(node, content, parsed, token),
                stop);
        });
        return command;
    }

    private async Task<int> RunAsync(KademliaNode node, byte[] content, ParseResult parsed, CancellationToken stop)
    {
        var patience = TimeSpan.FromSeconds(parsed.GetValue(_timeout));
        await NodeSession.JoinWithinAsync(node, _common.Bootstrap(parsed), patience, stop);
        bool keeps = parsed.GetValue(_keep);
        try
        {
            PutResult result = await PutAsync(node, content, parsed, stop);
            while (keeps && !result.IsStored)
            {
                _terminal.Complain($"{result.Acknowledgements} of {result.Wanted} nodes took it ({result.Status}); trying again.");
                await Task.Delay(RetryPause, stop);
                result = await PutAsync(node, content, parsed, stop);
            }

            Report(result, parsed);
            if (!keeps)
            {
                return result.IsStored ? ExitCodes.Done : ExitCodes.Failed;
            }

            await NodeSession.UntilStoppedAsync(stop);
        }
        catch (OperationCanceledException) when (keeps && stop.IsCancellationRequested)
        {
            // Stopped before enough had taken it: a good end all the same.
        }

        return ExitCodes.Done;
    }

    private async Task<PutResult> PutAsync(KademliaNode node, byte[] content, ParseResult parsed, CancellationToken stop)
    {
        var options = new PutOptions
        {
            Label = parsed.GetValue(_label) ?? "",
            TimeToLive = TimeSpan.FromSeconds(parsed.GetValue(_timeToLive)),
            KeepAlive = parsed.GetValue(_keep),
        };
        try
        {
            return await node.PutAsync(_key.Key(parsed), content, options, stop);
        }
        catch (ArgumentException wrong)
        {
            throw new UsageException(wrong);
        }
    }

    private byte[] Content(ParseResult parsed)
    {
        string? text = parsed.GetValue(_text);
        string? file = parsed.GetValue(_file);
        if (text is null == file is null)
        {
            throw new UsageException(new ArgumentException("give TEXT or --file, and not both."));
        }

        if (file is null)
        {
            return Encoding.UTF8.GetBytes(text!);
        }

        long length = new FileInfo(file).Length;
        return length <= Record.MaxSize
            ? File.ReadAllBytes(file)
            : throw new UsageException(new ArgumentException($"--file: '{file}' has {length} bytes; a record has at most {Record.MaxSize}, signature and all."));
    }

    private void Report(PutResult result, ParseResult parsed)
    {
        if (_common.Json(parsed))
        {
            _terminal.WriteJson(PutDocument.Of(result), Documents.Default.PutDocument);
        }
        else if (result.IsStored)
        {
            _terminal.WriteLine($"stored key={result.Record.Key} acks={result.Acknowledgements} wanted={result.Wanted} sequence={result.Record.Sequence}");
        }

        if (!result.IsStored)
        {
            string refusals = string.Join(", ", result.Refusals.Select(refusal => $"{refusal.Key} {refusal.Value} times"));
            _terminal.Complain(
                $"{result.Acknowledgements} of {result.Wanted} nodes took the record ({result.Status}{(refusals.Length > 0 ? $"; {refusals}" : "")}).");
        }
    }
}
