using CriShim.Linux;
using CriShim.Runtime.Contract;
using CriShim.Runtime.Init;
using CriShim.Runtime.Security;
using static CriShim.Linux.LibC.Namespaces;
using static CriShim.Linux.LibC.NetlinkSockets;
using static CriShim.Linux.LibC.Sockets;

namespace CriShim.Runtime.Sandboxes;

/// <summary>
/// Makes a pod's namespaces:
/// <code>
/// 1  with a user or PID namespace: clone a process into them all and open them; otherwise make them on this thread
/// 2  enter the network, IPC and UTS namespaces
/// 3  loopback, host name, kernel settings
/// 4  a netlink socket in the network namespace, for whoever configures it
/// 5  pin the namespaces by bind mounts, mount the shared memory: from here on they outlive this process
/// </code>
/// What was pinned is undone when a step fails. Throws <see cref="RuntimeException"/> or <see cref="LinuxException"/>.
/// </summary>
internal static class SandboxCreator
{
    private static readonly (string Type, ulong Flag)[] s_entered = [("net", CLONE_NEWNET), ("ipc", CLONE_NEWIPC), ("uts", CLONE_NEWUTS)];

    public static CreatedSandbox Create(SandboxRequest request)
    {
        RefuseUnknownTypes(request);
        using var pause = request.Pins.ContainsKey("user") || request.Pins.ContainsKey("pid") ? SandboxProcess.Start(request) : null;
        try
        {
            Enter(request, pause);
            Configure(request);
            var netlink = request.Pins.ContainsKey("net") ? Check.Result(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), "socket", "netlink") : null;
            NamespacePins.Make(request, pause);
            return new CreatedSandbox(pause?.InitPid ?? 0, pause?.InitStartTime ?? 0, netlink);
        }
        catch
        {
            pause?.Kill();
            throw;
        }
    }

    private static void Enter(SandboxRequest request, SandboxProcess? process)
    {
        var flags = 0UL;
        foreach (var (type, flag) in s_entered)
        {
            if (!request.Pins.ContainsKey(type))
            {
                continue;
            }

            if (process is not null)
            {
                Check.Result(setns(process.Namespace(type), (int)flag), "setns", type);
            }

            flags |= flag;
        }

        if (process is null)
        {
            Check.Result(unshare((int)flags), "unshare", request.SandboxId);
        }
    }

    private static void Configure(SandboxRequest request)
    {
        if (request.Pins.ContainsKey("net"))
        {
            Loopback.SetUp();
        }

        if (!string.IsNullOrEmpty(request.Hostname))
        {
            Require(request.Pins.ContainsKey("uts"), "a host name needs a UTS namespace");
            HostName.Set(request.Hostname);
        }

        var types = request.Pins.Keys.Select(type => type == "net" ? "network" : type).ToHashSet();
        foreach (var name in request.Sysctls?.Keys ?? [])
        {
            Require(Sysctl.IsAllowed(name, types), $"sysctl \"{name}\" is not one of the pod's own namespaces");
        }

        Sysctl.Apply(request.Sysctls);
    }

    private static void RefuseUnknownTypes(SandboxRequest request)
    {
        foreach (var type in request.Pins.Keys)
        {
            Require(type is "net" or "ipc" or "uts" or "user" or "pid", $"unknown namespace type \"{type}\"");
        }
    }

    private static void Require(bool holds, string problem)
    {
        if (!holds)
        {
            throw new RuntimeException(RuntimeErrorKind.InvalidArgument, $"failed to create sandbox: {problem}");
        }
    }
}
