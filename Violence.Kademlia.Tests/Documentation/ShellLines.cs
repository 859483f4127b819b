using System.Text;
using System.Text.RegularExpressions;

namespace Violence.Kademlia.Tests.Documentation;

/// <summary>Finds the calls of the program in a page: in its shell and configuration blocks, and in its running text.</summary>
internal static partial class ShellLines
{
    private static readonly string[] Languages = ["sh", "console", "ini"];

    /// <summary>The arguments of every call that is written out in full, in a block.</summary>
    public static IEnumerable<PageItem> Calls(MarkdownPage page)
    {
        foreach (FencedBlock block in page.Blocks.Where(block => Languages.Contains(block.Language)))
        {
            string[] lines = block.Text.Split('\n');
            for (int i = 0; i < lines.Length; i++)
            {
                int first = i;
                string line = lines[i];
                while (line.EndsWith('\\') && i + 1 < lines.Length)
                {
                    line = line[..^1] + lines[++i].Trim();
                }

                if (Call().Match(line) is { Success: true } call)
                {
                    yield return new PageItem(page.Path, block.FirstLine + first, call.Groups[1].Value.Trim());
                }
            }
        }
    }

    /// <summary>Calls between backticks: they may be abridged. What ends in a written line feed is the context of a hash or signature.</summary>
    public static IEnumerable<PageItem> Mentions(MarkdownPage page) =>
        page.CodeSpans
            .Where(span => span.Text.StartsWith("violence-kad ", StringComparison.Ordinal) && !span.Text.EndsWith(@"\n", StringComparison.Ordinal))
            .Select(span => span with { Text = span.Text["violence-kad ".Length..] });

    /// <summary>Options that stand alone between backticks.</summary>
    public static IEnumerable<PageItem> Options(MarkdownPage page) =>
        page.CodeSpans.Where(span => span.Text.StartsWith("--", StringComparison.Ordinal));

    /// <summary>Cuts a line into words as a shell does; knows double quotes, and ends at a comment or an ampersand.</summary>
    public static IReadOnlyList<string> Words(string line)
    {
        List<string> words = [];
        var word = new StringBuilder();
        bool quoted = false;
        bool begun = false;
        foreach (char letter in line + " ")
        {
            if (letter == '"')
            {
                quoted = !quoted;
                begun = true;
            }
            else if (quoted || !char.IsWhiteSpace(letter))
            {
                word.Append(letter);
                begun = true;
            }
            else if (begun)
            {
                if (word.Length > 0 && (word[0] == '#' || word.ToString() == "&"))
                {
                    break;
                }

                words.Add(word.ToString());
                word.Clear();
                begun = false;
            }
        }

        return words;
    }

    // "violence-kad run", "violence-kad.dll run" and "--project Violence.Kademlia.Node -c Release -- run"; not "violence-kad: no server".
    [GeneratedRegex(@"(?:violence-kad(?:\.dll)?|--project Violence\.Kademlia\.Node(?: -c \w+)? --)\s+(\w.*)")]
    private static partial Regex Call();
}
