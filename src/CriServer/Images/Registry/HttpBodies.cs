using System.Text;
using System.Text.Json;
using CriShim.CriServer.Images.Content;

namespace CriShim.CriServer.Images.Registry;

/// <summary>Small bodies of answers, read with limits.</summary>
internal static class HttpBodies
{
    private const int MaxErrorText = 256;
    private static readonly TimeSpan s_errorLimit = TimeSpan.FromSeconds(5);

    /// <param name="limit">For the whole body.</param>
    /// <exception cref="RegistryException">Invalid: the body is larger than <paramref name="maxBytes"/>. Unavailable: it did not come.</exception>
    public static async Task<byte[]> ReadAsync(HttpResponseMessage response, int maxBytes, TimeSpan limit, CancellationToken cancellation)
    {
        if (response.Content.Headers.ContentLength > maxBytes)
        {
            throw TooLarge(maxBytes);
        }

        using var timer = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        timer.CancelAfter(limit);
        try
        {
            return await ReadAllAsync(response.Content, maxBytes, timer.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new RegistryException(RegistryFailure.Unavailable, "answer did not come to its end in time") { Status = response.StatusCode };
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            throw new RegistryException(RegistryFailure.Unavailable, "connection broke in the answer", e) { Status = response.StatusCode, IsTransient = true };
        }
    }

    /// <summary>The failure an answer's status and error document tell of.</summary>
    public static async Task<RegistryException> ReadErrorAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        var text = $"{(int)response.StatusCode} {response.ReasonPhrase}".TrimEnd().ToLowerInvariant();
        var detail = await ReadErrorDetailAsync(response, cancellation);
        var wait = response.Headers.RetryAfter is { } after ? $", to be asked again after {after}" : "";
        return RegistryException.OfStatus(response, (detail.Length > 0 ? $"{text} ({detail})" : text) + wait);
    }

    private static async Task<byte[]> ReadAllAsync(HttpContent content, int maxBytes, CancellationToken cancellation)
    {
        await using var body = await content.ReadAsStreamAsync(cancellation);
        using var bytes = new MemoryStream((int)(content.Headers.ContentLength ?? 0));
        var buffer = new byte[16 * 1024];
        while (await body.ReadAsync(buffer, cancellation) is var count and > 0)
        {
            if (bytes.Length + count > maxBytes)
            {
                throw TooLarge(maxBytes);
            }

            await bytes.WriteAsync(buffer.AsMemory(0, count), cancellation);
        }

        return bytes.ToArray();
    }

    private static async Task<string> ReadErrorDetailAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        try
        {
            var body = await ReadAsync(response, ContentLimits.MaxErrorBytes, s_errorLimit, cancellation);
            var document = JsonSerializer.Deserialize(body, RegistryJsonContext.Default.ErrorDocument);
            var entries = document?.Errors?.Select(e => $"{e.Code?.ToLowerInvariant().Replace('_', ' ')}: {e.Message}") ?? [];
            return Printable(string.Join("; ", entries));
        }
        catch (Exception e) when (e is JsonException or RegistryException)
        {
            return "";
        }
    }

    /// <summary>A registry's text goes into logs and events: without control characters, and not endless.</summary>
    private static string Printable(string text)
    {
        var clean = new StringBuilder(Math.Min(text.Length, MaxErrorText));
        foreach (var c in text.Take(MaxErrorText))
        {
            clean.Append(char.IsControl(c) ? ' ' : c);
        }

        return clean.ToString();
    }

    private static RegistryException TooLarge(int maxBytes) =>
        new(RegistryFailure.Invalid, $"answer is larger than {maxBytes} bytes");
}
