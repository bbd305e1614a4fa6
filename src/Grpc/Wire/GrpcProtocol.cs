using System.Globalization;
using Grpc.Core;

namespace CriShim.GrpcServer.Wire;

/// <summary>Names and numbers of gRPC over HTTP/2 (grpc/doc/PROTOCOL-HTTP2.md).</summary>
internal static class GrpcProtocol
{
    public const string ContentType = "application/grpc";
    public const string IdentityEncoding = "identity";
    public const string GzipEncoding = "gzip";
    public const string AcceptedEncodings = "identity,gzip";

    /// <summary>Compressed flag (1 byte) and length (4 bytes, big endian) in front of each message.</summary>
    public const int MessagePrefixBytes = 5;

    private static readonly string[] s_codes =
        [.. Enumerable.Range(0, (int)StatusCode.Unauthenticated + 1).Select(code => code.ToString(CultureInfo.InvariantCulture))];

    /// <summary>The code as grpc-status carries it.</summary>
    public static string CodeText(StatusCode code) =>
        (uint)code < (uint)s_codes.Length ? s_codes[(int)code] : ((int)code).ToString(CultureInfo.InvariantCulture);

    /// <summary>application/grpc or application/grpc+proto, with or without parameters.</summary>
    public static bool IsContentType(string? contentType)
    {
        if (contentType is null || !contentType.StartsWith(ContentType, StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        var rest = contentType.AsSpan(ContentType.Length);
        if (rest.StartsWith("+proto", StringComparison.OrdinalIgnoreCase))
        {
            rest = rest["+proto".Length..];
        }

        rest = rest.TrimStart(' ');
        return rest.IsEmpty || rest[0] == ';';
    }

    /// <summary>Whether gzip is one of a grpc-accept-encoding's values.</summary>
    public static bool AcceptsGzip(string? acceptEncoding)
    {
        foreach (var range in acceptEncoding.AsSpan().Split(','))
        {
            if (acceptEncoding.AsSpan(range).Trim(' ').Equals(GzipEncoding, StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }
}
