using System.Globalization;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Tests.Wire;

/// <summary>One vector of docs/protocol.md: its lines, each a name, a blank and a value.</summary>
internal sealed class Vector
{
    private const string Fence = "```";

    private readonly List<(string Name, string Value)> _lines = [];

    public string this[string name] => Find(name) ?? throw new KeyNotFoundException($"The vector has no line '{name}'.");

    /// <summary>All vectors of a type, in the order of the page.</summary>
    public static IEnumerable<Vector> OfType(string type) => Load().Where(vector => vector["type"] == type);

    public static NodeId IdOf(string hex) =>
        NodeId.TryParse(hex, out NodeId id) ? id : throw new FormatException($"'{hex}' is not an id.");

    public string? Find(string name) => _lines.Where(line => line.Name == name).Select(line => line.Value).FirstOrDefault();

    public IEnumerable<string> All(string name) => _lines.Where(line => line.Name == name).Select(line => line.Value);

    public byte[] Bytes(string name) => this[name] == "-" ? [] : Convert.FromHexString(this[name]);

    public NodeId Id(string name) => IdOf(this[name]);

    public uint Hex32(string name) => uint.Parse(this[name], NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    public ulong Hex64(string name) => ulong.Parse(this[name], NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    /// <summary>A decimal number; 0 when there is no such line.</summary>
    public ulong Number(string name) => ulong.Parse(Find(name) ?? "0", CultureInfo.InvariantCulture);

    /// <summary>The lines that describe the message, as <see cref="WireMessage.Describe"/> writes them.</summary>
    public string Description() =>
        string.Join('\n', _lines.Where(line => line.Name is not ("type" or "bytes")).Select(line => $"{line.Name} {line.Value}"));

    public override string ToString() => $"{this["type"]} {Find("kind") ?? Find("reason") ?? Find("name")} {Find("bytes")}";

    private static List<Vector> Load()
    {
        List<Vector> vectors = [];
        Vector? open = null;
        foreach (string line in File.ReadLines(Path.Combine(AppContext.BaseDirectory, "docs", "protocol.md")))
        {
            if (line == $"{Fence}vector")
            {
                open = new Vector();
            }
            else if (line == Fence && open is not null)
            {
                vectors.Add(open);
                open = null;
            }
            else
            {
                open?.Add(line);
            }
        }

        return vectors;
    }

    private void Add(string line)
    {
        if (line.StartsWith(' '))
        {
            (string name, string value) = _lines[^1];
            _lines[^1] = (name, value + line.TrimStart());
            return;
        }

        int blank = line.IndexOf(' ', StringComparison.Ordinal);
        _lines.Add((line[..blank], line[(blank + 1)..]));
    }
}
