namespace CriShim.E2e.Fixtures;

/// <summary>A test of the systemd cgroup driver; skipped on a machine without systemd or with cgroup v1.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class SystemdFactAttribute : FactAttribute
{
    public SystemdFactAttribute() =>
        Skip = Directory.Exists("/run/systemd/system") && !V1FactAttribute.HasV1 ? null : "needs systemd and cgroup v2 alone (make test-vm)";
}
