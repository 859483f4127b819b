using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Violence.Kademlia.Federation.Players;

/// <summary>The rule for players' ids, and for the list of who is on a server.</summary>
internal static class PlayerId
{
    public const int MaxLength = 64;

    public const string Rule = "must be 1 to 64 printable ASCII characters";

    // A list far too wrong must not make a message far too long.
    private const int MaxNamed = 5;

    public static bool IsValid([NotNullWhen(true)] string? id) =>
        id is { Length: >= 1 and <= MaxLength } && DirectoryText.IsPrintable(id);

    /// <exception cref="ArgumentException">It can't be an id.</exception>
    public static string Require(string id, string parameter)
    {
        ArgumentNullException.ThrowIfNull(id, parameter);
        return IsValid(id) ? id : throw new ArgumentException($"{new DirectoryProblem("The player's id", DirectoryText.Quote(id), Rule)}.", parameter);
    }

    /// <summary>The ids, each once, in order.</summary>
    /// <exception cref="ArgumentException">There are too many, or some can't be ids; the message names the first few that are wrong.</exception>
    public static SortedSet<string> Require(IReadOnlyCollection<string> ids, int most, string parameter)
    {
        ArgumentNullException.ThrowIfNull(ids, parameter);
        SortedSet<string> distinct = new(StringComparer.Ordinal);
        List<DirectoryProblem> problems = [];
        int i = 0;
        foreach (string id in ids)
        {
            if (IsValid(id))
            {
                distinct.Add(id);
            }
            else if (problems.Count < MaxNamed)
            {
                problems.Add(new DirectoryProblem($"PlayerIds[{i.ToString(CultureInfo.InvariantCulture)}]", DirectoryText.Quote(id), Rule));
            }

            i++;
        }

        if (distinct.Count > most)
        {
            string count = distinct.Count.ToString(CultureInfo.InvariantCulture);
            problems.Add(new DirectoryProblem("PlayerIds", $"a list of {count}", $"must be at most {most.ToString(CultureInfo.InvariantCulture)}"));
        }

        return problems.Count == 0 ? distinct : throw DirectoryProblem.ToException("list of players", problems, parameter);
    }
}
