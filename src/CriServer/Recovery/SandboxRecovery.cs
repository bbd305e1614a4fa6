using CriShim.CriServer.Sandboxes;
using CriShim.CriServer.State;
using Google.Protobuf;
using Microsoft.Extensions.Logging;

namespace CriShim.CriServer.Recovery;

/// <summary>Sandboxes from their records.</summary>
internal sealed class SandboxRecovery(
    SandboxStore sandboxes,
    NameRegistry names,
    CheckpointFolder<SandboxCheckpoint> records,
    SandboxResources resources,
    ISandboxEvidence evidence,
    TimeProvider time,
    ILogger<SandboxRecovery> log)
{
    private readonly List<Sandbox> _halfMade = [];

    /// <summary>Shows every sandbox whose record can be read and that was finished.</summary>
    /// <returns>The ids of all that have a record, so that nothing of theirs is taken for a leftover.</returns>
    public IReadOnlyCollection<string> Restore()
    {
        HashSet<string> ids = [];
        foreach (var found in records.ReadAll())
        {
            if (Read(found) is not { } sandbox)
            {
                continue;
            }

            ids.Add(sandbox.Id);
            if (sandbox is { ReadyAt: 0, StoppedAt: 0 })
            {
                _halfMade.Add(sandbox);
                continue;
            }

            names.Reserve(SandboxName.Of(sandbox.Config.Metadata), sandbox.Id);
            sandboxes.Restore(sandbox);
            if (sandbox.IsReady && !evidence.IsAlive(sandbox))
            {
                sandboxes.Update(sandbox.Id, s => s with { StoppedAt = time.UnixNanoseconds() });
            }
        }

        return ids;
    }

    /// <summary>Undoes what a killed server had begun: nobody was told of it.</summary>
    public async Task RemoveHalfMadeAsync()
    {
        foreach (var sandbox in _halfMade)
        {
            RecoveryLog.Removing(log, "sandbox", sandbox.Id, "its server was killed while making it");
            try
            {
                await resources.ReleaseAsync(sandbox, CancellationToken.None);
                records.Delete(sandbox.Id);
            }
            catch (Exception e)
            {
                // Listed, so that the client can ask for its removal.
                names.Reserve(SandboxName.Of(sandbox.Config.Metadata), sandbox.Id);
                sandboxes.Add(sandbox with { StoppedAt = time.UnixNanoseconds() });
                RecoveryLog.ObjectFailed(log, "sandbox", sandbox.Id, e);
            }
        }
    }

    private Sandbox? Read(FoundCheckpoint<SandboxCheckpoint> found)
    {
        try
        {
            return found.Checkpoint?.ToSandbox(found.Id) ?? throw new InvalidDataException(found.Error);
        }
        catch (Exception e) when (e is InvalidDataException or InvalidProtocolBufferException)
        {
            RecoveryLog.Quarantined(log, "sandbox", found.Id, e.Message, records.Quarantine(found.Id, time.GetUtcNow()));
            return null;
        }
    }
}
