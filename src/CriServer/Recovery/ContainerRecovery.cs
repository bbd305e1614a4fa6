using CriShim.CriServer.Containers;
using CriShim.CriServer.RuntimeClient;
using CriShim.CriServer.State;
using CriShim.Runtime.Contract;
using Google.Protobuf;
using Microsoft.Extensions.Logging;

namespace CriShim.CriServer.Recovery;

/// <summary>Containers from their records and their supervisors.</summary>
internal sealed class ContainerRecovery(
    ContainerStore containers,
    LiveContainers live,
    NameRegistry names,
    CheckpointFolder<ContainerCheckpoint> records,
    ContainerFiles files,
    ContainerCgroups cgroups,
    StartContainer start,
    IRuntimeClient runtime,
    StateLayout layout,
    TimeProvider time,
    ILogger<ContainerRecovery> log)
{
    private readonly List<Container> _halfMade = [];

    /// <summary>Containers shown.</summary>
    public int Count { get; private set; }

    /// <summary>Shows every container whose record can be read and that was finished, in the state that it is in now.</summary>
    public async Task RestoreAsync()
    {
        var waiting = new List<Task>();
        foreach (var found in records.ReadAll())
        {
            if (Read(found) is not { } container)
            {
                continue;
            }

            if (container is { Supervisor: null, HasExited: false })
            {
                _halfMade.Add(container);
                continue;
            }

            names.Reserve(container.Name, container.Id);
            containers.Restore(container);
            Count++;
            if (!container.HasExited)
            {
                waiting.Add(ReconnectAsync(container));
            }
        }

        await Task.WhenAll(waiting);
    }

    /// <summary>Undoes what a killed server had begun: nobody was told of it.</summary>
    public async Task RemoveHalfMadeAsync()
    {
        foreach (var container in _halfMade)
        {
            RecoveryLog.Removing(log, "container", container.Id, "its server was killed while making it");
            try
            {
                await EndHalfMadeAsync(container.Id);
                cgroups.RemoveOf(container.Id, container.CgroupPath);
                files.RemoveWorkingFiles(container.Id);
                files.RemoveRecord(container.Id);
            }
            catch (Exception e)
            {
                RecoveryLog.ObjectFailed(log, "container", container.Id, e);
            }
        }
    }

    private async Task ReconnectAsync(Container container)
    {
        try
        {
            var supervisor = await runtime.ConnectAsync(container.Id, container.Supervisor!, CancellationToken.None);
            if (supervisor is null)
            {
                RecordEnd(container);
                return;
            }

            live.Add(container.Id, supervisor);
            if (container is { StartingAt: not 0, StartedAt: 0 })
            {
                await start.ResumeAsync(container);
            }
        }
        catch (Exception e)
        {
            RecoveryLog.ObjectFailed(log, "container", container.Id, e);
        }
    }

    /// <summary>It ended while no server ran: its supervisor wrote down how, or nobody knows.</summary>
    private void RecordEnd(Container container)
    {
        var exit = ExitRecordFile.Read(layout, container.Id);
        if (exit is null)
        {
            cgroups.RemoveOf(container.Id, container.CgroupPath);
        }

        live.RecordExit(container.Id, exit);
    }

    private async Task EndHalfMadeAsync(string containerId)
    {
        var supervisor = await runtime.ConnectAsync(containerId, new SupervisorRecord(0, 0, 0, 0), CancellationToken.None);
        if (supervisor is not null)
        {
            live.Add(containerId, supervisor);
            await live.DestroyAsync(containerId);
        }
    }

    private Container? Read(FoundCheckpoint<ContainerCheckpoint> found)
    {
        try
        {
            return found.Checkpoint?.ToContainer(found.Id) ?? throw new InvalidDataException(found.Error);
        }
        catch (Exception e) when (e is InvalidDataException or InvalidProtocolBufferException)
        {
            RecoveryLog.Quarantined(log, "container", found.Id, e.Message, records.Quarantine(found.Id, time.GetUtcNow()));
            return null;
        }
    }
}
