using System.Buffers;
using System.Text.Json;
using CriShim.Linux;

namespace CriShim.Runtime.Logging;

/// <summary>
/// The runtime's own problems: a JSON object a line with the members that runc's log has (time, level, msg). The file is made with the
/// first line and stops growing at <see cref="MaxBytes"/>: it may lie in memory (/run).
/// </summary>
internal sealed class RuntimeLog(string? path, TimeProvider time) : IDisposable
{
    public const int MaxBytes = 1024 * 1024;

    private const uint FileMode = 0b110_000_000;

    private AppendFile? _file;
    private long _written;

    public void Error(string message) => Write("error", message);

    public void Warning(string message) => Write("warning", message);

    public void Dispose() => _file?.Dispose();

    private void Write(string level, string message)
    {
        if (path is null || _written > MaxBytes)
        {
            return;
        }

        var line = Format(level, message);
        try
        {
            _file ??= AppendFile.Open(path, FileMode);
            _written += _file.Write(line, out _);
        }
        catch (IOException)
        {
            // There is nowhere left to say it.
        }
    }

    private ReadOnlySpan<byte> Format(string level, string message)
    {
        var line = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(line))
        {
            Span<byte> timestamp = stackalloc byte[LogTimestamp.Length];
            LogTimestamp.Format(time.GetUtcNow().UtcDateTime, timestamp);
            writer.WriteStartObject();
            writer.WriteString("time"u8, timestamp);
            writer.WriteString("level"u8, level);
            writer.WriteString("msg"u8, message);
            writer.WriteEndObject();
        }

        line.Write("\n"u8);
        return line.WrittenSpan;
    }
}
