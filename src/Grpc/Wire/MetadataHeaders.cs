using Grpc.Core;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace CriShim.GrpcServer.Wire;

/// <summary>Metadata as HTTP/2 headers: bytes are base64, reserved names belong to the protocol.</summary>
internal static class MetadataHeaders
{
    /// <summary>The client's own metadata. A value that should be base64 and is not is left out.</summary>
    public static Metadata Read(IHeaderDictionary headers)
    {
        var metadata = new Metadata();
        foreach (var (name, values) in headers)
        {
            var key = name.ToLowerInvariant();
            if (IsReserved(key))
            {
                continue;
            }

            foreach (var value in values)
            {
                Add(metadata, key, value ?? "");
            }
        }

        return metadata;
    }

    /// <summary>Appends metadata to response headers or trailers; reserved names are left out.</summary>
    public static void Write(Metadata metadata, IHeaderDictionary headers)
    {
        foreach (var entry in metadata)
        {
            if (!IsReserved(entry.Key))
            {
                var value = entry.IsBinary ? Convert.ToBase64String(entry.ValueBytes) : entry.Value;
                headers[entry.Key] = StringValues.Concat(headers[entry.Key], value);
            }
        }
    }

    private static void Add(Metadata metadata, string key, string value)
    {
        if (!key.EndsWith(Metadata.BinaryHeaderSuffix, StringComparison.Ordinal))
        {
            metadata.Add(key, value);
            return;
        }

        // Several values of one key may come joined by commas, which base64 does not have.
        foreach (var part in value.Split(',', StringSplitOptions.TrimEntries))
        {
            if (TryDecode(part, out var bytes))
            {
                metadata.Add(key, bytes);
            }
        }
    }

    private static bool TryDecode(string base64, out byte[] bytes)
    {
        // Senders may leave the padding out.
        var padded = base64.PadRight((base64.Length + 3) / 4 * 4, '=');
        bytes = new byte[padded.Length / 4 * 3];
        if (!Convert.TryFromBase64String(padded, bytes, out var written))
        {
            return false;
        }

        Array.Resize(ref bytes, written);
        return true;
    }

    private static bool IsReserved(string key) =>
        key.StartsWith(':')
        || (key.StartsWith("grpc-", StringComparison.Ordinal) && !key.EndsWith(Metadata.BinaryHeaderSuffix, StringComparison.Ordinal))
        || key is "content-type" or "content-length" or "te" or "host" or "user-agent" or "connection";
}
