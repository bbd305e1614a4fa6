using System.Text.Json;
using CriShim.Cgroups;
using CriShim.Oci.RuntimeSpec;

namespace CriShim.Runtime.Init;

/// <summary>What an init is told, beside descriptors: the spec and what its creator alone knows.</summary>
internal sealed record InitSetup(string Id, string BundlePath, ReadOnlyMemory<byte> SpecJson)
{
    public bool HasRootfs { get; init; }

    public bool HasGate { get; init; }

    /// <summary>Wait for the creator's hooks before pivot_root.</summary>
    public bool HasHooks { get; init; }

    public bool NoPivot { get; init; }

    public bool NoNewKeyring { get; init; }

    public int PreservedFds { get; init; }

    /// <summary>How many of these are sockets that the program is told of (<see cref="Containers.ContainerRequest.ListenFds"/>).</summary>
    public int ListenFds { get; init; }

    /// <summary>Places in the spec's mounts of those whose sources follow as detached mounts, in this order.</summary>
    public IReadOnlyList<int> Sources { get; init; } = [];

    /// <summary>BPF of the seccomp profile; empty: none.</summary>
    public byte[] Seccomp { get; init; } = [];

    /// <summary>What goes to the seccomp agent beside the filter's listener; empty: there is no listener.</summary>
    public byte[] ListenerState { get; init; } = [];

    /// <summary>The machine's hierarchies with the container's own path in each, for mounts of type cgroup.</summary>
    public IReadOnlyList<CgroupFolder> Cgroups { get; init; } = [];

    public byte[] Write()
    {
        using var stream = new MemoryStream(SpecJson.Length + 1024);
        using (var writer = new Utf8JsonWriter(stream, new JsonWriterOptions { SkipValidation = true }))
        {
            writer.WriteStartObject();
            writer.WriteString("id", Id);
            writer.WriteString("bundle", BundlePath);
            writer.WriteBoolean("rootfs", HasRootfs);
            writer.WriteBoolean("gate", HasGate);
            writer.WriteBoolean("hooks", HasHooks);
            writer.WriteBoolean("noPivot", NoPivot);
            writer.WriteBoolean("noNewKeyring", NoNewKeyring);
            writer.WriteNumber("preservedFds", PreservedFds);
            writer.WriteNumber("listenFds", ListenFds);
            WriteSources(writer);
            writer.WriteBase64String("seccomp", Seccomp);
            writer.WriteBase64String("listener", ListenerState);
            WriteCgroups(writer);
            writer.WritePropertyName("spec");
            writer.WriteRawValue(SpecJson.Span, skipInputValidation: true);
            writer.WriteEndObject();
        }

        return stream.ToArray();
    }

    public static (InitSetup Setup, Spec Spec) Read(ReadOnlyMemory<byte> json)
    {
        using var document = JsonDocument.Parse(json);
        var root = document.RootElement;
        var setup = new InitSetup(root.GetProperty("id").GetString()!, root.GetProperty("bundle").GetString()!, default)
        {
            HasRootfs = root.GetProperty("rootfs").GetBoolean(),
            HasGate = root.GetProperty("gate").GetBoolean(),
            HasHooks = root.GetProperty("hooks").GetBoolean(),
            NoPivot = root.GetProperty("noPivot").GetBoolean(),
            NoNewKeyring = root.GetProperty("noNewKeyring").GetBoolean(),
            PreservedFds = root.GetProperty("preservedFds").GetInt32(),
            ListenFds = root.GetProperty("listenFds").GetInt32(),
            Sources = [.. root.GetProperty("sources").EnumerateArray().Select(place => place.GetInt32())],
            Seccomp = root.GetProperty("seccomp").GetBytesFromBase64(),
            ListenerState = root.GetProperty("listener").GetBytesFromBase64(),
            Cgroups = [.. root.GetProperty("cgroups").EnumerateArray().Select(ReadCgroup)],
        };
        return (setup, SpecReader.ReadSpec(root.GetProperty("spec")));
    }

    private void WriteSources(Utf8JsonWriter writer)
    {
        writer.WriteStartArray("sources");
        foreach (var place in Sources)
        {
            writer.WriteNumberValue(place);
        }

        writer.WriteEndArray();
    }

    private void WriteCgroups(Utf8JsonWriter writer)
    {
        writer.WriteStartArray("cgroups");
        foreach (var folder in Cgroups)
        {
            writer.WriteStartArray();
            writer.WriteStringValue(folder.Controllers);
            writer.WriteStringValue(folder.Path);
            writer.WriteStringValue(folder.MountPoint);
            writer.WriteEndArray();
        }

        writer.WriteEndArray();
    }

    private static CgroupFolder ReadCgroup(JsonElement folder) =>
        new(folder[0].GetString()!, folder[1].GetString()!, folder[2].GetString()!);
}
