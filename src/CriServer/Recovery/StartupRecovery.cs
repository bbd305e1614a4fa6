using CriShim.CriServer.Networking;
using Microsoft.Extensions.Logging;

namespace CriShim.CriServer.Recovery;

/// <summary>
/// Takes up what an earlier server left: its records, then the containers that live, then what nobody will ask for any more. No record, and
/// nothing that fails for one object, is fatal. Order:
/// <list type="number">
/// <item>sandboxes: shown as recorded; NOTREADY where their namespaces are gone (a reboot)</item>
/// <item>containers: reconnected, or their end found; from here on calls are answered</item>
/// <item>networks</item>
/// <item>what was half made, and leftovers without a record</item>
/// </list>
/// </summary>
internal sealed class StartupRecovery(
    SandboxRecovery sandboxes,
    ContainerRecovery containers,
    LeftoverRecovery leftovers,
    PodNetwork network,
    RecoveryProgress progress,
    TimeProvider time,
    ILogger<StartupRecovery> log)
{
    public async Task RunAsync()
    {
        var started = time.GetTimestamp();
        try
        {
            var sandboxIds = sandboxes.Restore();
            await containers.RestoreAsync();
            progress.SetRecordsRestored();
            RecoveryLog.Restored(log, sandboxIds.Count, containers.Count, time.GetElapsedTime(started).TotalMilliseconds);
            await network.RecoverAsync([.. sandboxIds], CancellationToken.None);
            progress.SetNetworkRestored();
            await containers.RemoveHalfMadeAsync();
            await sandboxes.RemoveHalfMadeAsync();
            await leftovers.RemoveAsync();
        }
        catch (Exception e)
        {
            RecoveryLog.Failed(log, e);
        }
        finally
        {
            // A server that recovered in part is of more use than one that never answers.
            progress.SetRecordsRestored();
            progress.SetNetworkRestored();
        }
    }
}
