using CriShim.Oci.RuntimeSpec;

namespace CriShim.Runtime.Supervisor.Backends;

/// <summary>What a container is made from, as read from its folder.</summary>
/// <param name="SpecJson">Text of config.json.</param>
internal sealed record SupervisedBundle(Spec Spec, byte[] SpecJson, string CgroupPath);
