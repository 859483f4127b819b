using System.Buffers;
using System.Globalization;
using System.Text;

namespace Violence.Kademlia.Federation;

/// <summary>
/// The alphabets of the directory and its one notion of case. Only ASCII letters change case: the framework's lowering
/// also turns look-alikes (the Kelvin sign, U+212A) into letters, which would let them through.
/// </summary>
internal static class DirectoryText
{
    public const int MaxName = 48;
    public const int MaxWord = 24;
    public const int MaxVersion = 24;

    private const int MaxQuoted = 64;

    private static readonly SearchValues<char> NameCharacters =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_. ");

    private static readonly SearchValues<char> WordCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-");

    public static bool IsName(string text) => text.Length is >= 1 and <= MaxName && !text.AsSpan().ContainsAnyExcept(NameCharacters);

    /// <summary>Whether a text can be a genre, a region or a tag.</summary>
    public static bool IsWord(string text) => text.Length is >= 1 and <= MaxWord && !text.AsSpan().ContainsAnyExcept(WordCharacters);

    /// <summary>Whether a text can be a mode: a word, or empty when it is not told.</summary>
    public static bool IsMode(string text) => text.Length == 0 || IsWord(text);

    public static bool IsVersion(string text) => text.Length <= MaxVersion && IsPrintable(text);

    public static bool IsPrintable(ReadOnlySpan<char> text) => !text.ContainsAnyExceptInRange(' ', '~');

    public static bool IsPrintable(ReadOnlySpan<byte> text) => !text.ContainsAnyExceptInRange((byte)' ', (byte)'~');

    /// <summary>Cuts blanks off both ends; other white space stays and is refused.</summary>
    public static string TrimName(string name) => name.Trim(' ');

    /// <summary>The form names are compared, hashed and labelled in.</summary>
    public static string NormalizeName(string name) => Lower(TrimName(name));

    public static string Lower(string text) => string.Create(text.Length, text, static (lowered, source) =>
    {
        for (int i = 0; i < lowered.Length; i++)
        {
            lowered[i] = char.IsAsciiLetterUpper(source[i]) ? (char)(source[i] | 0x20) : source[i];
        }
    });

    /// <summary>A value for a message: never raw control characters, never longer than a line.</summary>
    public static string Quote(string? value)
    {
        if (value is null)
        {
            return "null";
        }

        StringBuilder quoted = new("\"");
        foreach (char character in value.AsSpan(0, Math.Min(value.Length, MaxQuoted)))
        {
            if (character is >= ' ' and <= '~')
            {
                quoted.Append(character);
            }
            else
            {
                quoted.Append(CultureInfo.InvariantCulture, $"\\u{(int)character:X4}");
            }
        }

        return quoted.Append(value.Length > MaxQuoted ? "…\"" : "\"").ToString();
    }
}
