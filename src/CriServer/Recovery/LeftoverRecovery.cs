using System.Text.Json;
using CriShim.CriServer.Containers;
using CriShim.CriServer.RuntimeClient;
using CriShim.CriServer.Sandboxes;
using CriShim.CriServer.State;
using CriShim.Linux;
using CriShim.Oci;
using CriShim.Runtime.Contract;
using Microsoft.Extensions.Logging;

namespace CriShim.CriServer.Recovery;

/// <summary>Removes what is on the machine without a record. A container that lives is left alone, and while one does, so are all namespaces.</summary>
internal sealed class LeftoverRecovery(
    SandboxStore sandboxes,
    ContainerStore containers,
    ContainerFiles files,
    ContainerCgroups cgroups,
    IRuntimeClient runtime,
    StateLayout layout,
    ILogger<LeftoverRecovery> log)
{
    private static readonly SupervisorRecord s_unknown = new(0, 0, 0, 0);

    public async Task RemoveAsync()
    {
        var orphans = 0;
        foreach (var id in Ids(layout.Containers).Where(id => containers.Find(id) is null))
        {
            orphans += await RemoveContainerAsync(id) ? 0 : 1;
        }

        foreach (var id in files.SnapshotIds().Where(id => containers.Find(id) is null && !Directory.Exists(layout.ContainerFolder(id))))
        {
            RecoveryLog.Removing(log, "snapshot", id, "no container has it");
            files.RemoveWorkingFiles(id);
        }

        if (orphans > 0)
        {
            return;
        }

        foreach (var id in Ids(layout.Sandboxes).Where(id => sandboxes.Find(id) is null))
        {
            RemoveSandbox(id);
        }
    }

    /// <returns>False where the container lives.</returns>
    private async Task<bool> RemoveContainerAsync(string id)
    {
        try
        {
            using var supervisor = await runtime.ConnectAsync(id, s_unknown, CancellationToken.None);
            if (supervisor is not null)
            {
                RecoveryLog.Orphan(log, id);
                return false;
            }

            RecoveryLog.Removing(log, "container", id, "it has no record and no supervisor");
            cgroups.RemoveOf(id, CgroupPath(id));
            files.RemoveWorkingFiles(id);
        }
        catch (Exception e)
        {
            RecoveryLog.ObjectFailed(log, "container", id, e);
        }

        return true;
    }

    private void RemoveSandbox(string id)
    {
        RecoveryLog.Removing(log, "sandbox", id, "it has no record");
        try
        {
            var netns = StateLayout.NetworkNamespace(id);
            MountPoint.Clear(netns);
            if (File.Exists(netns))
            {
                File.Delete(netns);
            }

            var pins = Path.GetDirectoryName(layout.NamespacePin(id, "ipc"))!;
            foreach (var pin in Directory.Exists(pins) ? Directory.GetFiles(pins) : [])
            {
                MountPoint.Clear(pin);
            }

            MountPoint.Clear(layout.SharedMemory(id));
            Directory.Delete(layout.SandboxFolder(id), recursive: true);
        }
        catch (Exception e)
        {
            RecoveryLog.ObjectFailed(log, "sandbox", id, e);
        }
    }

    private string? CgroupPath(string containerId)
    {
        var path = layout.ContainerSpec(containerId);
        return File.Exists(path)
            ? JsonSerializer.Deserialize(File.ReadAllBytes(path), OciJsonContext.Default.Spec)?.Linux?.CgroupsPath
            : null;
    }

    private static List<string> Ids(string folder) =>
        Directory.Exists(folder) ? [.. Directory.EnumerateDirectories(folder).Select(p => Path.GetFileName(p)).Where(IdGenerator.IsId)] : [];
}
