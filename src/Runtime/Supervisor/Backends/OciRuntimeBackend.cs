using CriShim.Cgroups;
using CriShim.Linux;
using CriShim.Oci.RuntimeSpec;
using CriShim.Runtime.Contract;
using Microsoft.Win32.SafeHandles;

namespace CriShim.Runtime.Supervisor.Backends;

/// <summary>
/// Another OCI runtime, by its command line (runc's, which all have). It leaves the container's init, and every process that it has started
/// there, to this process, the nearest subreaper: streams and exits are the supervisor's as ever.
/// </summary>
internal sealed class OciRuntimeBackend : IContainerBackend
{
    private readonly OciRuntimeProgram _program;
    private readonly string _folder;
    private int _execs;

    private OciRuntimeBackend(OciRuntimeProgram program, string folder, Spec spec, ICgroupManager cgroup, int pid, SafeFileHandle? console)
    {
        (_program, _folder, Spec, Cgroup, Pid, Console) = (program, folder, spec, cgroup, pid, console);
        PidFd = PidFd.Open(pid) ?? throw new RuntimeException(RuntimeErrorKind.Unknown, "the container's init ended early");
        StartTime = ProcStat.Read(pid)?.StartTime ?? 0;
    }

    public int Pid { get; }

    public ulong StartTime { get; }

    public PidFd PidFd { get; }

    public Spec Spec { get; }

    public ICgroupManager Cgroup { get; }

    public SafeFileHandle? Console { get; }

    /// <param name="mounts">As <see cref="CreateRequest"/> says.</param>
    public static OciRuntimeBackend Create(CreateRequest request, SupervisedBundle bundle, IReadOnlyList<SafeFileHandle> mounts, ContainerStdio stdio)
    {
        OciRuntimeMounts.Attach(request.Folder, mounts);
        var program = new OciRuntimeProgram(request.Runtime!, request.ContainerId, request.Folder);
        var cgroup = CgroupManagerFactory.FromProc().Open(bundle.CgroupPath);
        try
        {
            var (pid, console) = program.RunForProcess(
                "create", ["--bundle", request.Folder], [stdio.Stdin, stdio.Stdout, stdio.Stderr], bundle.Spec.Process?.Terminal ?? false);
            return new OciRuntimeBackend(program, request.Folder, bundle.Spec, cgroup, pid, console);
        }
        catch
        {
            Remove(program, cgroup);
            throw;
        }
    }

    public void Start() => _program.Run("start", []);

    /// <summary>The runtime puts its processes where it likes.</summary>
    public CgroupLeaf? CreateLeaf(string name) => null;

    public StartedProcess Exec(ProcessSpec process, ReadOnlyMemory<byte> json, IReadOnlyList<SafeFileHandle> stdio, CgroupLeaf? leaf)
    {
        var file = Path.Combine(_folder, $"exec-{++_execs}.json");
        AtomicFile.Write(file, json.Span, durable: false);
        try
        {
            var (pid, terminal) = _program.RunForProcess("exec", ["--detach", "--process", file], stdio, process.Terminal);
            var pidFd = PidFd.Open(pid) ?? throw new RuntimeException(RuntimeErrorKind.Unknown, $"process {pid} was not left to its supervisor");
            return new StartedProcess(new ClonedProcess(pid, pidFd), terminal);
        }
        finally
        {
            File.Delete(file);
        }
    }

    public void Signal(int signal)
    {
        try
        {
            _program.Run("kill", [], $"{signal}");
        }
        catch (RuntimeException) when (ProcessEnd.Wait(PidFd, TimeSpan.Zero))
        {
            // It has ended.
        }
    }

    public IReadOnlyList<RuntimeException> Delete() => Remove(_program, Cgroup);

    public void Dispose() => PidFd.Dispose();

    private static List<RuntimeException> Remove(OciRuntimeProgram program, ICgroupManager cgroup)
    {
        List<RuntimeException> failures = [];
        try
        {
            program.Run("delete", ["--force"]);
        }
        catch (RuntimeException e)
        {
            failures.Add(e);
        }

        cgroup.Kill();
        cgroup.Remove();
        return failures;
    }
}
