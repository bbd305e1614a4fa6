namespace CriShim.CriServer.Images.Registry;

/// <summary>One host that may be asked for a registry's content: the registry itself or a mirror of it.</summary>
internal sealed record RegistryEndpoint
{
    /// <summary>Root of the distribution API, no slash at the end: <c>https://registry-1.docker.io/v2</c>.</summary>
    public required string BaseAddress { get; init; }

    public required RegistryTls Tls { get; init; }

    /// <summary>May turn a tag into a digest.</summary>
    public bool CanResolve { get; init; } = true;

    /// <summary>May give content by its digest.</summary>
    public bool CanPull { get; init; } = true;

    /// <summary>The registry itself: only it is sent the client's credentials.</summary>
    public bool IsOrigin { get; init; }

    /// <summary>The same host as the endpoint before, asked over TLS should it not speak plain HTTP.</summary>
    public bool IsTlsFallback { get; init; }

    /// <summary>For mirrors: the registry that is meant, sent as the query <c>ns</c>.</summary>
    public string? MirroredHost { get; init; }

    /// <summary>Extra request headers of the configuration; they may hold secrets.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];

    /// <summary>Scheme and authority, for messages.</summary>
    public string Origin => new Uri(BaseAddress).GetLeftPart(UriPartial.Authority);
}
