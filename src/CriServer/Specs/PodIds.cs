using CriShim.Oci.RuntimeSpec;

namespace CriShim.CriServer.Specs;

/// <summary>How a pod's user namespace maps users and groups.</summary>
internal sealed record PodIds(IReadOnlyList<IdMapping>? Uids, IReadOnlyList<IdMapping>? Gids);
