using System.Net;
using System.Text;
using Grpc.Core;

namespace CriShim.GrpcServer.Tests.Fixtures;

/// <summary>A whole response, taken apart.</summary>
internal sealed record GrpcReply
{
    public GrpcReply(HttpResponseMessage response, byte[] body)
    {
        HttpStatus = response.StatusCode;
        Body = body;
        Headers = response.Headers.ToDictionary(header => header.Key, header => string.Join(',', header.Value));
        Trailers = response.TrailingHeaders.ToDictionary(header => header.Key, header => string.Join(',', header.Value));
        TrailersOnly = Headers.ContainsKey("grpc-status");
        ContentType = response.Content.Headers.ContentType?.ToString();
    }

    public HttpStatusCode HttpStatus { get; }

    public string? ContentType { get; }

    public byte[] Body { get; }

    public Dictionary<string, string> Headers { get; }

    public Dictionary<string, string> Trailers { get; }

    public bool TrailersOnly { get; }

    public StatusCode Status => (StatusCode)int.Parse((TrailersOnly ? Headers : Trailers)["grpc-status"]);

    /// <summary>As on the wire.</summary>
    public string Detail => (TrailersOnly ? Headers : Trailers).GetValueOrDefault("grpc-message", "");

    public string Message => Encoding.UTF8.GetString(Assert.Single(Frames.Split(Body)).Payload);

    public IReadOnlyList<string> Messages => [.. Frames.Split(Body).Select(frame => Encoding.UTF8.GetString(frame.Payload))];
}
