namespace CriShim.E2e.Cgroups;

/// <summary>A cgroup of v2 with limits, for containers below it; as the kubelet makes one for a pod.</summary>
internal sealed class ParentCgroup : IDisposable
{
    public ParentCgroup(string controller, params (string File, long Value)[] limits)
    {
        Directory.CreateDirectory(Path);
        File.WriteAllText(Path + "/cgroup.subtree_control", "+" + controller);
        foreach (var (file, value) in limits)
        {
            File.WriteAllText(System.IO.Path.Combine(Path, file), $"{value}");
        }
    }

    public string Name { get; } = "crishim-test-" + Guid.NewGuid().ToString("N")[..8];

    public string Path => "/sys/fs/cgroup/" + Name;

    public void Dispose() => Directory.Delete(Path);
}
