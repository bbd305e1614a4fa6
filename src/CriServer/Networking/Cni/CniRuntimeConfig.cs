using System.Buffers;
using System.Text.Json;

namespace CriShim.CriServer.Networking.Cni;

/// <summary>The JSON that plugins read on stdin, and the capability arguments in it (CNI specification, section 3; CONVENTIONS.md).</summary>
internal static class CniRuntimeConfig
{
    public const string PortMappings = "portMappings";
    private const string Bandwidth = "bandwidth";

    /// <summary>All capability arguments of a pod by name; each plugin gets those it declares.</summary>
    public static JsonElement Create(IReadOnlyList<PortMapping> ports, BandwidthAnnotations bandwidth) => Write(writer =>
    {
        writer.WriteStartObject();
        if (ports.Count > 0)
        {
            writer.WriteStartArray(PortMappings);
            foreach (var port in ports)
            {
                WritePort(writer, port);
            }

            writer.WriteEndArray();
        }

        if (bandwidth.Ingress is not null || bandwidth.Egress is not null)
        {
            writer.WriteStartObject(Bandwidth);
            WriteLimit(writer, "ingress", bandwidth.Ingress);
            WriteLimit(writer, "egress", bandwidth.Egress);
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
    });

    /// <summary>
    /// The plugin's object with the network's name and version, its capability arguments and what the plugins before it have made.
    /// </summary>
    /// <param name="validAttachments">For GC: sandbox ids that exist; else null.</param>
    public static byte[] Stdin(
        CniConfig network, CniPluginConfig plugin, JsonElement? capabilities, JsonElement? previous, IReadOnlyList<string>? validAttachments = null)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var writer = new Utf8JsonWriter(buffer);
        writer.WriteStartObject();
        writer.WriteString("cniVersion", network.Version);
        writer.WriteString("name", network.Name);
        foreach (var property in plugin.Json.EnumerateObject())
        {
            // Ours replace them; capabilities are for the runtime alone
            if (property.Name is not ("cniVersion" or "cniVersions" or "name" or "capabilities" or "prevResult" or "runtimeConfig"))
            {
                property.WriteTo(writer);
            }
        }

        WriteCapabilities(writer, plugin, capabilities);
        if (previous is { } result)
        {
            writer.WritePropertyName("prevResult");
            result.WriteTo(writer);
        }

        if (validAttachments is not null)
        {
            WriteAttachments(writer, validAttachments);
        }

        writer.WriteEndObject();
        writer.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    private static void WriteCapabilities(Utf8JsonWriter writer, CniPluginConfig plugin, JsonElement? capabilities)
    {
        if (capabilities is not { ValueKind: JsonValueKind.Object } all)
        {
            return;
        }

        var wanted = all.EnumerateObject().Where(item => plugin.Capabilities.Contains(item.Name)).ToList();
        if (wanted.Count == 0)
        {
            return;
        }

        writer.WriteStartObject("runtimeConfig");
        foreach (var property in wanted)
        {
            property.WriteTo(writer);
        }

        writer.WriteEndObject();
    }

    private static void WriteAttachments(Utf8JsonWriter writer, IReadOnlyList<string> sandboxIds)
    {
        writer.WriteStartArray("cni.dev/valid-attachments");
        foreach (var id in sandboxIds)
        {
            writer.WriteStartObject();
            writer.WriteString("containerID", id);
            writer.WriteString("ifname", CniNetwork.InterfaceName);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void WritePort(Utf8JsonWriter writer, PortMapping port)
    {
        writer.WriteStartObject();
        writer.WriteNumber("hostPort", port.HostPort);
        writer.WriteNumber("containerPort", port.ContainerPort);
        writer.WriteString("protocol", port.Protocol switch
        {
            PortProtocol.Udp => "udp",
            PortProtocol.Sctp => "sctp",
            _ => "tcp",
        });
        writer.WriteString("hostIP", port.HostIp);
        writer.WriteEndObject();
    }

    /// <summary>Rates in bits per second; the burst, in bits, is the most that tc takes.</summary>
    private static void WriteLimit(Utf8JsonWriter writer, string direction, long? bits)
    {
        if (bits is { } rate)
        {
            writer.WriteNumber(direction + "Rate", rate);
            writer.WriteNumber(direction + "Burst", int.MaxValue);
        }
    }

    private static JsonElement Write(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            write(writer);
        }

        return JsonDocument.Parse(buffer.WrittenSpan.ToArray()).RootElement;
    }
}
