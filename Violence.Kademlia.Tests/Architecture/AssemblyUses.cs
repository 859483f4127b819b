using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace Violence.Kademlia.Tests.Architecture;

/// <summary>
/// Every type that the types of an assembly mention: bases, interfaces, constraints, attributes, fields, signatures,
/// locals, caught exceptions and all instructions. Inlined constants leave no trace here: <see cref="SourceUses"/> sees those.
/// </summary>
internal sealed class AssemblyUses
{
    private readonly PEReader _image;
    private readonly MetadataReader _reader;
    private TypeNameCollector _names = new();

    private AssemblyUses(PEReader image)
    {
        _image = image;
        _reader = image.GetMetadataReader();
    }

    public static IReadOnlyList<TypeUse> Of(Stream assembly)
    {
        using var image = new PEReader(assembly);
        return new AssemblyUses(image).Collect();
    }

    private List<TypeUse> Collect()
    {
        var uses = new HashSet<TypeUse>();
        foreach (TypeDefinitionHandle handle in _reader.TypeDefinitions)
        {
            _names = new TypeNameCollector();
            AddType(_reader.GetTypeDefinition(handle));
            TypeName user = TypeNameCollector.NameOf(_reader, handle);
            uses.UnionWith(_names.Names.Select(used => new TypeUse(user, used)));
        }

        return [.. uses.OrderBy(use => use.User.ToString(), StringComparer.Ordinal).ThenBy(use => use.Used.ToString(), StringComparer.Ordinal)];
    }

    private void AddType(TypeDefinition type)
    {
        Add(type.BaseType);
        AddAttributes(type.GetCustomAttributes());
        AddConstraints(type.GetGenericParameters());
        foreach (InterfaceImplementationHandle handle in type.GetInterfaceImplementations())
        {
            Add(_reader.GetInterfaceImplementation(handle).Interface);
        }

        foreach (FieldDefinitionHandle handle in type.GetFields())
        {
            FieldDefinition field = _reader.GetFieldDefinition(handle);
            AddAttributes(field.GetCustomAttributes());
            field.DecodeSignature(_names, 0);
        }

        foreach (MethodDefinitionHandle handle in type.GetMethods())
        {
            AddMethod(_reader.GetMethodDefinition(handle));
        }
    }

    private void AddMethod(MethodDefinition method)
    {
        AddAttributes(method.GetCustomAttributes());
        AddConstraints(method.GetGenericParameters());
        method.DecodeSignature(_names, 0);
        if (method.RelativeVirtualAddress == 0)
        {
            return;
        }

        MethodBodyBlock body = _image.GetMethodBody(method.RelativeVirtualAddress);
        if (!body.LocalSignature.IsNil)
        {
            _reader.GetStandaloneSignature(body.LocalSignature).DecodeLocalSignature(_names, 0);
        }

        foreach (ExceptionRegion region in body.ExceptionRegions)
        {
            Add(region.CatchType);
        }

        foreach (EntityHandle token in IlTokens.In(body))
        {
            Add(token);
        }
    }

    private void AddAttributes(CustomAttributeHandleCollection attributes)
    {
        foreach (CustomAttributeHandle handle in attributes)
        {
            Add(_reader.GetCustomAttribute(handle).Constructor);
        }
    }

    private void AddConstraints(GenericParameterHandleCollection parameters)
    {
        foreach (GenericParameterHandle parameter in parameters)
        {
            foreach (GenericParameterConstraintHandle constraint in _reader.GetGenericParameter(parameter).GetConstraints())
            {
                Add(_reader.GetGenericParameterConstraint(constraint).Type);
            }
        }
    }

    private void Add(EntityHandle handle)
    {
        switch (handle.Kind)
        {
            case var _ when handle.IsNil:
                break;
            case HandleKind.TypeDefinition:
                _names.GetTypeFromDefinition(_reader, (TypeDefinitionHandle)handle, 0);
                break;
            case HandleKind.TypeReference:
                _names.GetTypeFromReference(_reader, (TypeReferenceHandle)handle, 0);
                break;
            case HandleKind.TypeSpecification:
                _names.GetTypeFromSpecification(_reader, 0, (TypeSpecificationHandle)handle, 0);
                break;
            case HandleKind.MethodDefinition:
                MethodDefinition method = _reader.GetMethodDefinition((MethodDefinitionHandle)handle);
                Add(method.GetDeclaringType());
                method.DecodeSignature(_names, 0);
                break;
            case HandleKind.FieldDefinition:
                FieldDefinition field = _reader.GetFieldDefinition((FieldDefinitionHandle)handle);
                Add(field.GetDeclaringType());
                field.DecodeSignature(_names, 0);
                break;
            case HandleKind.MethodSpecification:
                MethodSpecification specification = _reader.GetMethodSpecification((MethodSpecificationHandle)handle);
                Add(specification.Method);
                specification.DecodeSignature(_names, 0);
                break;
            case HandleKind.MemberReference:
                AddMember(_reader.GetMemberReference((MemberReferenceHandle)handle));
                break;
            case HandleKind.StandaloneSignature:
                _reader.GetStandaloneSignature((StandaloneSignatureHandle)handle).DecodeMethodSignature(_names, 0);
                break;
            default:
                throw new BadImageFormatException($"Unexpected {handle.Kind} token.");
        }
    }

    private void AddMember(MemberReference member)
    {
        Add(member.Parent);
        if (member.GetKind() == MemberReferenceKind.Field)
        {
            member.DecodeFieldSignature(_names, 0);
        }
        else
        {
            member.DecodeMethodSignature(_names, 0);
        }
    }
}
