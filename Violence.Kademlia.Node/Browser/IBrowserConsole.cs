namespace Violence.Kademlia.Node.Browser;

/// <summary>A screen and a keyboard: the terminal in production, a script in tests.</summary>
internal interface IBrowserConsole
{
    /// <summary>Columns and lines, as they are now: windows change.</summary>
    (int Width, int Height) Size { get; }

    /// <summary>Takes the screen; what was on it comes back with <see cref="Leave"/>.</summary>
    void Enter();

    /// <summary>Gives the screen back, whatever happened.</summary>
    void Leave();

    /// <summary>Replaces what is on the screen.</summary>
    void Show(IReadOnlyList<BrowserLine> lines);

    /// <summary>The next key that is pressed.</summary>
    Task<ConsoleKeyInfo> ReadKeyAsync(CancellationToken stop);
}
