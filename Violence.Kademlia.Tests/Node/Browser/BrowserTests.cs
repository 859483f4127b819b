using CsCheck;
using Violence.Kademlia.Federation;
using Violence.Kademlia.Node.Browser;
using Violence.Kademlia.Node.Watching;
using Violence.Kademlia.Tests.Node.Watching;

namespace Violence.Kademlia.Tests.Node.Browser;

/// <summary>What keys and events make of the browser's state, and what its screen shows.</summary>
[TestFixture]
internal sealed class BrowserTests
{
    private static readonly BrowserState Duel = new()
    {
        Genres = ["duel", "fps"],
        Servers = WatchSamples.ListOf(
            WatchSamples.Listing("alpha", players: 3) with { Ping = TimeSpan.FromMilliseconds(30) },
            WatchSamples.Listing("bravo", players: 16),
            WatchSamples.Listing("charlie", players: 9) with { Ping = TimeSpan.FromMilliseconds(5), Liveness = ServerLiveness.Stale }),
    };

    [TestCase("", "alpha bravo charlie")]
    [TestCase("s", "bravo charlie alpha")]
    [TestCase("s r", "alpha charlie bravo")]
    [TestCase("s s", "charlie alpha bravo")]
    [TestCase("f", "alpha charlie")]
    [TestCase("x", "alpha bravo")]
    [TestCase("x x", "alpha bravo charlie")]
    [TestCase("/ A V Enter", "bravo")]
    [TestCase("/ z Backspace Enter", "alpha bravo charlie")]
    [TestCase("/ z Escape", "alpha bravo charlie")]
    [TestCase("/ q", "")]
    public void Keys_sort_and_filter(string keys, string expected) =>
        Assert.That(string.Join(' ', Press(Duel, keys).Rows().Select(listing => listing.Server.Name)), Is.EqualTo(expected));

    [Test]
    public void The_selection_stays_with_its_server_when_rows_move()
    {
        BrowserState state = Press(Duel, "DownArrow");

        BrowserState moved = BrowserKeys.Apply(state, WatchSamples.Joined("aaa", owner: 5));

        Assert.That(Selected(moved), Is.EqualTo("bravo"));
        Assert.That(Selected(Press(moved, "s")), Is.EqualTo("bravo"));
    }

    [Test]
    public void When_the_selected_server_leaves_its_neighbour_is_selected()
    {
        BrowserState state = Press(Duel, "End");

        BrowserState left = BrowserKeys.Apply(state, new WatchEvent(WatchKind.Left, WatchSamples.Listing("charlie", sequence: 2)));

        Assert.That(Selected(left), Is.EqualTo("bravo"));
    }

    [Test]
    public void Another_genre_starts_with_nothing_and_the_tabs_go_round()
    {
        BrowserState fps = Press(Duel, "Tab");

        using (Assert.EnterMultipleScope())
        {
            Assert.That((fps.Genre, fps.Servers.Count), Is.EqualTo(("fps", 0)));
            Assert.That(Press(fps, "Tab").Genre, Is.EqualTo("duel"));
            Assert.That(Press(Duel, "LeftArrow").Genre, Is.EqualTo("fps"));
            Assert.That(Press(Duel, "2").Genre, Is.EqualTo("fps"));
            Assert.That(Press(Duel, "3").Genre, Is.EqualTo("duel"));
        }
    }

    [Test]
    public void Q_ends_it_unless_it_is_typed_into_the_filter()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Press(Duel, "q").IsOver, Is.True);
            Assert.That(Press(Duel, "/ q").IsOver, Is.False);
        }
    }

    [Test]
    public void The_screen_has_tabs_headings_rows_and_the_details_of_the_selected_server()
    {
        string[] lines = [.. BrowserView.Lines(Press(Duel, "DownArrow Enter"), 120, 24).Select(line => line.Text)];

        using (Assert.EnterMultipleScope())
        {
            Assert.That(lines, Has.Length.EqualTo(24));
            Assert.That(lines[0], Does.StartWith("[duel]  fps"));
            Assert.That(lines[1], Does.StartWith("3 of 3 servers, by name"));
            Assert.That(lines[2], Does.StartWith("name v").And.Contain("ping"));
            Assert.That(lines[3], Does.StartWith("alpha").And.Contain("3/16").And.Contain("30 ms").And.Contain("live").And.Contain("192.0.2.1:1"));
            Assert.That(lines, Has.One.EqualTo("bravo#aaaa-bbbb-cccc"));
            Assert.That(lines[^1], Is.EqualTo(BrowserKeys.Help));
        }
    }

    [Test]
    public void A_long_list_is_scrolled_so_that_the_selection_is_seen()
    {
        BrowserState state = Duel with { Servers = WatchSamples.ListOf([.. Enumerable.Range(0, 100).Select(i => WatchSamples.Listing($"s{i:000}"))]) };

        foreach (string keys in (string[])["Home", "PageDown PageDown", "End"])
        {
            BrowserState moved = Press(state, keys);
            IEnumerable<BrowserLine> selected = BrowserView.Lines(moved, 100, 20).Where(line => line.Style == BrowserStyle.Selected);
            Assert.That(selected.Single().Text, Does.StartWith(Selected(moved)));
        }
    }

    [Test]
    public void Any_state_fits_any_screen_and_nothing_on_it_is_a_control_character() =>
        Gen.Select(Gen.String[Gen.Char, 0, 40], Gen.String[Gen.Char, 0, 10], Gen.Int[0, 130], Gen.Int[0, 30], Gen.Bool).Sample((name, tag, width, height, details) =>
        {
            ServerListing wild = WatchSamples.Listing("x");
            wild = wild with { Server = wild.Server with { Name = name, Address = name, Region = tag, Mode = tag, Version = tag, Tags = [tag] } };
            BrowserState state = Duel with { Servers = WatchSamples.ListOf(wild), ShowsDetails = details, Filter = tag, Trouble = name };
            IReadOnlyList<BrowserLine> lines = BrowserView.Lines(state, width, height);
            string painted = System.Text.RegularExpressions.Regex.Replace(SystemConsole.Frame(lines), "\e\\[[0-9;?]*[HJKmlh]|\r\n", "", System.Text.RegularExpressions.RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(5));
            return lines.Count <= height && lines.All(line => line.Text.Length <= width) && !painted.Any(char.IsControl);
        });

    [Test]
    public void Any_keys_in_any_order_leave_a_state_that_can_be_shown() =>
        Gen.OneOf(Gen.Enum<ConsoleKey>().Select(key => new ConsoleKeyInfo('\0', key, false, false, false)), Gen.Char.Select(letter => new ConsoleKeyInfo(letter, ConsoleKey.NoName, false, false, false)))
            .Array[0, 40].Sample(keys =>
            {
                BrowserState state = keys.Aggregate(Duel, BrowserKeys.Apply);
                return BrowserView.Lines(state, 80, 24).Count <= 24 && state.Filter.Length <= BrowserState.LongestFilter;
            });

    private static string Selected(BrowserState state)
    {
        IReadOnlyList<ServerListing> rows = state.Rows();
        return rows[state.SelectedIn(rows)].Server.Name;
    }

    internal static BrowserState Press(BrowserState state, string keys) =>
        keys.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(Key).Aggregate(state, BrowserKeys.Apply);

    internal static ConsoleKeyInfo Key(string name) => name.Length == 1
        ? new ConsoleKeyInfo(name[0], ConsoleKey.NoName, shift: false, alt: false, control: false)
        : new ConsoleKeyInfo('\0', Enum.Parse<ConsoleKey>(name), shift: false, alt: false, control: false);
}
