using System.Text;

namespace CriShim.CriServer.Streaming.Channels;

/// <summary>Short messages on a channel.</summary>
internal static class OutputText
{
    public static ValueTask SendTextAsync(this IOutputChannel channel, ReadOnlySpan<byte> content, CancellationToken cancellationToken)
    {
        var framed = new byte[IOutputChannel.Headroom + content.Length];
        content.CopyTo(framed.AsSpan(IOutputChannel.Headroom));
        return channel.SendAsync(framed, cancellationToken);
    }

    public static ValueTask SendTextAsync(this IOutputChannel channel, string text, CancellationToken cancellationToken) =>
        channel.SendTextAsync(Encoding.UTF8.GetBytes(text), cancellationToken);
}
