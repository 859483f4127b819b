using Violence.Kademlia.Tests.Repository;

namespace Violence.Kademlia.Tests.Architecture;

[TestFixture]
public sealed class SourceSizeTests
{
    // A project may still be to come; a name here that never exists does no harm.
    private static readonly string[] Projects =
    [
        "Violence.Kademlia",
        "Violence.Kademlia.Benchmarks",
        "Violence.Kademlia.Node",
        "Violence.Kademlia.Simulation",
        "Violence.Kademlia.Tests",
    ];

    [Test]
    public void No_file_and_no_method_is_too_long()
    {
        var files = Projects.SelectMany(RepositoryRoot.SourceFiles).ToList();

        Assert.Multiple(() =>
        {
            Assert.That(files, Does.Contain("Violence.Kademlia.Tests/Architecture/SourceSizeTests.cs"));
            Assert.That(files.SelectMany(file => SourceSize.Violations(file, File.ReadAllText(RepositoryRoot.File(file)))), Is.Empty);
        });
    }

    [TestCase(400, true)]
    [TestCase(401, false)]
    public void A_file_may_have_400_lines(int lines, bool allowed) =>
        Assert.That(Allowed(string.Concat(Enumerable.Repeat("// line\n", lines))), Is.EqualTo(allowed));

    [TestCase("[A]\n[B]\nvoid Method()\n{", "}")]
    [TestCase("void Outer() { }\nint Property\n{ get\n{", "} }")]
    [TestCase("C()\n: base()\n{", "}")]
    [TestCase("~C()\n{", "}")]
    [TestCase("public static C operator +(C a, C b)\n{", "}")]
    public void A_method_may_have_70_lines(string head, string tail)
    {
        // The lines before the brace that do not count: attributes, another member, the property's own first line.
        int headLines = head.Split('\n').Count(line => !line.StartsWith('[') && !line.StartsWith("void Outer") && line != "int Property");
        int inside = SourceSize.MostLinesInMethod - headLines - 1;

        Assert.Multiple(() =>
        {
            Assert.That(Allowed(Class(head, inside, tail)), Is.True);
            Assert.That(Allowed(Class(head, inside + 1, tail)), Is.False);
        });
    }

    [Test]
    public void A_local_function_and_top_level_statements_count_as_methods() => Assert.Multiple(() =>
    {
        Assert.That(Allowed(string.Concat(Enumerable.Repeat("Run();\n", 70))), Is.True);
        Assert.That(Allowed(string.Concat(Enumerable.Repeat("Run();\n", 71))), Is.False);
        Assert.That(
            SourceSize.Violations("a.cs", Class("void Outer()\n{\nvoid Inner()\n{", 69, "}\n}")),
            Has.Some.Contains("Inner has 72 lines").And.Some.Contains("Outer has 75 lines"));
    });

    private static bool Allowed(string source) => SourceSize.Violations("a.cs", source).Count == 0;

    private static string Class(string head, int lines, string tail) =>
        $"class C\n{{\n{head}\n{string.Concat(Enumerable.Repeat(";\n", lines))}{tail}\n}}\n";
}
