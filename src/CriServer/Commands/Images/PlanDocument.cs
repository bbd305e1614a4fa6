using CriShim.Api.V1;

namespace CriShim.CriServer.Commands.Images;

/// <summary>What <c>crishim image why --json</c> prints.</summary>
internal sealed record PlanDocument(
    string Name, string? ImageId, int LayersPresent, IReadOnlyList<PlannedHostDocument> Hosts, string? Credentials, string? PolicyFile, string Policy)
{
    public static PlanDocument Of(ExplainResponse plan, FoundCredentials? credentials) => new(
        plan.Name,
        NullIfEmpty(plan.ImageId),
        plan.LayersPresent,
        [.. plan.Hosts.Select(PlannedHostDocument.Of)],
        credentials?.Source,
        NullIfEmpty(plan.PolicyFile),
        plan.Policy);

    private static string? NullIfEmpty(string text) => text.Length == 0 ? null : text;
}

/// <summary>One host that would be asked.</summary>
internal sealed record PlannedHostDocument(
    string Address, string Source, bool ResolvesTags, bool GivesContent, bool GetsCredentials, string Tls, IReadOnlyList<string> Headers)
{
    public static PlannedHostDocument Of(ExplainedHost host) =>
        new(host.Address, host.Source, host.ResolvesTags, host.GivesContent, host.GetsCredentials, host.Tls, host.Headers);
}
