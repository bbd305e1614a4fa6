using System.Globalization;

namespace CriShim.Runtime.Contract;

/// <summary>
/// Where things lie under the volatile state folder (`--state`, /run/crishim): gone after a reboot. Shared by both sides so that
/// neither spells a path. All folders 0700, sockets 0600.
/// </summary>
public sealed record StateLayout(string Root)
{
    public const string DefaultRoot = "/run/crishim";

    public string Containers => Path.Combine(Root, "containers");

    public string Sandboxes => Path.Combine(Root, "sandboxes");

    /// <summary>The bundle: config.json, the control socket and the exit record of one container.</summary>
    public string ContainerFolder(string containerId) => Path.Combine(Containers, containerId);

    public string ContainerSpec(string containerId) => Path.Combine(ContainerFolder(containerId), SpecFile);

    /// <summary>
    /// Source, in the container's spec, of a mount that is passed as a descriptor (<see cref="CreateRequest"/>). Nothing need be there.
    /// </summary>
    public string ContainerVolume(string containerId, int number) => VolumeIn(ContainerFolder(containerId), number);

    /// <inheritdoc cref="ContainerVolume"/>
    public static string VolumeIn(string containerFolder, int number) =>
        Path.Combine(containerFolder, string.Create(CultureInfo.InvariantCulture, $"volume-{number}"));

    /// <summary>Pins and generated files of one sandbox.</summary>
    public string SandboxFolder(string sandboxId) => Path.Combine(Sandboxes, sandboxId);

    /// <summary>Bind mount of /proc/PID/ns/TYPE; type: ipc uts user pid. Network namespaces are under /run/netns.</summary>
    public string NamespacePin(string sandboxId, string type) => Path.Combine(SandboxFolder(sandboxId), "ns", type);

    /// <summary>The tmpfs that a pod's containers share as /dev/shm.</summary>
    public string SharedMemory(string sandboxId) => Path.Combine(SandboxFolder(sandboxId), "shm");

    /// <summary>File names inside a container's folder.</summary>
    public const string SpecFile = "config.json";
    public const string ControlSocket = "control.sock";
    public const string ExitRecordFile = "exit.json";
    public const string SupervisorRecordFile = "supervisor.json";

    /// <summary>Where CNI agents expect network namespaces.</summary>
    public const string NetworkNamespaces = "/run/netns";

    public static string NetworkNamespace(string sandboxId) => Path.Combine(NetworkNamespaces, "cni-" + sandboxId[..Math.Min(36, sandboxId.Length)]);
}
