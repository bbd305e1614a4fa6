namespace Grpc.Core;

/// <summary>Names the static method that binds a generated service base. Only read by hosts that bind by reflection; ours does not.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class BindServiceMethodAttribute(Type bindType, string bindMethodName) : Attribute
{
    public Type BindType { get; } = bindType;

    public string BindMethodName { get; } = bindMethodName;
}
