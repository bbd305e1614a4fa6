using System.Text.Json;
using System.Text.Json.Serialization;
using CriShim.CriServer.Streaming.Channels;
using CriShim.CriServer.Streaming.Targets;

namespace CriShim.CriServer.Streaming.RemoteCommand;

/// <summary>Reads the sizes that a client sends for its terminal: flat JSON objects one after the other, <c>{"Width":80,"Height":24}</c>.</summary>
internal sealed class TerminalSizes(IInputChannel channel)
{
    private readonly byte[] _buffer = new byte[1024];
    private int _length;

    /// <returns>Null when there will be no more: the client's input has ended, or is not what it should be.</returns>
    public async Task<TerminalSize?> NextAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var end = _buffer.AsSpan(0, _length).IndexOf((byte)'}');
            if (end >= 0)
            {
                var message = Parse(_buffer.AsSpan(0, end + 1));
                _length -= end + 1;
                _buffer.AsSpan(end + 1, _length).CopyTo(_buffer);
                switch (message)
                {
                    case null:
                        return null;
                    case { Width: > 0, Height: > 0 }:
                        return new TerminalSize(message.Width, message.Height);
                }

                continue; // A window that is not laid out yet: its size comes later.
            }

            var count = _length == _buffer.Length ? 0 : await channel.ReadAsync(_buffer.AsMemory(_length), cancellationToken);
            if (count == 0)
            {
                return null;
            }

            _length += count;
        }
    }

    private static TerminalSizeMessage? Parse(ReadOnlySpan<byte> json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, TerminalSizeJsonContext.Default.TerminalSizeMessage);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

/// <summary>A size as it is on the wire.</summary>
internal sealed record TerminalSizeMessage(ushort Width, ushort Height);

/// <summary>Source-generated JSON of <see cref="TerminalSizeMessage"/>.</summary>
[JsonSourceGenerationOptions(PropertyNameCaseInsensitive = true, GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(TerminalSizeMessage))]
internal sealed partial class TerminalSizeJsonContext : JsonSerializerContext;
