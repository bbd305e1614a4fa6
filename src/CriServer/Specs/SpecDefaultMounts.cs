using CriShim.Oci.RuntimeSpec;

namespace CriShim.CriServer.Specs;

/// <summary>The mounts that every container has: kernel filesystems, the pod's shared memory and its generated files.</summary>
internal static class SpecDefaultMounts
{
    private const string HostSharedMemory = "/dev/shm";

    public static IEnumerable<MountSpec> Build(ContainerSpecInputs inputs) =>
        KernelFilesystems(inputs).Append(SharedMemory(inputs)).Concat(GeneratedFiles(inputs));

    private static IEnumerable<MountSpec> KernelFilesystems(ContainerSpecInputs inputs)
    {
        var access = inputs.Privileged ? "rw" : "ro";
        yield return Mount("/proc", "proc", "proc", "nosuid", "noexec", "nodev");
        yield return Mount("/dev", "tmpfs", "tmpfs", "nosuid", "strictatime", "mode=755", "size=65536k");
        yield return Mount("/dev/pts", "devpts", "devpts", "nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5");
        yield return Mount("/dev/mqueue", "mqueue", "mqueue", "nosuid", "noexec", "nodev");
        yield return Sysfs(inputs, access);
        yield return Mount("/sys/fs/cgroup", "cgroup", "cgroup", "nosuid", "noexec", "nodev", "relatime", access);
    }

    /// <summary>
    /// A new sysfs needs the owner of the network namespace: a user namespace with the host's network can only bind the host's.
    /// </summary>
    private static MountSpec Sysfs(ContainerSpecInputs inputs, string access) =>
        inputs.Sandbox.HostNetwork && inputs.Sandbox.Namespaces.ContainsKey("user")
            ? Mount("/sys", "bind", "/sys", "rbind", "nosuid", "noexec", "nodev", access == "ro" ? "rro" : access)
            : Mount("/sys", "sysfs", "sysfs", "nosuid", "noexec", "nodev", access);

    private static MountSpec SharedMemory(ContainerSpecInputs inputs)
    {
        var source = inputs.Sandbox.SharedMemoryPath ?? HostSharedMemory;
        return Mount("/dev/shm", "bind", source, "rbind", "rprivate", "rw", "nosuid", "noexec", "nodev");
    }

    private static IEnumerable<MountSpec> GeneratedFiles(ContainerSpecInputs inputs)
    {
        var files = inputs.Sandbox.Files;
        var access = inputs.SecurityContext?.ReadonlyRootfs ?? false ? "ro" : "rw";
        yield return Mount("/etc/hosts", "bind", files.Hosts, "rbind", "rprivate", access);
        yield return Mount("/etc/hostname", "bind", files.Hostname, "rbind", "rprivate", access);
        yield return Mount("/etc/resolv.conf", "bind", files.ResolvConf, "rbind", "rprivate", access);
    }

    private static MountSpec Mount(string destination, string type, string source, params string[] options) =>
        new() { Destination = destination, Type = type, Source = source, Options = options };
}
