using CriShim.CriServer.Sandboxes;

namespace CriShim.CriServer.Recovery;

/// <summary>What the machine says about a sandbox.</summary>
internal interface ISandboxEvidence
{
    /// <summary>All its namespaces are pinned, its init runs: the machine was not restarted.</summary>
    bool IsAlive(Sandbox sandbox);
}
