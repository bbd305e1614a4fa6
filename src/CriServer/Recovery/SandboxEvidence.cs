using CriShim.CriServer.Sandboxes;
using CriShim.CriServer.Specs;
using CriShim.Linux;
using CriShim.Runtime.Contract;

namespace CriShim.CriServer.Recovery;

/// <inheritdoc cref="ISandboxEvidence"/>
internal sealed class SandboxEvidence(StateLayout layout) : ISandboxEvidence
{
    public bool IsAlive(Sandbox sandbox) =>
        Directory.Exists(layout.SandboxFolder(sandbox.Id))
        && SandboxSpec.NamespacePaths(sandbox.Id, sandbox.Config, layout).Values.All(MountPoint.IsMounted)
        && (sandbox.InitPid == 0 || ProcessIdentity.IsAlive(sandbox.InitPid, sandbox.InitStartTime));
}
