namespace Violence.Kademlia.Node;

/// <summary>What the program's exit code tells a script.</summary>
internal static class ExitCodes
{
    /// <summary>Done.</summary>
    public const int Done = 0;

    /// <summary>It could not be done; stderr says why.</summary>
    public const int Failed = 1;

    /// <summary>The command line is wrong; stderr says what is allowed.</summary>
    public const int WrongUsage = 2;

    /// <summary>The network answered, and what was asked for is not there.</summary>
    public const int NotFound = 3;
}
