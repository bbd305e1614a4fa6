using System.Diagnostics;
using CriShim.Oci.RuntimeSpec;
using CriShim.TestKit;

namespace CriShim.E2e.Runtime;

/// <summary>Containers whose mount namespace is not their own: the host's, or one given by path.</summary>
public sealed class OciSharedMountTests : IAsyncLifetime, IDisposable
{
    private readonly LeakCheck _leaks = new();
    private readonly OciBundle _bundle = new();
    private readonly Process _holder = Process.Start("unshare", ["--mount", "sleep", "100"]);

    public Task InitializeAsync() => Task.CompletedTask;

    public void Dispose() => _holder.Dispose();

    public async Task DisposeAsync()
    {
        _bundle.Dispose();
        _holder.Kill();
        await _holder.WaitForExitAsync();
        await _leaks.AssertCleanAsync();
    }

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

        _bundle.Spec = _bundle.Spec with
        {
            Linux = _bundle.Spec.Linux! with
            {
                Namespaces =
                [
                    .. _bundle.Spec.Linux.Namespaces!.Where(item => item.Type != "mount"),
                    .. joins ? new[] { new NamespaceSpec { Type = "mount", Path = path } } : [],
                ],
            },
        };
        _bundle.Start("sleep", "100");

        Assert.Equal(Namespace(path), Namespace($"/proc/{_bundle.State().GetProperty("pid").GetInt32()}/ns/mnt"));
        var names = OciBundle.RequireSuccess(_bundle.Run("exec", _bundle.Id, "sh", "-c", "ls /; touch /x 2>&1 || true")).Output;
        Assert.DoesNotContain("etc\n", names, StringComparison.Ordinal);
        Assert.Contains("Read-only", names, StringComparison.Ordinal);
        OciBundle.RequireSuccess(_bundle.Run("delete", "--force", _bundle.Id));
        Assert.DoesNotContain(_bundle.Path, File.ReadAllText(joins ? $"/proc/{_holder.Id}/mountinfo" : "/proc/self/mountinfo"), StringComparison.Ordinal);
    }

    private static string? Namespace(string path) => new FileInfo(path).LinkTarget;
}
