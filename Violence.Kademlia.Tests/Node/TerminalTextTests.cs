using CsCheck;
using Violence.Kademlia.Node.Output;

namespace Violence.Kademlia.Tests.Node;

[TestFixture]
public sealed class TerminalTextTests
{
    [TestCase("Violence Arena 1", "Violence Arena 1")]
    [TestCase("\u001b[31mred\u001b[0m", "[31mred[0m")]
    [TestCase("\u001b]0;title\u0007", "]0;title")]
    [TestCase("a\r\nb\tc\0d", "abcd")]
    [TestCase("c1\u009b31mcsi", "c131mcsi")]
    [TestCase("\u202Egnp.exe", "gnp.exe")]
    [TestCase("zero\u200Bwidth", "zerowidth")]
    [TestCase("line\u2028para\u2029", "linepara")]
    [TestCase("Привет 日本 😀", "Привет 日本 😀")]
    [TestCase(null, "")]
    public void Nothing_a_terminal_obeys_comes_through(string? text, string expected) =>
        Assert.That(TerminalText.Clean(text), Is.EqualTo(expected));

    [Test]
    public void Any_text_comes_out_short_and_without_control_characters() =>
        Gen.Char.Array[0, 500].Sample(letters =>
        {
            string clean = TerminalText.Clean(new string(letters));
            return clean.Length <= TerminalText.Longest + 1 && !clean.Any(char.IsControl);
        });

    [Test]
    public void Markup_of_strangers_is_only_text() =>
        Assert.That(TerminalText.Markup("[red]x[/]"), Is.EqualTo("[[red]]x[[/]]"));

    [Test]
    public void The_programs_own_lines_stay_apart() =>
        Assert.That(TerminalText.CleanLines("one\n\u001btwo\r\n"), Is.EqualTo("one\ntwo\n"));

    [Test]
    public void A_redirected_table_is_aligned_plain_text_whatever_is_in_it()
    {
        var table = new TextTable("name", "owner").Add("[red]\u001b[0m", "a").Add("b", "c");

        Assert.That(table.ToLines(), Is.EqualTo(new[] { "name      owner", "[red][0m  a", "b         c" }));
    }

    [Test]
    public void An_interactive_table_shows_markup_of_strangers_as_text()
    {
        using var output = new StringWriter();
        var terminal = new Terminal(output, TextWriter.Null, isInteractive: true);

        new TextTable("name").Add("[red]x[/]\u001b[2J").WriteTo(terminal);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(output.ToString(), Does.Contain("[red]x[/][2J"));
            Assert.That(output.ToString().Contains('\u001b'), Is.False);
        }
    }
}
