using System.Text.Json;
using CriShim.Oci.RuntimeSpec;
using CriShim.Runtime.Containers;
using CriShim.Runtime.Rootfs;
using CriShim.Runtime.Security;

namespace CriShim.Runtime.Commands;

/// <summary>What this runtime can do (the runtime specification's features.md).</summary>
internal static class FeaturesCommand
{
    private static readonly string[] s_hooks = ["prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"];

    private static readonly string[] s_namespaces = ["cgroup", "ipc", "mount", "network", "pid", "time", "user", "uts"];

    public static string VersionText =>
        $"crishim-runtime version {typeof(FeaturesCommand).Assembly.GetName().Version?.ToString(3)}\nspec: {Spec.CurrentVersion}\n";

    public static int Run()
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true }))
        {
            writer.WriteStartObject();
            writer.WriteString("ociVersionMin", "1.0.0");
            writer.WriteString("ociVersionMax", Spec.CurrentVersion);
            WriteList(writer, "hooks", s_hooks);
            WriteList(writer, "mountOptions", MountOptions.Words.Order(StringComparer.Ordinal));
            WriteLinux(writer);
            writer.WriteStartObject("annotations");
            writer.WriteString("org.opencontainers.runc.checkpoint.enabled", "true");
            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        stream.WriteByte((byte)'\n');
        CommandLog.Print(stream.ToArray());
        return 0;
    }

    private static void WriteLinux(Utf8JsonWriter writer)
    {
        writer.WriteStartObject("linux");
        WriteList(writer, "namespaces", s_namespaces);
        WriteList(writer, "capabilities", CapabilityTable.Names);
        writer.WriteStartObject("cgroup");
        writer.WriteBoolean("v1", true);
        writer.WriteBoolean("v2", true);
        writer.WriteBoolean("systemd", true);
        writer.WriteBoolean("systemdUser", false);
        writer.WriteEndObject();
        writer.WriteStartObject("seccomp");
        writer.WriteBoolean("enabled", true);
        WriteList(writer, "actions", SeccompNames.Actions);
        WriteList(writer, "operators", SeccompNames.Operators);
        WriteList(writer, "archs", SeccompNames.Architectures);
        WriteList(writer, "knownFlags", SeccompNames.Flags);
        WriteList(writer, "supportedFlags", SeccompNames.Flags);
        writer.WriteEndObject();
        WriteEnabled(writer, "apparmor", true);
        WriteEnabled(writer, "selinux", true);
        writer.WriteStartObject("intelRdt");
        writer.WriteBoolean("enabled", true);
        writer.WriteBoolean("schemata", true);
        writer.WriteBoolean("monitoring", true);
        writer.WriteEndObject();
        writer.WriteStartObject("memoryPolicy");
        WriteList(writer, "modes", MemoryPolicy.Modes);
        WriteList(writer, "flags", MemoryPolicy.Flags);
        writer.WriteEndObject();
        WriteEnabled(writer, "netDevices", true);
        writer.WriteStartObject("mountExtensions");
        WriteEnabled(writer, "idmap", true);
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private static void WriteEnabled(Utf8JsonWriter writer, string name, bool enabled)
    {
        writer.WriteStartObject(name);
        writer.WriteBoolean("enabled", enabled);
        writer.WriteEndObject();
    }

    private static void WriteList(Utf8JsonWriter writer, string name, IEnumerable<string> values)
    {
        writer.WriteStartArray(name);
        foreach (var value in values)
        {
            writer.WriteStringValue(value);
        }

        writer.WriteEndArray();
    }
}
