using Violence.Kademlia.Federation;
using Violence.Kademlia.Node.Watching;

namespace Violence.Kademlia.Node.Browser;

/// <summary>What keys and events do to the browser: pure.</summary>
internal static class BrowserKeys
{
    public const string Help = "q quit  tab genre  / filter  f free  w open  x stale  s sort  r reverse  enter details";

    private const int Page = 10;

    /// <summary>A change of what is watched. What comes late from another genre is not for this state.</summary>
    public static BrowserState Apply(BrowserState state, WatchEvent happened) => Anchored(state with { Servers = state.Servers.Apply(happened) });

    public static BrowserState Apply(BrowserState state, ConsoleKeyInfo key) => state.IsTyping ? Typed(state, key) : Pressed(state, key);

    private static BrowserState Typed(BrowserState state, ConsoleKeyInfo key) => key.Key switch
    {
        ConsoleKey.Enter => state with { IsTyping = false },
        ConsoleKey.Escape => Anchored(state with { IsTyping = false, Filter = "" }),
        ConsoleKey.Backspace => Anchored(state with { Filter = state.Filter.Length == 0 ? "" : state.Filter[..^1] }),
        _ when key.KeyChar is >= ' ' and <= '~' && state.Filter.Length < BrowserState.LongestFilter =>
            Anchored(state with { Filter = state.Filter + key.KeyChar }),
        _ => state,
    };

    private static BrowserState Pressed(BrowserState state, ConsoleKeyInfo key) => key.Key switch
    {
        ConsoleKey.UpArrow => Moved(state, -1),
        ConsoleKey.DownArrow => Moved(state, 1),
        ConsoleKey.PageUp => Moved(state, -Page),
        ConsoleKey.PageDown => Moved(state, Page),
        ConsoleKey.Home => Moved(state, -ServerList.MaxServers),
        ConsoleKey.End => Moved(state, ServerList.MaxServers),
        ConsoleKey.LeftArrow => Shown(state, state.Tab - 1),
        ConsoleKey.RightArrow => Shown(state, state.Tab + 1),
        ConsoleKey.Tab => Shown(state, state.Tab + (key.Modifiers.HasFlag(ConsoleModifiers.Shift) ? -1 : 1)),
        ConsoleKey.Enter => state with { ShowsDetails = !state.ShowsDetails },
        ConsoleKey.Escape => state.ShowsDetails ? state with { ShowsDetails = false } : state with { Filter = "" },
        _ => Lettered(state, key.KeyChar),
    };

    private static BrowserState Lettered(BrowserState state, char letter) => char.ToLowerInvariant(letter) switch
    {
        'q' => state with { IsOver = true },
        '/' => state with { IsTyping = true },
        'f' => Anchored(state with { OnlyFree = !state.OnlyFree }),
        'w' => Anchored(state with { OnlyOpen = !state.OnlyOpen }),
        'x' => Anchored(state with { HidesStale = !state.HidesStale }),
        's' => Anchored(state with { SortBy = Next(state.SortBy, letter == 'S' ? -1 : 1), IsReversed = false }),
        'r' => Anchored(state with { IsReversed = !state.IsReversed }),
        'k' => Moved(state, -1),
        'j' => Moved(state, 1),
        >= '1' and <= '9' => letter - '1' < state.Genres.Length ? Shown(state, letter - '1') : state,
        _ => state,
    };

    private static BrowserColumn Next(BrowserColumn column, int step)
    {
        int columns = Enum.GetValues<BrowserColumn>().Length;
        return (BrowserColumn)(((int)column + step + columns) % columns);
    }

    private static BrowserState Moved(BrowserState state, int rows)
    {
        IReadOnlyList<ServerListing> all = state.Rows();
        if (all.Count == 0)
        {
            return state;
        }

        int row = Math.Clamp(state.SelectedIn(all) + rows, 0, all.Count - 1);
        return state with { Selected = ServerKey.Of(all[row]), SelectedRow = row };
    }

    /// <summary>Keeps in mind where the selected server stands by now; one that is not in the list any more gives way to its neighbour.</summary>
    private static BrowserState Anchored(BrowserState state)
    {
        IReadOnlyList<ServerListing> all = state.Rows();
        int row = state.SelectedIn(all);
        return state with { Selected = all.Count == 0 ? state.Selected : ServerKey.Of(all[row]), SelectedRow = row };
    }

    private static BrowserState Shown(BrowserState state, int tab)
    {
        int shown = (tab + state.Genres.Length) % state.Genres.Length;
        return shown == state.Tab
            ? state
            : state with { Tab = shown, Servers = ServerList.Empty, Selected = null, SelectedRow = 0, ShowsDetails = false, Trouble = null };
    }
}
