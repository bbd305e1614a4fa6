namespace CriShim.E2e.Fixtures;

/// <summary>A test of cgroup v1 controllers; skipped on a machine that has none mounted.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class V1FactAttribute : FactAttribute
{
    internal const string Reason = "no cgroup v1 controller is mounted";

    public V1FactAttribute() => Skip = HasV1 ? null : Reason;

    public static bool HasV1 { get; } = File.ReadAllText("/proc/self/mountinfo").Contains(" - cgroup ", StringComparison.Ordinal);
}

/// <inheritdoc cref="V1FactAttribute"/>
[AttributeUsage(AttributeTargets.Method)]
public sealed class V1TheoryAttribute : TheoryAttribute
{
    public V1TheoryAttribute() => Skip = V1FactAttribute.HasV1 ? null : V1FactAttribute.Reason;
}
