#pragma warning disable IDE0130 // the compiler knows the attribute by this name

namespace System.Runtime;

/// <summary>Has the Native AOT compiler give a method a symbol, callable without the managed runtime: there is neither attach nor transition.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class RuntimeExportAttribute(string entryPoint) : Attribute
{
    public string EntryPoint { get; } = entryPoint;
}
