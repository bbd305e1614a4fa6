using System.Diagnostics;
using CriShim.Oci.RuntimeSpec;

namespace CriShim.E2e.Runtime;

/// <summary>Containers whose mount namespace is not their own: the host's, or one given by path.</summary>
public sealed class OciSharedMountTests : OciBundleTests, IDisposable
{
    private readonly Process _holder = Process.Start("unshare", ["--mount", "sleep", "100"]);

    public void Dispose() => _holder.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Life_SharedMountNamespace_HasItsOwnRootAndLeavesNothing(bool joins)
    {
        var path = joins ? $"/proc/{_holder.Id}/ns/mnt" : "/proc/self/ns/mnt";
        while (joins && Namespace(path) == Namespace("/proc/self/ns/mnt"))
        {
            Thread.Sleep(10);
        }

        Bundle.Spec = Bundle.Spec with
        {
            Linux = Bundle.Spec.Linux! with
            {
                Namespaces =
                [
                    .. Bundle.Spec.Linux.Namespaces!.Where(item => item.Type != "mount"),
                    .. joins ? new[] { new NamespaceSpec { Type = "mount", Path = path } } : [],
                ],
            },
        };
        Bundle.Start("sleep", "100");

        Assert.Equal(Namespace(path), Namespace($"/proc/{Bundle.State().GetProperty("pid").GetInt32()}/ns/mnt"));
        var names = OciBundle.RequireSuccess(Bundle.Run("exec", Bundle.Id, "sh", "-c", "ls /; touch /x 2>&1 || true")).Output;
        Assert.DoesNotContain("etc\n", names, StringComparison.Ordinal);
        Assert.Contains("Read-only", names, StringComparison.Ordinal);
        OciBundle.RequireSuccess(Bundle.Run("delete", "--force", Bundle.Id));
        Assert.DoesNotContain(Bundle.Path, File.ReadAllText(joins ? $"/proc/{_holder.Id}/mountinfo" : "/proc/self/mountinfo"), StringComparison.Ordinal);
    }

    private protected override async Task EndAsync()
    {
        _holder.Kill();
        await _holder.WaitForExitAsync();
    }

    private static string? Namespace(string path) => new FileInfo(path).LinkTarget;
}
