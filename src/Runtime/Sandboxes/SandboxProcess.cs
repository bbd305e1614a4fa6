using CriShim.Cgroups;
using CriShim.Linux;
using CriShim.Runtime.Containers;
using CriShim.Runtime.Contract;
using CriShim.Runtime.Security;
using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Files;
using static CriShim.Linux.LibC.Namespaces;
using static CriShim.Linux.LibC.Signals;
using static CriShim.Linux.LibC.SyscallNumbers;

namespace CriShim.Runtime.Sandboxes;

/// <summary>
/// A process cloned into a pod's namespaces: a user or PID namespace cannot be made any other way by a process with threads. With a PID
/// namespace it stays, as role `pause`; otherwise it ends as soon as its namespaces are held open here.
/// </summary>
internal sealed class SandboxProcess : IDisposable
{
    private static readonly (string Type, ulong Flag)[] s_types =
    [
        ("user", CLONE_NEWUSER), ("pid", CLONE_NEWPID), ("net", CLONE_NEWNET), ("ipc", CLONE_NEWIPC), ("uts", CLONE_NEWUTS),
    ];

    private readonly Dictionary<string, SafeFileHandle> _namespaces = [];
    private ClonedProcess? _process;

    private SandboxProcess()
    {
    }

    /// <summary>0 when the process does not stay.</summary>
    public int InitPid { get; private set; }

    public ulong InitStartTime { get; private set; }

    public static SandboxProcess Start(SandboxRequest request)
    {
        var result = new SandboxProcess();
        try
        {
            result.Clone(request);
            return result;
        }
        catch
        {
            result.Dispose();
            throw;
        }
    }

    public SafeFileHandle Namespace(string type) => _namespaces[type];

    public void Kill()
    {
        if (InitPid != 0)
        {
            _process?.PidFd.SendSignal(SIGKILL);
            _process?.PidFd.Reap();
        }
    }

    public void Dispose()
    {
        foreach (var fd in _namespaces.Values)
        {
            fd.Dispose();
        }

        _process?.Dispose();
    }

    private void Clone(SandboxRequest request)
    {
        var stays = request.Pins.ContainsKey("pid");
        using var image = RuntimeImage.Open();
        using var devNull = Fd.Open("/dev/null", O_RDWR);
        using var maps = PipePair.Create();
        using var ready = PipePair.Create();
        using var fds = new InheritedFds([(0, devNull), (1, devNull), (2, devNull), (PauseProcess.ReadyFd, ready.Writer)]);
        using var join = stays ? OpenCgroup(request) : null;
        using var program = new SyscallProgram();
        program.Call("wait for the namespaces", SYS_read, maps.Reader.DangerousGetHandle(), program.Bytes(new byte[1]), 1);
        if (stays)
        {
            AddPause(program, request, fds, join!, image);
        }
        else
        {
            program.Call("end", SYS_exit_group, 0);
        }

        var flags = s_types.Where(item => request.Pins.ContainsKey(item.Type)).Aggregate(stays ? CLONE_NEWNS : 0, (all, item) => all | item.Flag);
        _process = CloneExec.Start(program, new CloneOptions
        {
            Namespaces = flags,
            Cgroup = join?.CloneInto,
            FirstFreeFd = fds.Last + 1,
            OnCloned = pid => Prepare(pid, request, maps.Writer),
        });
        if (stays)
        {
            AwaitPause(ready, fds);
        }
        else
        {
            _process.PidFd.Reap();
        }
    }

    private static CgroupJoin OpenCgroup(SandboxRequest request)
    {
        var path = request.CgroupPath ?? throw new RuntimeException(
            RuntimeErrorKind.InvalidArgument, "failed to create sandbox: a PID namespace needs a cgroup path");
        var cgroup = CgroupManagerFactory.FromProc().Open(path);
        cgroup.Create();
        cgroup.Apply(null);
        return cgroup.OpenJoin();
    }

    private static void AddPause(SyscallProgram program, SandboxRequest request, InheritedFds fds, CgroupJoin join, SafeFileHandle image)
    {
        if (request.Pins.ContainsKey("user"))
        {
            program.Call("setresgid", SYS_setresgid, 0, 0, 0).Call("setresuid", SYS_setresuid, 0, 0, 0);
        }

        ProgramParts.AddFds(program, fds);
        ProgramParts.AddCgroupJoin(program, join);
        program.Call("setsid", SYS_setsid);
        program.Call(
            "execute the runtime",
            SYS_execveat,
            image.DangerousGetHandle(),
            program.Text(""),
            program.TextArray(["crishim-runtime", "pause"]),
            program.TextArray([]),
            AT_EMPTY_PATH);
    }

    private void Prepare(int pid, SandboxRequest request, SafeFileHandle go)
    {
        if (request.Pins.ContainsKey("user"))
        {
            IdMappings.Write(pid, request.UidMappings ?? [], request.GidMappings ?? []);
        }

        foreach (var type in request.Pins.Keys)
        {
            _namespaces.Add(type, Fd.Open($"/proc/{pid}/ns/{type}", O_RDONLY));
        }

        Fd.WriteAll(go, "0"u8);
    }

    /// <summary>No container may join before the pause process has let go of the host's file system.</summary>
    private void AwaitPause(PipePair ready, InheritedFds fds)
    {
        ready.Writer.Dispose();
        fds.Dispose();
        Span<byte> answer = stackalloc byte[1];
        if (Fd.Read(ready.Reader, answer) != 1)
        {
            throw new RuntimeException(RuntimeErrorKind.Unknown, $"failed to create sandbox: its pause process ended: exit code {_process!.PidFd.Reap().ExitCode}");
        }

        InitPid = _process!.Pid;
        InitStartTime = ProcStat.Read(InitPid)?.StartTime ?? 0;
    }
}
