using CriShim.Cri.V1;
using CriShim.CriServer.Containers;
using CriShim.CriServer.Networking;
using CriShim.CriServer.RuntimeClient;
using CriShim.CriServer.Specs;
using CriShim.Linux;
using CriShim.Runtime.Contract;
using Microsoft.Win32.SafeHandles;
using PortMapping = CriShim.CriServer.Networking.PortMapping;

namespace CriShim.CriServer.Sandboxes;

/// <summary>
/// What a sandbox holds outside of memory: folder, generated files, pinned namespaces, network, cgroup. Releasing is idempotent, and works on
/// what a killed server left half made.
/// </summary>
/// <param name="networkRestored">Ends when the network may be used.</param>
internal sealed class SandboxResources(IRuntimeClient runtime, PodNetwork network, ContainerCgroups cgroups, StateLayout layout, Task networkRestored)
{
    private const UnixFileMode FolderMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const string HostResolvConf = "/etc/resolv.conf";
    private const string HostHosts = "/etc/hosts";

    private static readonly SandboxProcess s_nothing = new(0, 0, null);

    /// <summary>The folder under the state folder, and the pod's log folder.</summary>
    public void MakeFolder(Sandbox sandbox)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(layout.NamespacePin(sandbox.Id, "ipc"))!, FolderMode);
        Directory.CreateDirectory(StateLayout.NetworkNamespaces);
        if (sandbox.Config.LogDirectory.Length > 0)
        {
            Directory.CreateDirectory(sandbox.Config.LogDirectory);
        }
    }

    /// <summary>Nothing is started for a pod that shares everything with the host.</summary>
    public Task<SandboxProcess> MakeNamespacesAsync(SandboxRequest request) =>
        request.Pins.Count == 0 ? Task.FromResult(s_nothing) : runtime.CreateSandboxAsync(request, CancellationToken.None);

    /// <returns>The pod's addresses; none on the host's network.</returns>
    public async Task<IReadOnlyList<string>> AttachAsync(Sandbox sandbox, SafeFileHandle? netlink)
    {
        if (sandbox.OnHostNetwork)
        {
            return [];
        }

        await networkRestored;
        return (await network.AttachAsync(NetworkRequest(sandbox), netlink, CancellationToken.None)).Ips;
    }

    /// <summary>hosts, hostname and resolv.conf; a pod on the host's network gets the host's hosts.</summary>
    /// <param name="label">SELinux context of the files; null: none.</param>
    public void WriteFiles(Sandbox sandbox, string hostname, string? label)
    {
        var hosts = sandbox.OnHostNetwork ? ReadHost(HostHosts) : SandboxFileText.Hosts(hostname, sandbox.Addresses);
        var resolvConf = SandboxFileText.ResolvConf(sandbox.Config.DnsConfig, ReadHost(HostResolvConf));
        var files = new SandboxFiles(layout.SandboxFolder(sandbox.Id));
        files.Write(hosts, hostname, resolvConf);
        if (SandboxSpec.RootOnHost(sandbox.Config) is var (uid, gid))
        {
            files.SetOwner(uid, gid);
        }

        if (label is not null)
        {
            files.SetLabel(label);
        }
    }

    /// <summary>Gives all back: what is gone already is fine.</summary>
    public async Task ReleaseAsync(Sandbox sandbox, CancellationToken cancellationToken)
    {
        if (!sandbox.OnHostNetwork)
        {
            await networkRestored;
            await network.DetachAsync(NetworkRequest(sandbox), cancellationToken);
        }

        ProcessIdentity.Kill(sandbox.InitPid, sandbox.InitStartTime);
        var pins = SandboxSpec.NamespacePaths(sandbox.Id, sandbox.Config, layout);
        foreach (var (_, pin) in pins)
        {
            MountPoint.Clear(pin);
            DeleteFile(pin);
        }

        MountPoint.Clear(layout.SharedMemory(sandbox.Id));
        if (pins.ContainsKey("pid"))
        {
            cgroups.Remove(cgroups.Paths.ForSandbox(sandbox.Config, sandbox.Id));
        }

        cgroups.RemoveParent(cgroups.Paths.OwnParent(sandbox.Config, sandbox.Id));
        if (Directory.Exists(layout.SandboxFolder(sandbox.Id)))
        {
            Directory.Delete(layout.SandboxFolder(sandbox.Id), recursive: true);
        }
    }

    /// <summary>After a reboot not even the folder is there.</summary>
    private static void DeleteFile(string path)
    {
        if (File.Exists(path))
        {
            File.Delete(path);
        }
    }

    private static PodNetworkRequest NetworkRequest(Sandbox sandbox)
    {
        var config = sandbox.Config;
        return new PodNetworkRequest(
            sandbox.Id, config.Metadata.Name, config.Metadata.Namespace, config.Metadata.Uid, StateLayout.NetworkNamespace(sandbox.Id))
        {
            PortMappings = [.. config.PortMappings.Select(ToPortMapping)],
            Annotations = config.Annotations,
        };
    }

    private static PortMapping ToPortMapping(Cri.V1.PortMapping mapping)
    {
        var protocol = mapping.Protocol switch
        {
            Protocol.Udp => PortProtocol.Udp,
            Protocol.Sctp => PortProtocol.Sctp,
            _ => PortProtocol.Tcp,
        };
        return new PortMapping(protocol, mapping.ContainerPort, mapping.HostPort, mapping.HostIp);
    }

    private static string ReadHost(string path) => File.Exists(path) ? File.ReadAllText(path) : "";
}
