namespace Violence.Kademlia.Node.Demo;

/// <summary>One act of the demo. It finds the world as the acts before left it, and counts what it does.</summary>
internal interface IDemoAct
{
    string Title { get; }

    Task PlayAsync(DemoWorld world, StepLog log, CancellationToken stop);
}
