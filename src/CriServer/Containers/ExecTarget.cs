using CriShim.CriServer.RuntimeClient;
using CriShim.Oci.RuntimeSpec;
using CriShim.Runtime.Contract;

namespace CriShim.CriServer.Containers;

/// <summary>A running container to run a command in.</summary>
/// <param name="Process">Its own process: a command has all but the arguments from it.</param>
internal sealed record ExecTarget(string ContainerId, ISupervisor Supervisor, ProcessSpec Process)
{
    /// <summary>Kills a command with all its descendants; one that has ended is fine.</summary>
    public async Task KillAsync(string execId)
    {
        try
        {
            await Supervisor.ExecKillAsync(execId, CancellationToken.None);
        }
        catch (RuntimeException)
        {
            // It has ended, or the whole container has.
        }
    }
}
