using System.Diagnostics.CodeAnalysis;
using Violence.Kademlia.Identity;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Federation;

/// <summary>What a player types to find a server: <c>name</c>, or <c>name#fingerprint</c>.</summary>
/// <param name="Name">The name, normalized.</param>
/// <param name="Fingerprint">The owner's fingerprint, lower case without dashes; null when none was given.</param>
internal readonly record struct ServerNameText(string Name, string? Fingerprint)
{
    private const int FingerprintLength = 12;
    private const char Separator = '#';

    /// <summary>Reads what was typed; false, and what is wrong, when it can't name a server.</summary>
    public static bool TryParse(string text, out ServerNameText parsed, [NotNullWhen(false)] out string? problem)
    {
        parsed = default;
        int separator = text.IndexOf(Separator, StringComparison.Ordinal);
        string typedName = separator < 0 ? text : text[..separator];
        string name = DirectoryText.NormalizeName(typedName);
        if (!DirectoryText.IsName(name))
        {
            problem = $"The name is {DirectoryText.Quote(typedName)}: "
                + "must be 1 to 48 characters out of ASCII letters, digits, '-', '_', '.' and blank.";
            return false;
        }

        string? fingerprint = null;
        if (separator >= 0)
        {
            string typed = text[(separator + 1)..];
            fingerprint = Compact(typed);
            // A prefix would be cheap to forge: all 60 bits or nothing.
            if (fingerprint.Length != FingerprintLength || !fingerprint.All(IsFingerprintLetter))
            {
                problem = $"The fingerprint is {DirectoryText.Quote(typed)}: "
                    + "must be all 12 letters a-z and digits 2-7, with or without dashes.";
                return false;
            }
        }

        problem = null;
        parsed = new ServerNameText(name, fingerprint);
        return true;
    }

    /// <summary>Whether this text may mean a server of <paramref name="owner"/>.</summary>
    public bool Admits(NodeId owner) =>
        Fingerprint is null || string.Equals(Fingerprint, Compact(NodeIdentity.FingerprintOf(owner)), StringComparison.Ordinal);

    /// <summary>The form fingerprints are compared in.</summary>
    internal static string Compact(string fingerprint) =>
        DirectoryText.Lower(fingerprint.Trim(' ')).Replace("-", "", StringComparison.Ordinal);

    private static bool IsFingerprintLetter(char character) => character is (>= 'a' and <= 'z') or (>= '2' and <= '7');
}
