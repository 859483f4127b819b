using Spectre.Console;

namespace Violence.Kademlia.Node.Output;

/// <summary>A table: with borders and colour for people, as aligned columns for files and other programs.</summary>
internal sealed class TextTable(params string[] headings)
{
    private const string Gap = "  ";

    private readonly List<string[]> _rows = [];

    /// <summary>Adds a row; the cells may hold text of strangers.</summary>
    public TextTable Add(params string[] cells)
    {
        _rows.Add([.. cells.Select(TerminalText.Clean)]);
        return this;
    }

    public void WriteTo(Terminal terminal)
    {
        if (terminal.IsInteractive)
        {
            terminal.Console.Write(ToSpectre());
            return;
        }

        foreach (string line in ToLines())
        {
            terminal.WriteLine(line);
        }
    }

    /// <summary>The plain form: a line of headings, then one line per row.</summary>
    public IEnumerable<string> ToLines()
    {
        string[][] all = [headings, .. _rows];
        int[] widths = [.. headings.Select((_, column) => all.Max(row => row[column].Length))];
        return all.Select(row => string.Join(Gap, row.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd());
    }

    /// <summary>The form for people, also inside a live display.</summary>
    public Table ToSpectre()
    {
        var table = new Table().Border(TableBorder.Rounded);
        foreach (string heading in headings)
        {
            table.AddColumn(new TableColumn(new Text(heading)));
        }

        foreach (string[] row in _rows)
        {
            // Text, not markup: a name like [red] stays a name.
            table.AddRow(row.Select(cell => new Text(cell)));
        }

        return table;
    }
}
