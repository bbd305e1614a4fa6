using CriShim.CriServer.Images;
using CriShim.CriServer.Images.Snapshots;
using Microsoft.Win32.SafeHandles;

namespace CriShim.CriServer.Tests.Fakes;

/// <summary>Notes which roots were taken away.</summary>
internal sealed class FakeSnapshotter : ISnapshotter
{
    public List<string> Removed { get; } = [];

    public void Prepare(string containerId, Image image, IReadOnlyList<Image>? volumes = null)
    {
    }

    public SafeFileHandle MountRootfs(string containerId, RootIdMap? ids = null, string? label = null) => throw new NotSupportedException();

    public SafeFileHandle MountVolume(string containerId, int number, RootIdMap? ids = null, string? label = null) => throw new NotSupportedException();

    public void Remove(string containerId) => Removed.Add(containerId);

    public IReadOnlyList<string> List() => [];

    /// <summary>The folder that every container writes to; null: none.</summary>
    public string? Writable { get; set; }

    public string WritableFolder(string containerId) => Writable ?? throw new NotSupportedException();
}
