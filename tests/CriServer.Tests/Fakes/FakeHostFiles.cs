using CriShim.CriServer.Specs;

namespace CriShim.CriServer.Tests.Fakes;

/// <summary>A host on which every path exists but those named missing.</summary>
internal sealed class FakeHostFiles : IHostFiles
{
    public HashSet<string> Missing { get; } = [];

    public Dictionary<string, string> Links { get; } = [];

    public Dictionary<string, HostPropagation> Propagations { get; } = [];

    public Dictionary<string, HostDevice[]> Devices { get; } = [];

    public Dictionary<string, byte[]> Contents { get; } = [];

    public HashSet<string> AppArmorProfiles { get; } = [];

    public bool? IsAppArmorProfileLoaded(string name) => AppArmorProfiles.Contains(name);

    public string? Resolve(string path) => Missing.Contains(path) ? null : Links.GetValueOrDefault(path, path);

    public HostPropagation Propagation(string path) => Propagations.GetValueOrDefault(path, HostPropagation.Shared);

    public IReadOnlyList<HostDevice>? FindDevices(string path) => Missing.Contains(path) ? null : Devices.GetValueOrDefault(path, []);

    public byte[]? Read(string path, int limitBytes) => Contents.GetValueOrDefault(path);
}
