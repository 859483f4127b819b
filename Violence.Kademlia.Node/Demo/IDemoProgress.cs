namespace Violence.Kademlia.Node.Demo;

/// <summary>Shows how far the demo is: on a live terminal, line by line, or not at all.</summary>
internal interface IDemoProgress
{
    /// <summary>Shows whatever happens while <paramref name="demo"/> runs.</summary>
    Task<DemoOutcome> ShowAsync(Func<Task<DemoOutcome>> demo);

    /// <summary>An act begins.</summary>
    void Begin(string title, int pieces);

    /// <summary>One piece of the act is done.</summary>
    void Advance();

    /// <summary>The act is over.</summary>
    void End(StepLog step);
}

/// <summary>How the demo ended.</summary>
/// <param name="Report">The figures.</param>
/// <param name="Steps">The acts that were played.</param>
internal sealed record DemoOutcome(DemoReport Report, IReadOnlyList<StepLog> Steps);
