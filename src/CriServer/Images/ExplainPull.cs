using CriShim.Api.V1;
using CriShim.CriServer.Configuration;
using CriShim.CriServer.Images.Registry;
using CriShim.CriServer.Images.Signatures;

namespace CriShim.CriServer.Images;

/// <summary>What a pull of a name would do and which file says so. Asks no host.</summary>
internal sealed class ExplainPull(ImageStore store, RegistryHosts hosts, SignatureCheck signatures, ImageOptions options)
{
    public ExplainResponse Execute(ExplainRequest request)
    {
        var reference = ImageReference.Parse(request.Reference);
        var plan = hosts.Plan(reference.Host);
        var scope = signatures.Policy?.For(reference);
        var image = store.Find(reference.StoredName);
        var response = new ExplainResponse
        {
            Name = reference.ToString(),
            ImageId = image?.Id ?? "",
            LayersPresent = image?.DiffIds.Count ?? 0,
            PolicyFile = signatures.Policy?.Path ?? "",
            Policy = scope is null ? "none: every image is accepted" : $"{scope.Description}, by {scope.Place}",
        };
        response.Hosts.AddRange(plan.Endpoints.Select(endpoint => ToMessage(endpoint, plan)));
        return response;
    }

    private ExplainedHost ToMessage(RegistryEndpoint endpoint, RegistryPlan plan)
    {
        var host = new ExplainedHost
        {
            Address = endpoint.BaseAddress,
            Source = SourceOf(endpoint, plan),
            ResolvesTags = endpoint.CanResolve,
            GivesContent = endpoint.CanPull,
            Tls = TlsOf(endpoint),
            GetsCredentials = endpoint.IsOrigin,
        };
        host.Headers.AddRange(endpoint.Headers.Select(h => h.Key).Distinct()); // values may be secret
        return host;
    }

    private string SourceOf(RegistryEndpoint endpoint, RegistryPlan plan)
    {
        var role = endpoint switch
        {
            { IsTlsFallback: true } => "the registry itself, should it not speak plain HTTP",
            { IsOrigin: true } => "the registry itself",
            _ => $"mirror of {plan.Host}",
        };
        return plan.Source is { } source
            ? $"{role}, by {source}"
            : $"{role}; nothing is configured for {plan.Host} in {string.Join(" or ", options.RegistryConfigFolders)}";
    }

    private static string TlsOf(RegistryEndpoint endpoint)
    {
        if (endpoint.BaseAddress.StartsWith("http://", StringComparison.Ordinal))
        {
            return "none, plain HTTP";
        }

        var tls = endpoint.Tls;
        var client = string.Concat(tls.ClientPairs.Select(pair => $", client certificate {pair.Certificate}"));
        return (tls.SkipVerify, tls.CaPaths.Count > 0) switch
        {
            (true, _) => "certificate not verified (skip_verify)",
            (_, true) => $"authorities of the system and of {string.Join(", ", tls.CaPaths)}",
            _ => "authorities of the system",
        } + client;
    }
}
