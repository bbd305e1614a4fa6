using System.Globalization;
using System.Text;
using System.Text.Json;
using CriShim.Linux;
using CriShim.Oci.RuntimeSpec;
using CriShim.Runtime.Security;
using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Files;

namespace CriShim.Runtime.Commands;

/// <summary>
/// Where a command's failure goes: the file of `--log`, in the format that callers parse (containerd reads the last line's "msg"), and
/// always standard error.
/// </summary>
/// <param name="path">Null: standard error only.</param>
internal sealed class CommandLog(string? path, bool json)
{
    public void Error(string message) => Write("error", message);

    public void Warning(string message) => Write("warning", message);

    /// <summary>What a process is not going to have (config.md, "Linux Process": a capability that is none must be warned of).</summary>
    public void WarnOfUnknown(CapabilitiesSpec? capabilities)
    {
        if (CapabilityTable.Unknown(capabilities) is { Count: > 0 } unknown)
        {
            Warning($"unknown capabilities are ignored: {string.Join(", ", unknown)}");
        }
    }

    /// <summary>Text to standard output.</summary>
    public static void Print(string text) => Print(Encoding.UTF8.GetBytes(text));

    /// <inheritdoc cref="Print(string)"/>
    public static void Print(ReadOnlySpan<byte> text)
    {
        using var output = new SafeFileHandle(1, ownsHandle: false);
        Fd.WriteAll(output, text, "standard output");
    }

    private void Write(string level, string message)
    {
        var line = Format(level, message, json);
        if (!string.IsNullOrEmpty(path))
        {
            using var file = Fd.Open(path, O_WRONLY | O_CREAT | O_APPEND, 0b110_100_100);
            Fd.WriteAll(file, line, path);
            line = Encoding.UTF8.GetBytes(message + "\n");
        }

        using var errors = new SafeFileHandle(2, ownsHandle: false);
        Fd.WriteAll(errors, line, "standard error");
    }

    private static byte[] Format(string level, string message, bool json)
    {
        var time = TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        if (!json)
        {
            return Encoding.UTF8.GetBytes($"time=\"{time}\" level={level} msg=\"{message.Replace("\"", "\\\"", StringComparison.Ordinal)}\"\n");
        }

        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartObject();
            writer.WriteString("level", level);
            writer.WriteString("msg", message);
            writer.WriteString("time", time);
            writer.WriteEndObject();
        }

        stream.WriteByte((byte)'\n');
        return stream.ToArray();
    }
}
