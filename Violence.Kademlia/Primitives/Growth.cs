namespace Violence.Kademlia.Primitives;

/// <summary>How arrays grow that stay as long as their node: each step leaves the one before to the garbage collector.</summary>
internal static class Growth
{
    private const int First = 32;

    /// <summary>Most nodes get here within their first seconds: few steps leave little behind.</summary>
    private const int Usual = 128;

    /// <summary>The next length of an array that is full: doubled at first, and by a quarter from where more is rarely needed.</summary>
    public static int Next(int length) => length < Usual ? Math.Max(First, length * 2) : length + length / 4;
}
