using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Violence.Kademlia.Tests.Architecture;

/// <summary>The checkers behind <see cref="LayerTests"/> find what they are there to find: each sample breaks one rule.</summary>
[TestFixture]
public sealed class LayerCheckerTests
{
    private static readonly MetadataReference[] References = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!)
        .Split(Path.PathSeparator)
        .Where(path => Path.GetFileName(path) is "System.Private.CoreLib.dll" or "System.Runtime.dll"
            or "System.Net.Primitives.dll" or "System.Net.Sockets.dll" or "System.Security.Cryptography.dll")
        .Select(path => MetadataReference.CreateFromFile(path))
        .ToArray();

    private const string Kit = """
        namespace Violence.Kademlia { public class Facade { public const int Limit = 3; public static int Count; } }
        namespace Violence.Kademlia.Primitives { public struct Id; public class Box<T>; public class Boom : System.Exception; }
        namespace Violence.Kademlia.Wire { public class Codec { public class Inner; public static Codec Make() => new(); } }
        namespace Violence.Kademlia.Storage { public class Store; }
        namespace Violence.Kademlia.Engine { public class Core; public class MarkAttribute : System.Attribute; }
        namespace Violence.Kademlia.Engine.Operations { public class Find; }
        namespace Violence.Kademlia.Transport { public interface IWire; }
        """;

    [TestCase("Engine", "Primitives")]
    [TestCase("Engine", "Engine")]
    [TestCase("Runtime", "Transport")]
    [TestCase(Layers.RootFolder, "Runtime")]
    [TestCase("Federation", Layers.RootFolder)]
    public void A_folder_may_use_itself_and_lower_levels(string from, string to) =>
        Assert.That(Layers.Objection(from, to), Is.Null);

    [TestCase("Primitives", "Engine")]
    [TestCase("Wire", "Storage")]
    [TestCase("Transport", "Persistence")]
    [TestCase("Runtime", Layers.RootFolder)]
    [TestCase("Engine", "Surprise")]
    [TestCase("Surprise", "Engine")]
    public void A_folder_may_not_use_its_own_level_a_higher_one_or_an_unknown_one(string from, string to) =>
        Assert.That(Layers.Objection(from, to), Is.Not.Null);

    [TestCase("class Bad : Engine.Core;")]
    [TestCase("class Bad : Transport.IWire;")]
    [TestCase("class Bad { Storage.Store? s; }")]
    [TestCase("class Bad { void M(Primitives.Box<Storage.Store[]> s) { } }")]
    [TestCase("class Bad { Engine.Operations.Find M() => null!; }")]
    [TestCase("class Bad { object P => new Storage.Store(); }")]
    [TestCase("class Bad { System.Func<object> M() { int n = 1; return () => typeof(Storage.Store).Name + n; } }")]
    [TestCase("class Bad { int M() => Facade.Count; }")]
    [TestCase("class Bad { bool M(object o) => o is Storage.Store; }")]
    [TestCase("class Bad { System.Collections.Generic.IEnumerable<object> M() { yield return new Storage.Store(); } }")]
    [TestCase("class Bad<T> where T : Engine.Core;")]
    [TestCase("class Bad { void M<T>() where T : Engine.Core { } }")]
    [TestCase("[Engine.Mark] class Bad;")]
    [TestCase("class Bad { [Engine.Mark] void M() { } }")]
    public void Compiled_code_that_breaks_the_levels_is_found(string sample) =>
        Assert.That(LayerTests.LayerViolations(Uses("Routing", sample)), Has.Some.StartsWith("Violence.Kademlia.Routing.Bad"));

    [TestCase("Routing", "class Good { Primitives.Box<Primitives.Id>? b; void M() { try { } catch (Primitives.Boom) { } } }")]
    [TestCase("Engine", "class Good { Operations.Find? f; object M() => Wire.Codec.Make(); Wire.Codec.Inner? i; }")]
    public void Compiled_code_that_keeps_the_levels_passes(string folder, string sample) =>
        Assert.That(LayerTests.LayerViolations(Uses(folder, sample)), Is.Empty);

    [TestCase("Wire", "System.Threading.Tasks.Task? M() => null;")]
    [TestCase("Engine", "async void M() => await System.Threading.Tasks.Task.Yield();")]
    [TestCase("Engine", "async System.Threading.Tasks.ValueTask M() { }")]
    [TestCase("Engine", "void M() { lock (this) { } }")]
    [TestCase("Primitives", "System.Threading.Lock l = new();")]
    [TestCase("Storage", "long M() => System.Diagnostics.Stopwatch.GetTimestamp();")]
    [TestCase("Requests", "object M() => System.TimeProvider.System;")]
    [TestCase("Engine", "System.Net.Sockets.Socket? s;")]
    [TestCase("Identity", "bool M() => System.IO.File.Exists(\"x\");")]
    [TestCase("Lookups", "int M() => System.Random.Shared.Next();")]
    [TestCase("Requests", "void M(byte[] b) => System.Security.Cryptography.RandomNumberGenerator.Fill(b);")]
    public void Impure_code_is_found(string folder, string member) =>
        Assert.That(LayerTests.PurityViolations(Uses(folder, $"class Bad {{ {member} }}")), Is.Not.Empty);

    [TestCase("Primitives", "void M(byte[] b) => System.Security.Cryptography.RandomNumberGenerator.Fill(b);")]
    [TestCase("Wire", "bool M(System.Net.IPAddress a) => a.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork;")]
    [TestCase("Wire", "void M() { try { } catch (System.IO.EndOfStreamException) { } }")]
    [TestCase("Engine", "int n; int M() => System.Threading.Volatile.Read(ref n);")]
    [TestCase("Runtime", "async System.Threading.Tasks.Task M() { lock (this) { } }")]
    public void Pure_code_and_code_above_the_engine_pass(string folder, string member) =>
        Assert.That(LayerTests.PurityViolations(Uses(folder, $"class Good {{ {member} }}")), Is.Empty);

    [TestCase("using Violence.Kademlia.Storage;")]
    [TestCase("using Violence.Kademlia;")]
    [TestCase("using static Violence.Kademlia.Facade;")]
    [TestCase("using Alias = Violence.Kademlia.Engine.Core;")]
    [TestCase("using Violence.Kademlia.Surprise;")]
    [TestCase("global using Violence.Kademlia.Engine.Operations;")]
    [TestCase("class C { int n = Violence.Kademlia.Facade.Limit; }")]
    [TestCase("class C { int n = global::Violence.Kademlia.Storage.Limits.Most; }")]
    [TestCase("class C { object o = Violence.Kademlia.Wire.Codec.Make(Violence.Kademlia.Storage.Limits.Most).Size; }")]
    [TestCase("class C { Violence.Kademlia.Primitives.Box<Violence.Kademlia.Storage.Store>? b; }")]
    [TestCase("namespace Violence.Kademlia.Wire { class C { Storage.Store? s; } }")]
    [TestCase("namespace Violence.Kademlia.Storage;")]
    public void Source_that_breaks_the_levels_is_found(string source) =>
        Assert.That(SourceUses.Violations("Wire/C.cs", source), Has.Count.EqualTo(1));

    [TestCase("Wire/C.cs", "using System;\nusing Violence.Kademlia.Primitives;\nnamespace Violence.Kademlia.Wire;\n/// <see cref=\"Engine.Core\"/>\nclass C;")]
    [TestCase("Engine/Operations/C.cs", "using Violence.Kademlia.Engine;\nusing Violence.Kademlia.Wire;\nnamespace Violence.Kademlia.Engine.Operations;")]
    [TestCase("C.cs", "using Violence.Kademlia.Runtime;\nnamespace Violence.Kademlia;\nclass C { int n = this.Storage.Count; }")]
    public void Source_that_keeps_the_levels_passes(string file, string source) =>
        Assert.That(SourceUses.Violations(file, source), Is.Empty);

    private static IReadOnlyList<TypeUse> Uses(string folder, string sample)
    {
        string source = $"namespace Violence.Kademlia.{folder} {{ {sample} }}";
        var compilation = CSharpCompilation.Create(
            "Sample",
            [CSharpSyntaxTree.ParseText(Kit), CSharpSyntaxTree.ParseText(source)],
            References,
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable));

        using var image = new MemoryStream();
        var result = compilation.Emit(image);
        Assert.That(result.Diagnostics.Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error), Is.Empty);
        image.Position = 0;
        return AssemblyUses.Of(image);
    }
}
