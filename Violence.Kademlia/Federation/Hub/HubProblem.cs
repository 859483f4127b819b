namespace Violence.Kademlia.Federation.Hub;

/// <summary>One thing wrong with a message on the hub's wire.</summary>
/// <param name="Field">The field, as the wire calls it; <c>$</c> for the message as a whole.</param>
/// <param name="Value">What it holds, as it may be shown: escaped and cut.</param>
/// <param name="Rule">What is allowed.</param>
public sealed record HubProblem(string Field, string Value, string Rule)
{
    /// <summary>What is wrong, in one sentence.</summary>
    public override string ToString() => $"{Field} is {Value}: {Rule}";

    /// <summary>The directory's problem under the wire's name of the field.</summary>
    internal static HubProblem Of(DirectoryProblem problem) =>
        new(char.ToLowerInvariant(problem.Field[0]) + problem.Field[1..], problem.Value, problem.Rule);
}
