namespace Violence.Kademlia.Tests.Architecture;

/// <summary>A type as metadata names it; a nested type is named by the outermost type around it.</summary>
internal readonly record struct TypeName(string Namespace, string Name)
{
    public override string ToString() => Namespace.Length == 0 ? Name : $"{Namespace}.{Name}";
}

internal readonly record struct TypeUse(TypeName User, TypeName Used);
