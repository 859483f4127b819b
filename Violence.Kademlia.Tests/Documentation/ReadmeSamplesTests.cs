using System.CommandLine;
using System.Xml.Linq;
using Violence.Kademlia.Node.CommandLine;
using Violence.Kademlia.Node.Output;
using Violence.Kademlia.Tests.Repository;

namespace Violence.Kademlia.Tests.Documentation;

/// <summary>What the pages show compiles, what they link to exists, and what they tell people to type is understood.</summary>
[TestFixture]
internal sealed class ReadmeSamplesTests
{
    private static readonly IReadOnlyList<MarkdownPage> Pages = MarkdownPage.All();

    private static readonly RootCommand Program = CommandTree.Build(new Terminal(TextWriter.Null, TextWriter.Null, isInteractive: false));

    private static IEnumerable<TestCaseData> Samples() =>
        from page in Pages
        from block in page.Blocks
        where block.Language == "csharp"
        select new TestCaseData(block).SetArgDisplayNames($"{block.Page} line {block.FirstLine}");

    [Test]
    public void The_readme_shows_how_a_server_and_a_client_use_the_library() =>
        Assert.That(Samples().Count(sample => ((FencedBlock)sample.Arguments[0]!).Page == "README.md"), Is.GreaterThanOrEqualTo(2));

    [TestCaseSource(nameof(Samples))]
    public void A_sample_compiles(FencedBlock block) => Assert.That(SampleCompiler.Errors(block), Is.Empty);

    [TestCase("int x = 1;\nawait Task.Delay(x, cancellationToken);\nNobody.Knows();", "page.md(9): CS0103")]
    [TestCase("using System.Net;\n\nIPAddress.Nowhere();", "page.md(9): CS0117")]
    [TestCase("class A { int B => C; }", "page.md(7): CS0103")]
    [TestCase("\nvar loop = new Violence.Kademlia.Engine.Outbox();", "page.md(8): CS0122")]
    public void A_sample_that_does_not_compile_is_told_with_its_page_and_line(string text, string error) =>
        Assert.That(SampleCompiler.Errors(new FencedBlock("page.md", "csharp", 7, text)), Has.One.StartsWith(error));

    [Test]
    public void Every_relative_link_points_to_a_file_and_every_anchor_to_a_heading()
    {
        List<PageItem> links = [.. Pages.SelectMany(page => page.Links)];

        using (Assert.EnterMultipleScope())
        {
            Assert.That(links.Select(link => link.Text), Does.Contain("docs/protocol.md").And.Contain("docs/server-directory.md"));
            Assert.That(links.Where(IsBroken), Is.Empty);
        }
    }

    [TestCase("[a](docs/nothing.md)", "docs/nothing.md")]
    [TestCase("text\n\n[a](docs/protocol.md#no-such-heading)", "docs/protocol.md#no-such-heading")]
    [TestCase("[a](#nowhere)", "#nowhere")]
    public void A_link_to_nothing_is_noticed(string text, string link) =>
        Assert.That(MarkdownPage.Of("README.md", text).Links.Where(IsBroken).Select(item => item.Text), Is.EqualTo(new[] { link }));

    [Test]
    public void Every_call_of_the_program_is_understood()
    {
        List<PageItem> calls = [.. Pages.SelectMany(ShellLines.Calls)];

        using (Assert.EnterMultipleScope())
        {
            Assert.That(
                calls.Where(call => call.Page == "README.md").Select(call => ShellLines.Words(call.Text)[0]).Distinct(),
                Is.SupersetOf(Program.Subcommands.Select(command => command.Name)));
            Assert.That(calls.SelectMany(Complaints), Is.Empty);
        }
    }

    [Test]
    public void Every_command_and_option_that_is_named_exists()
    {
        HashSet<string> options = [.. Program.Subcommands.Prepend(Program).SelectMany(command => command.Options).Select(option => option.Name)];

        using (Assert.EnterMultipleScope())
        {
            Assert.That(Pages.SelectMany(ShellLines.Mentions).Where(mention => !IsKnown(mention)), Is.Empty);
            Assert.That(Pages.SelectMany(ShellLines.Options).Where(option => !options.Contains(ShellLines.Words(option.Text)[0])), Is.Empty);
        }
    }

    [TestCase("```sh\nviolence-kad run --no-such-option\n```", "--no-such-option")]
    [TestCase("```sh\nviolence-kad \\\n  bogus\n```", "bogus")]
    [TestCase("```sh\ndotnet run --project Violence.Kademlia.Node -- demo --nodes 3\n```", "--nodes")]
    [TestCase("```ini\nExecStart=/usr/bin/dotnet /opt/violence-kad.dll run --listen here\n```", "--listen")]
    public void A_call_that_the_program_refuses_is_noticed(string text, string complaint) =>
        Assert.That(ShellLines.Calls(MarkdownPage.Of("page.md", text)).SelectMany(Complaints), Has.Some.Contains(complaint));

    [Test]
    public void Words_are_cut_as_a_shell_cuts_them() =>
        Assert.That(ShellLines.Words("announce  --name \"Dust Bowl\" --tag \"\" & # more"), Is.EqualTo(new[] { "announce", "--name", "Dust Bowl", "--tag", "" }));

    [Test]
    public void Every_package_is_described_in_its_version()
    {
        string page = File.ReadAllText(RepositoryRoot.File("docs", "dependencies.md"));
        var packages = XDocument.Load(RepositoryRoot.File("Directory.Packages.props")).Descendants("PackageVersion")
            .Select(package => $"| {package.Attribute("Include")!.Value} | {package.Attribute("Version")!.Value} |").ToList();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(packages, Is.Not.Empty);
            Assert.That(packages.Where(package => !page.Contains(package, StringComparison.Ordinal)), Is.Empty);
        }
    }

    private static bool IsBroken(PageItem link)
    {
        if (link.Text.Contains("://", StringComparison.Ordinal))
        {
            return false;
        }

        string[] parts = link.Text.Split('#', 2);
        string folder = Path.GetDirectoryName(link.Page) ?? "";
        string target = parts[0].Length == 0 ? link.Page : Path.Combine(folder, parts[0]);
        string file = Path.GetFullPath(RepositoryRoot.File(target));
        if (!File.Exists(file) && !Directory.Exists(file))
        {
            return true;
        }

        return parts.Length > 1 && !MarkdownPage.Of(target, File.ReadAllText(file)).Anchors.Contains(parts[1]);
    }

    private static IEnumerable<string> Complaints(PageItem call) =>
        Program.Parse(ShellLines.Words(call.Text), new ParserConfiguration { ResponseFileTokenReplacer = null })
            .Errors.Select(error => $"{call}: {error.Message}");

    /// <summary>Whether the command of a mention exists, and has the options it names.</summary>
    private static bool IsKnown(PageItem mention)
    {
        IReadOnlyList<string> words = ShellLines.Words(mention.Text);
        Command? command = words[0].StartsWith('-') ? Program : Program.Subcommands.FirstOrDefault(candidate => candidate.Name == words[0]);
        return command is not null
            && words.Where(word => word.StartsWith("--", StringComparison.Ordinal)).All(word => command.Options.Any(option => option.Name == word));
    }
}
