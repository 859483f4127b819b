using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Violence.Kademlia.Tests.Architecture;

/// <summary>Measures one source file. Attributes and comments in front of a method are not part of it.</summary>
internal static class SourceSize
{
    public const int MostLinesInFile = 400;
    public const int MostLinesInMethod = 70;

    public static IReadOnlyList<string> Violations(string file, string source)
    {
        SyntaxTree tree = CSharpSyntaxTree.ParseText(source);
        var found = new List<string>();
        int lines = LinesIn(source);
        if (lines > MostLinesInFile)
        {
            found.Add($"{file}: {lines} lines, at most {MostLinesInFile}");
        }

        SyntaxNode root = tree.GetRoot();
        foreach (SyntaxNode node in root.DescendantNodes())
        {
            if (NameOf(node) is { } name)
            {
                Check(name, Start(node), node.Span.End);
            }
        }

        // The statements of a program without Main are one method, too.
        var statements = root.ChildNodes().OfType<GlobalStatementSyntax>().ToList();
        if (statements.Count > 0)
        {
            Check("top-level statements", statements[0].SpanStart, statements[^1].Span.End);
        }

        return found;

        void Check(string name, int start, int end)
        {
            int first = tree.GetText().Lines.GetLineFromPosition(start).LineNumber;
            int length = tree.GetText().Lines.GetLineFromPosition(end).LineNumber - first + 1;
            if (length > MostLinesInMethod)
            {
                found.Add($"{file}({first + 1}): {name} has {length} lines, at most {MostLinesInMethod}");
            }
        }
    }

    private static int LinesIn(string source) =>
        source.Length == 0 ? 0 : source.Count(c => c == '\n') + (source.EndsWith('\n') ? 0 : 1);

    private static string? NameOf(SyntaxNode node) => node switch
    {
        MethodDeclarationSyntax method => method.Identifier.Text,
        LocalFunctionStatementSyntax local => local.Identifier.Text,
        ConstructorDeclarationSyntax constructor => constructor.Identifier.Text + " (constructor)",
        DestructorDeclarationSyntax destructor => "~" + destructor.Identifier.Text,
        OperatorDeclarationSyntax op => "operator " + op.OperatorToken.Text,
        ConversionOperatorDeclarationSyntax conversion => "operator " + conversion.Type,
        AccessorDeclarationSyntax accessor => accessor.Keyword.Text + " accessor",
        PropertyDeclarationSyntax { ExpressionBody: not null } property => property.Identifier.Text,
        _ => null,
    };

    private static int Start(SyntaxNode node)
    {
        SyntaxToken first = node.GetFirstToken();
        SyntaxNode? attributes = node.ChildNodes().LastOrDefault(child => child is AttributeListSyntax);
        return attributes is null ? first.SpanStart : attributes.GetLastToken().GetNextToken().SpanStart;
    }
}
