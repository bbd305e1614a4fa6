using System.Globalization;
using System.Text;
using CriShim.Cgroups;
using CriShim.Linux;
using CriShim.Oci.RuntimeSpec;
using CriShim.Runtime.Containers;
using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Signals;

namespace CriShim.Runtime.Commands;

/// <summary>What `create` and `run` have in common: the container made, and kept on disk for later commands.</summary>
internal static class ContainerMaker
{
    private const uint WorldReadable = 0x1A4; // 0644

    /// <param name="withGate">A later command starts it.</param>
    /// <param name="whileInitWorks">More to do meanwhile.</param>
    public static CreatedContainer Make(CommandContext context, CreateOptions options, bool withGate, Action<PidFd>? whileInitWorks = null)
    {
        RuntimeImage.Enter();
        OwnProcess.MakeUndumpable();
        var (spec, json) = BundleReader.Read(options.BundlePath);
        CheckTerminal(spec.Process?.Terminal ?? false, options.ConsoleSocket, withGate || options.Detach);
        var cgroupPath = ContainerCgroup.PathOf(options.Id, spec, context.UsesSystemd);
        using var reservation = context.Store.Reserve(options.Id);
        try
        {
            using var gate = withGate ? SeqPacketSocket.Listen(context.Store.GatePath(options.Id)) : null;
            return Create(options, new ContainerRequest(options.Id, options.BundlePath, spec)
            {
                Stdin = Inherited(0),
                Stdout = Inherited(1),
                Stderr = Inherited(2),
                Gate = gate,
                StartsAtOnce = !withGate && !(spec.Process?.Terminal ?? false) && options.PidfdSocket is null,
                PreservedFds = PreservedFds(options.ListenFds + options.PreservedFds),
                ListenFds = options.ListenFds,
                CgroupPath = cgroupPath,
                SeccompCacheFolder = context.Store.SeccompCacheFolder,
                NoPivot = options.NoPivot,
                NoNewKeyring = options.NoNewKeyring,
                WhileInitWorks = (init, startTime) =>
                {
                    whileInitWorks?.Invoke(init.PidFd);
                    context.Log.WarnOfUnknown(spec.Process?.Capabilities);
                    Keep(context, options, spec, json, cgroupPath, init.Pid, startTime);
                },
            });
        }
        catch
        {
            context.Store.Remove(options.Id);
            throw;
        }
    }

    /// <summary>Ends and removes a container that is not going to be used.</summary>
    public static void Destroy(CreatedContainer container)
    {
        container.PidFd.SendSignal(SIGKILL);
        container.PidFd.Reap();
        ContainerDeleter.Delete(container);
        container.Dispose();
    }

    public static void WritePidFile(string? path, int pid)
    {
        if (path is not null)
        {
            // Whoever waits for the file must never see it empty.
            AtomicFile.Write(
                Path.GetFullPath(path), Encoding.ASCII.GetBytes(pid.ToString(CultureInfo.InvariantCulture)), WorldReadable, durable: false);
        }
    }

    /// <summary>To whoever listens there (a unix stream socket) and wants to watch the process without the races of a number.</summary>
    public static void SendPidfd(string? socket, PidFd process)
    {
        if (socket is not null)
        {
            using var connection = UnixStream.Connect(socket);
            UnixStream.Send(connection, "pidfd"u8, process.Handle);
        }
    }

    public static void CheckTerminal(bool terminal, string? consoleSocket, bool isDetached)
    {
        if (isDetached && terminal && consoleSocket is null)
        {
            throw CommandLine.Wrong("a terminal that is left to somebody else needs --console-socket");
        }

        if ((!isDetached || !terminal) && consoleSocket is not null)
        {
            throw CommandLine.Wrong("--console-socket is of no use without a terminal that is left to somebody else");
        }
    }

    /// <summary>Descriptors from 3 on that this process was started with. Throws <see cref="Contract.RuntimeException"/> when one is not open.</summary>
    public static IReadOnlyList<SafeFileHandle> PreservedFds(int count)
    {
        var fds = Enumerable.Range(3, count).Select(Inherited).ToList();
        return fds.FindIndex(fd => !Fd.IsInherited(fd)) is var missing and >= 0
            ? throw CommandLine.Wrong($"--preserve-fds: descriptor {3 + missing} is not open")
            : fds;
    }

    /// <summary>A descriptor this process was started with.</summary>
    public static SafeFileHandle Inherited(int number) => new(number, ownsHandle: false);

    private static CreatedContainer Create(CreateOptions options, ContainerRequest request)
    {
        var container = ContainerCreator.Create(request);
        try
        {
            if (options.ConsoleSocket is { } socket && container.Console is { } master)
            {
                using (master)
                {
                    ConsoleSocket.Send(socket, master);
                }
            }

            SendPidfd(options.PidfdSocket, container.PidFd);
            return container;
        }
        catch
        {
            Destroy(container);
            throw;
        }
    }

    /// <summary>A container's state just made.</summary>
    public static ContainerState StateOf(string id, string bundlePath, Spec spec, string cgroupPath, int pid, ulong startTime, string? keyring) => new(
        id,
        pid,
        startTime,
        bundlePath,
        Path.GetFullPath(spec.Root!.Path, bundlePath),
        cgroupPath,
        TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds() * 1_000_000,
        keyring,
        spec.Annotations)
    {
        CgroupMachine = ContainerCgroup.IsRelative(cgroupPath) ? CgroupManagerFactory.FromProc().ToText() : null,
    };

    private static void Keep(CommandContext context, CreateOptions options, Spec spec, byte[] json, string cgroupPath, int pid, ulong startTime)
    {
        var keyring = options.NoNewKeyring ? null : SessionKeyring.NameFor(options.Id);
        context.Store.Save(StateOf(options.Id, options.BundlePath, spec, cgroupPath, pid, startTime, keyring), json);
        WritePidFile(options.PidFile, pid);
    }
}
