using System.Text;
using System.Text.RegularExpressions;
using Violence.Kademlia.Tests.Repository;

namespace Violence.Kademlia.Tests.Documentation;

/// <summary>A fenced block of a page.</summary>
/// <param name="Page">The page's path from the root.</param>
/// <param name="Language">What stands behind the fence; empty when nothing does.</param>
/// <param name="FirstLine">The line its content begins at, counted from 1.</param>
/// <param name="Text">The content.</param>
internal sealed record FencedBlock(string Page, string Language, int FirstLine, string Text);

/// <summary>Something in a page's running text, and the line it stands in.</summary>
internal sealed record PageItem(string Page, int Line, string Text)
{
    public override string ToString() => $"{Page}({Line}): {Text}";
}

/// <summary>A page of the documentation, taken apart as far as the tests need it.</summary>
internal sealed partial class MarkdownPage
{
    private const string Fence = "```";

    private readonly List<FencedBlock> _blocks = [];
    private readonly List<PageItem> _prose = [];

    private MarkdownPage(string path, string text)
    {
        Path = path;
        Read(text.ReplaceLineEndings("\n").Split('\n'));
    }

    public string Path { get; }

    public IReadOnlyList<FencedBlock> Blocks => _blocks;

    /// <summary>The targets of all links.</summary>
    public IEnumerable<PageItem> Links => In(_prose.Select(line => line with { Text = Code().Replace(line.Text, "") }), Link());

    /// <summary>What stands between backticks in the running text.</summary>
    public IEnumerable<PageItem> CodeSpans => In(_prose, Code());

    /// <summary>The anchors that a reader of the page on the web can jump to.</summary>
    public IEnumerable<string> Anchors => _prose.Where(line => line.Text.StartsWith('#')).Select(line => AnchorOf(line.Text.TrimStart('#').Trim()));

    /// <summary>README.md and everything below docs.</summary>
    public static IReadOnlyList<MarkdownPage> All() =>
    [
        .. Directory.EnumerateFiles(RepositoryRoot.File("docs"), "*.md", SearchOption.AllDirectories)
            .Select(file => System.IO.Path.GetRelativePath(RepositoryRoot.Path, file).Replace('\\', '/'))
            .Append("README.md")
            .Order(StringComparer.Ordinal)
            .Select(Load),
    ];

    public static MarkdownPage Load(string path) => new(path, File.ReadAllText(RepositoryRoot.File(path)));

    public static MarkdownPage Of(string path, string text) => new(path, text);

    private static IEnumerable<PageItem> In(IEnumerable<PageItem> lines, Regex pattern) =>
        lines.SelectMany(line => pattern.Matches(line.Text).Select(match => line with { Text = match.Groups[1].Value }));

    private static string AnchorOf(string heading)
    {
        var anchor = new StringBuilder();
        foreach (char letter in heading.ToLowerInvariant())
        {
            if (char.IsLetterOrDigit(letter) || letter is '-' or '_')
            {
                anchor.Append(letter);
            }
            else if (letter == ' ')
            {
                anchor.Append('-');
            }
        }

        return anchor.ToString();
    }

    private void Read(string[] lines)
    {
        for (int i = 0; i < lines.Length; i++)
        {
            string line = lines[i];
            if (!line.StartsWith(Fence, StringComparison.Ordinal))
            {
                _prose.Add(new PageItem(Path, i + 1, line));
                continue;
            }

            int first = i + 1;
            int end = Array.IndexOf(lines, Fence, first);
            if (end < 0)
            {
                throw new FormatException($"{Path}({i + 1}): the block never ends.");
            }

            _blocks.Add(new FencedBlock(Path, line[Fence.Length..].Trim(), first + 1, string.Join('\n', lines[first..end])));
            i = end;
        }
    }

    [GeneratedRegex(@"\[[^\]]*\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Code();
}
