using System.Text;
using System.Text.Json;
using CriShim.Cgroups;
using CriShim.Linux;
using CriShim.Oci;
using CriShim.Oci.RuntimeSpec;
using CriShim.Runtime.Contract;
using CriShim.TestKit;
using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Files;

namespace CriShim.E2e.Runtime;

/// <summary>A bundle with busybox and a supervisor for it, driven through its control socket as the server does.</summary>
internal sealed class SupervisedContainer : IDisposable
{
    private static readonly string[] s_applets =
        ["sh", "sleep", "true", "false", "cat", "echo", "printf", "seq", "dd", "kill", "ls", "head", "tail", "wc", "id", "env", "readlink", "yes", "touch", "rm", "grep"];

    private readonly TempFolder _folder = new("crishim-e2e-");
    private readonly Queue<ControlMessage> _unread = new();
    private ControlChannel? _channel;
    private ChildProcess? _process;
    private long _sequence;
    private bool _supervisorEnded;

    public SupervisedContainer(params string[] command)
    {
        Id = $"e2e{Environment.ProcessId}x{Random.Shared.Next():x}";
        CgroupPath = OciBundle.UsesSystemd ? $"system.slice:crishim:{Id}" : $"/crishim-{Id}";
        Process = new ProcessSpec { Args = command, Env = [Encoding.ASCII.GetBytes("PATH=/bin")], Cwd = "/" };
    }

    public string Id { get; }

    public string Folder => _folder.Path;

    public string LogPath => LogPathOverride ?? _folder.Combine("log", "0.log");

    public string? LogPathOverride { get; set; }

    public string? LogFolder { get; set; }

    public string CgroupPath { get; }

    public ICgroupManager Cgroup => CgroupManagerFactory.FromProc().Open(CgroupPath);

    /// <summary>To be changed before <see cref="Create"/>.</summary>
    public ProcessSpec Process { get; set; }

    public ResourcesSpec? Resources { get; set; }

    public SeccompSpec? Seccomp { get; set; }

    public bool OwnPidNamespace { get; set; } = true;

    public bool OpenStdin { get; set; }

    public SupervisorRecord? Record { get; private set; }

    public int SupervisorPid => _process!.Pid;

    /// <summary>Starts a supervisor and has it make the container.</summary>
    public ControlMessage Create()
    {
        WriteBundle();
        var (ours, theirs) = SeqPacketSocket.CreatePair();
        using (theirs)
        {
            _process = ChildProcess.Start(new ChildProcessOptions(Binaries.Runtime, ["crishim-runtime", "supervise"]) { Fds = [(3, theirs.Handle)] });
        }

        _channel = new ControlChannel(ours);
        var reply = Ask(new CreateRequest(Id, Folder, LogPath, 16384, OpenStdin, StdinOnce: false, LogFolder));
        Record = (reply as CreatedReply)?.Supervisor;
        return reply;
    }

    public void CreateAndStart()
    {
        Assert.IsType<CreatedReply>(Create());
        Assert.IsType<OkReply>(Ask(new StartRequest()));
    }

    /// <summary>Sends a request and returns its reply; events that come meanwhile are kept.</summary>
    public ControlMessage Ask(ControlMessage request, params ReadOnlySpan<SafeFileHandle> fds)
    {
        var sequence = ++_sequence;
        _channel!.Send(ControlCodec.Encode(request with { Sequence = sequence }), fds);
        while (true)
        {
            var message = Receive();
            if (message.Sequence == sequence)
            {
                return message;
            }

            _unread.Enqueue(message);
        }
    }

    /// <summary>The next event of the type; others are dropped.</summary>
    public T Await<T>()
        where T : ControlMessage
    {
        while (true)
        {
            if ((_unread.TryDequeue(out var message) ? message : Receive()) is T wanted)
            {
                return wanted;
            }
        }
    }

    /// <summary>The connection of a server that has died.</summary>
    public void Disconnect() => _channel!.Dispose();

    public void Reconnect() => _channel = new ControlChannel(SeqPacketSocket.Connect(Path.Combine(Folder, StateLayout.ControlSocket)));

    /// <summary>Runs a command in the container; answers its end and what it wrote to stdout.</summary>
    public (ExecExitedEvent Exit, string Output) Exec(params string[] command)
    {
        using var pipe = PipePair.Create();
        StartExec("exec" + _sequence, pipe.Writer, command);
        pipe.Writer.Dispose();
        return (Await<ExecExitedEvent>(), ReadAll(pipe.Reader));
    }

    public int StartExec(string id, SafeFileHandle stdout, params string[] command)
    {
        using var devNull = Fd.Open("/dev/null", O_RDWR);
        var reply = Ask(new ExecRequest(id, Process with { Args = command }), devNull, stdout, devNull);
        return Assert.IsType<ExecStartedReply>(reply).Pid;
    }

    public IReadOnlyList<(string Stream, string Tag, string Text)> Log() =>
        [.. File.ReadLines(LogPath).Select(line => line.Split(' ', 4)).Select(parts => (parts[1], parts[2], parts[3]))];

    public ExitRecord ReadExitRecord() =>
        JsonSerializer.Deserialize(File.ReadAllBytes(Path.Combine(Folder, StateLayout.ExitRecordFile)), ContractJsonContext.Default.ExitRecord)!;

    /// <summary>Exit code of the supervisor.</summary>
    public int WaitForSupervisor()
    {
        _supervisorEnded = true;
        return _process!.PidFd.Reap().ExitCode;
    }

    /// <summary>Ends the container if it still lives, and its supervisor with it; then nothing of it may be left.</summary>
    public void Dispose()
    {
        End();
        var problems = _folder.Combine("supervisor.log");
        Assert.Equal("", File.Exists(problems) ? File.ReadAllText(problems) : "");
        Assert.DoesNotContain(_folder.Path, File.ReadAllText("/proc/self/mountinfo"), StringComparison.Ordinal);
        Assert.False(Cgroup.Exists());
        _process?.Dispose();
        _channel?.Dispose();
        _folder.Dispose();
    }

    private static string ReadAll(SafeFileHandle reader)
    {
        using var stream = new FileStream(reader, FileAccess.Read, 1);
        using var text = new StreamReader(stream);
        return text.ReadToEnd();
    }

    private void End()
    {
        if (_process is not null && !_supervisorEnded && _process.PidFd.TryReap() is null)
        {
            _channel!.Dispose();
            if (Record is { } record)
            {
                using var init = PidFd.Open(record.InitPid);
                init?.SendSignal(9);
            }

            _process.PidFd.Reap();
        }
    }

    private ControlMessage Receive()
    {
        using var packet = _channel!.Receive()!;
        Assert.False(packet.IsEnd, "the supervisor closed the connection");
        return ControlCodec.Decode(packet.Bytes);
    }

    private void WriteBundle()
    {
        var bin = Directory.CreateDirectory(_folder.Combine("rootfs", "bin")).FullName;
        File.Copy("/bin/busybox", Path.Combine(bin, "busybox"), overwrite: true);
        foreach (var applet in s_applets)
        {
            File.CreateSymbolicLink(Path.Combine(bin, applet), "busybox");
        }

        foreach (var folder in (string[])["proc", "dev", "sys", "tmp"])
        {
            Directory.CreateDirectory(_folder.Combine("rootfs", folder));
        }

        List<NamespaceSpec> namespaces = [new() { Type = "mount" }, new() { Type = "ipc" }, new() { Type = "uts" }];
        if (OwnPidNamespace)
        {
            namespaces.Add(new NamespaceSpec { Type = "pid" });
        }

        var spec = new Spec
        {
            Process = Process,
            Root = new RootSpec { Path = "rootfs" },
            Hostname = "e2e",
            Mounts = [new MountSpec { Destination = "/proc", Type = "proc", Source = "proc" }],
            Linux = new LinuxSpec { CgroupsPath = CgroupPath, Namespaces = namespaces, Resources = Resources, Seccomp = Seccomp },
        };
        File.WriteAllBytes(_folder.Combine(StateLayout.SpecFile), JsonSerializer.SerializeToUtf8Bytes(spec, OciJsonContext.Default.Spec));
    }
}
