using CriShim.CriServer.Containers;
using CriShim.CriServer.Errors;
using CriShim.CriServer.Tests.Fakes;
using CriShim.Linux;

namespace CriShim.CriServer.Tests.Containers;

public sealed class ImageVolumesTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public ImageVolumesTests() => _folder.Write("image/a/b/file", "x");

    public void Dispose() => _folder.Dispose();

    [RootFact]
    public void Narrow_SubPath_IsTheMountsRoot()
    {
        using var part = ImageVolumes.Narrow(Volume(), "a/b", _folder["place"]);
        Assert.True(File.Exists($"/proc/self/fd/{part.DangerousGetHandle()}/file"));
    }

    [RootFact]
    public void Narrow_NothingThere_IsWhatTheKubeletTestsFor()
    {
        var error = Assert.Throws<CriException>(() => ImageVolumes.Narrow(Volume(), "a/none", _folder["place"]));
        Assert.StartsWith("ImageVolumeMountFailed: ", error.Message, StringComparison.Ordinal);
    }

    [RootFact]
    public void CloneAttached_OlderKernels_GivesTheSameAndLeavesNoMount()
    {
        var before = File.ReadAllLines("/proc/self/mountinfo").Length;
        using var volume = Volume();
        using var part = ImageVolumes.CloneAttached(volume, "a/b", _folder["place"]);
        Assert.True(File.Exists($"/proc/self/fd/{part.DangerousGetHandle()}/file"));
        Assert.Equal(before, File.ReadAllLines("/proc/self/mountinfo").Length);
        Assert.False(Directory.Exists(_folder["place"]));
    }

    private Microsoft.Win32.SafeHandles.SafeFileHandle Volume() => DetachedMount.Clone(_folder["image"], recursive: false);
}
