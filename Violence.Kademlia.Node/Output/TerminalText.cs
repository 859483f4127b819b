using System.Globalization;
using System.Text;

namespace Violence.Kademlia.Node.Output;

/// <summary>
/// Makes text fit for a terminal. Names and tags come from strangers: an escape sequence in one could repaint the screen,
/// a direction mark could make one name look like another.
/// </summary>
internal static class TerminalText
{
    public const int Longest = 300;

    /// <summary>The text without control, format and unassigned characters, at most <see cref="Longest"/> of them.</summary>
    public static string Clean(string? text) => Clean(text, Longest, keepLines: false);

    /// <summary>Several lines of the program's own making, which may quote text of others.</summary>
    public static string CleanLines(string text) => Clean(text, int.MaxValue, keepLines: true);

    /// <summary>Clean text in which nothing counts as Spectre markup.</summary>
    public static string Markup(string? text) => Spectre.Console.Markup.Escape(Clean(text));

    private static string Clean(string? text, int longest, bool keepLines)
    {
        var clean = new StringBuilder();
        foreach (var rune in (text ?? "").EnumerateRunes())
        {
            if (clean.Length + rune.Utf16SequenceLength > longest)
            {
                return clean.Append('…').ToString();
            }

            if (IsHarmless(rune) || (keepLines && rune.Value == '\n'))
            {
                clean.Append(rune);
            }
        }

        return clean.ToString();
    }

    private static bool IsHarmless(Rune rune) => Rune.GetUnicodeCategory(rune) is not (
        UnicodeCategory.Control
        or UnicodeCategory.Format
        or UnicodeCategory.LineSeparator
        or UnicodeCategory.ParagraphSeparator
        or UnicodeCategory.Surrogate
        or UnicodeCategory.PrivateUse
        or UnicodeCategory.OtherNotAssigned);
}
