using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Violence.Kademlia.Tests.Architecture;

/// <summary>What one file of the library says about other namespaces: usings and qualified names. Comments do not count.</summary>
internal static class SourceUses
{
    /// <param name="file">Path relative to the library's folder, with '/' between the parts.</param>
    public static IReadOnlyList<string> Violations(string file, string source)
    {
        string folder = file.Contains('/') ? file.Split('/')[0] : Layers.RootFolder;
        SyntaxNode root = CSharpSyntaxTree.ParseText(source).GetRoot();
        var found = new SortedSet<string>(StringComparer.Ordinal);

        foreach (BaseNamespaceDeclarationSyntax declaration in root.DescendantNodes().OfType<BaseNamespaceDeclarationSyntax>())
        {
            string? declared = Layers.FolderOf(declaration.Name.ToString());
            if (declared is not null && declared != folder)
            {
                found.Add($"{file}: namespace {declaration.Name} does not belong into this folder");
            }
        }

        foreach (SyntaxNode node in root.DescendantNodes())
        {
            if (FolderUsed(node) is { } used && Layers.Objection(folder, used) is { } objection)
            {
                found.Add($"{file}: {objection}: {node}");
            }
        }

        return [.. found];
    }

    // Of a dotted chain only the longest part counts, so that one name is told once.
    private static string? FolderUsed(SyntaxNode node) => node switch
    {
        { Parent: BaseNamespaceDeclarationSyntax declaration } when node == declaration.Name => null,
        { Parent: QualifiedNameSyntax } and QualifiedNameSyntax => null,
        { Parent: MemberAccessExpressionSyntax } and MemberAccessExpressionSyntax => null,
        QualifiedNameSyntax => FolderIn(node.ToString(), relative: node.Parent is not UsingDirectiveSyntax),
        // A property may bear a folder's name, so here only the full form tells; the compiled code shows the rest.
        MemberAccessExpressionSyntax => FolderIn(node.ToString(), relative: false),
        _ => null,
    };

    private static string? FolderIn(string text, bool relative)
    {
        string name = string.Concat(text.Where(c => !char.IsWhiteSpace(c))).Replace("global::", "", StringComparison.Ordinal);
        string first = name.Split('.')[0];
        if (relative && first.Length > 0 && Layers.LevelOf(first) >= 0)
        {
            return first;
        }

        string? folder = Layers.FolderOf(name);
        // What follows the root and is no folder is a type of the root namespace.
        return folder is null || Layers.LevelOf(folder) >= 0 ? folder : Layers.RootFolder;
    }
}
