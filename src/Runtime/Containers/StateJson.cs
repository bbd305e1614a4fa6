using System.Text.Json;

namespace CriShim.Runtime.Containers;

/// <summary><see cref="ContainerState"/> as JSON, without the serializer's start-up time.</summary>
internal static class StateJson
{
    public static byte[] Write(ContainerState state)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartObject();
            writer.WriteString("id", state.Id);
            writer.WriteNumber("pid", state.Pid);
            writer.WriteNumber("startTime", state.StartTime);
            writer.WriteString("bundle", state.BundlePath);
            writer.WriteString("rootfs", state.Rootfs);
            writer.WriteString("cgroupPath", state.CgroupPath);
            writer.WriteNumber("created", state.Created);
            writer.WriteString("keyring", state.Keyring);
            writer.WriteString("cgroupMachine", state.CgroupMachine);
            writer.WriteStartObject("annotations");
            foreach (var (name, value) in state.Annotations ?? new Dictionary<string, string>())
            {
                writer.WriteString(name, value);
            }

            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        return stream.ToArray();
    }

    /// <summary>Throws <see cref="JsonException"/>.</summary>
    public static ContainerState Read(byte[] json)
    {
        using var document = JsonDocument.Parse(json);
        var root = document.RootElement;
        try
        {
            return new ContainerState(
                root.GetProperty("id").GetString()!,
                root.GetProperty("pid").GetInt32(),
                root.GetProperty("startTime").GetUInt64(),
                root.GetProperty("bundle").GetString()!,
                root.GetProperty("rootfs").GetString()!,
                root.GetProperty("cgroupPath").GetString()!,
                root.GetProperty("created").GetInt64(),
                root.GetProperty("keyring").GetString(),
                root.GetProperty("annotations").EnumerateObject().ToDictionary(member => member.Name, member => member.Value.GetString()!))
            {
                CgroupMachine = root.GetProperty("cgroupMachine").GetString(),
            };
        }
        catch (Exception e) when (e is KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new JsonException(e.Message, e);
        }
    }
}
