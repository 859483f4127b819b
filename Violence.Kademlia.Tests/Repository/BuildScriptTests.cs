using System.Management.Automation;
using System.Management.Automation.Runspaces;

namespace Violence.Kademlia.Tests.Repository;

[TestFixture]
public sealed class BuildScriptTests
{
    private static readonly string Script = RepositoryRoot.File("build.ps1");

    [TestCase("Restore", "dotnet restore Violence.sln")]
    [TestCase("Build", "dotnet build Violence.sln -c Release")]
    [TestCase("Format", "dotnet format Violence.sln --verify-no-changes")]
    [TestCase("Test", "dotnet test Violence.sln -c Release")]
    [TestCase("Bench", "dotnet run --project Violence.Kademlia.Benchmarks -c Release --")]
    [TestCase("Demo", "dotnet run --project Violence.Kademlia.Node -c Release -- demo")]
    [TestCase("Pack", "dotnet pack Violence.Kademlia -c Release -o artifacts/packages")]
    public void Dry_run_prints_the_line_of_a_target(string target, string line)
    {
        ScriptRun run = Run(Script, $"-Target {target} -DryRun");

        Assert.Multiple(() =>
        {
            Assert.That(run.Lines, Is.EqualTo(new[] { line }));
            Assert.That(run.ExitCode, Is.Zero);
        });
    }

    [Test]
    public void Ci_restores_builds_formats_tests_and_runs_the_demo_in_this_order()
    {
        ScriptRun run = Run(Script, "Ci -DryRun");

        Assert.That(run.Lines, Is.EqualTo(new[]
        {
            "dotnet restore Violence.sln --locked-mode",
            "dotnet build Violence.sln -c Release --no-restore -warnaserror",
            "dotnet format Violence.sln --verify-no-changes --no-restore",
            "dotnet test Violence.sln -c Release --no-build",
            "dotnet run --project Violence.Kademlia.Node -c Release --no-build -- demo --json",
        }));
    }

    [Test]
    public void Test_is_the_target_when_none_is_given() =>
        Assert.That(Run(Script, "-DryRun").Lines, Is.EqualTo(new[] { "dotnet test Violence.sln -c Release" }));

    [Test]
    public void Targets_run_in_the_order_given_with_the_configuration_and_arguments_given()
    {
        ScriptRun run = Run(Script, "Build,Demo -Configuration Debug -Arguments '--json','--nodes','20' -DryRun");

        Assert.That(run.Lines, Is.EqualTo(new[]
        {
            "dotnet build Violence.sln -c Debug",
            "dotnet run --project Violence.Kademlia.Node -c Debug -- demo --json --nodes 20",
        }));
    }

    [Test]
    public void An_unknown_target_is_an_error() =>
        Assert.That(Run(Script, "Deploy -DryRun").Errors.Select(error => error.Exception), Has.One.InstanceOf<ParameterBindingException>());

    [Test]
    public void A_failing_dotnet_line_stops_the_script_with_its_exit_code()
    {
        // A copy in a folder without a solution: the real dotnet then fails at once with MSB1009.
        string folder = Directory.CreateTempSubdirectory("build-script-").FullName;
        try
        {
            string copy = Path.Combine(folder, "build.ps1");
            File.Copy(Script, copy);

            ScriptRun run = Run(copy, "Restore,Build");

            Assert.Multiple(() =>
            {
                Assert.That(run.ExitCode, Is.EqualTo(1));
                Assert.That(run.Lines, Has.Some.Contains("MSB1009"));
                Assert.That(run.Lines, Has.None.StartsWith("dotnet build"));
            });
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Test]
    public void The_callers_location_is_left_as_it_was()
    {
        using PowerShell shell = Shell();
        string before = Location(shell);
        shell.AddScript($"& '{Script}' Build -DryRun").Invoke();
        shell.Commands.Clear();

        Assert.That(Location(shell), Is.EqualTo(before));
    }

    private static string Location(PowerShell shell)
    {
        string location = shell.AddScript("$ExecutionContext.SessionState.Path.CurrentLocation.Path").Invoke<string>().Single();
        shell.Commands.Clear();
        return location;
    }

    private static ScriptRun Run(string script, string arguments)
    {
        using PowerShell shell = Shell();
        var lines = shell.AddScript($"& '{script}' {arguments}").Invoke().Select(line => line?.ToString()?.TrimEnd() ?? "").ToList();
        int exitCode = Convert.ToInt32(shell.Runspace.SessionStateProxy.GetVariable("LASTEXITCODE"), null);
        return new ScriptRun(lines, [.. shell.Streams.Error], exitCode);
    }

    private static PowerShell Shell()
    {
        var state = InitialSessionState.CreateDefault2();
        if (OperatingSystem.IsWindows())
        {
            state.ExecutionPolicy = Microsoft.PowerShell.ExecutionPolicy.Bypass;
        }

        return PowerShell.Create(state);
    }

    private sealed record ScriptRun(IReadOnlyList<string> Lines, IReadOnlyList<ErrorRecord> Errors, int ExitCode);
}
