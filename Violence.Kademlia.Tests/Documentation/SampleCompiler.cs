using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.Extensions.Logging;

namespace Violence.Kademlia.Tests.Documentation;

/// <summary>
/// Compiles a C# block of a page against the library's public face, as a project with implicit usings would. A block that
/// declares no type stands for the body of an async method.
/// </summary>
internal static class SampleCompiler
{
    private const string ImplicitUsings =
        """
        global using System;
        global using System.Collections.Generic;
        global using System.IO;
        global using System.Linq;
        global using System.Net.Http;
        global using System.Threading;
        global using System.Threading.Tasks;
        """;

    private static readonly MetadataReference[] References = [.. Assemblies().Select(file => MetadataReference.CreateFromFile(file))];

    /// <summary>The errors, each with page, line and message; empty when the block compiles.</summary>
    public static IReadOnlyList<string> Errors(FencedBlock block)
    {
        var options = new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable);
        SyntaxTree[] trees = [CSharpSyntaxTree.ParseText(ImplicitUsings), CSharpSyntaxTree.ParseText(Whole(block))];

        // Another name than that of a friend of the library: samples see what users see.
        return
        [
            .. CSharpCompilation.Create("Sample", trees, References, options).GetDiagnostics()
                .Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error)
                .Select(Tell),
        ];
    }

    private static string Whole(FencedBlock block)
    {
        CompilationUnitSyntax root = CSharpSyntaxTree.ParseText(block.Text).GetCompilationUnitRoot();
        if (root.Members.Any(member => member is BaseTypeDeclarationSyntax or BaseNamespaceDeclarationSyntax))
        {
            return $"#line {block.FirstLine} \"{block.Page}\"\n{block.Text}\n";
        }

        // Usings go in front of the class; what they leave behind is blank, so that the lines stay where they are.
        string body = block.Text;
        foreach (UsingDirectiveSyntax directive in root.Usings.Reverse())
        {
            body = body.Remove(directive.Span.Start, directive.Span.Length);
        }

        string usings = string.Concat(root.Usings.Select(directive => directive + "\n"));
        return $$"""
            {{usings}}
            internal static class Sample
            {
                public static async Task RunAsync(CancellationToken cancellationToken)
                {
            #line {{block.FirstLine}} "{{block.Page}}"
            {{body}}
                }
            }
            """;
    }

    private static string Tell(Diagnostic diagnostic)
    {
        FileLinePositionSpan place = diagnostic.Location.GetMappedLineSpan();
        return $"{place.Path}({place.StartLinePosition.Line + 1}): {diagnostic.Id} {diagnostic.GetMessage()}";
    }

    private static IEnumerable<string> Assemblies()
    {
        string framework = Path.GetDirectoryName(typeof(object).Assembly.Location)!;
        string trusted = (string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!;
        return trusted.Split(Path.PathSeparator)
            .Where(file => Path.GetDirectoryName(file) == framework)
            .Append(typeof(KademliaNode).Assembly.Location)
            .Append(typeof(ILoggerFactory).Assembly.Location);
    }
}
