using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using CriShim.E2e.Fixtures;
using CriShim.Linux;
using CriShim.Oci.RuntimeSpec;
using CriShim.TestKit;
using Microsoft.Win32.SafeHandles;

namespace CriShim.E2e.Runtime;

/// <summary>Descriptors that pass between a caller, the command line and the container: terminals through a socket, and those to keep open.</summary>
public sealed class OciTerminalTests : OciBundleTests
{
    private string ConsolePath => Path.Combine(Bundle.Path, "console.sock");

    [Fact]
    public async Task Create_ConsoleSocket_GetsTheTerminalOfTheContainer()
    {
        UseTerminal();
        Bundle.WriteSpec("sh", "-c", "read line; echo \"got $line\"; tty");
        using var listener = Listen();

        OciBundle.RequireSuccess(Bundle.Run("create", "--console-socket", ConsolePath, "--bundle", Bundle.Path, Bundle.Id));
        using var master = await ReceiveAsync(listener);
        OciBundle.RequireSuccess(Bundle.Run("start", Bundle.Id));
        Fd.WriteAll(master, "hello\n"u8);

        var text = ReadToEnd(master);
        Assert.Contains("got hello", text, StringComparison.Ordinal);
        Assert.Contains("/dev/pts/0", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Exec_ConsoleSocket_GetsATerminalOfItsOwn()
    {
        Bundle.Start("sleep", "100");
        using var listener = Listen();

        OciBundle.RequireSuccess(Bundle.Run("exec", "--tty", "--detach", "--console-socket", ConsolePath, Bundle.Id, "sh", "-c", "tty; id -u"));
        using var master = await ReceiveAsync(listener);

        Assert.Contains("/dev/pts/0\r\n0\r\n", ReadToEnd(master), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Create_PidfdSocket_GetsTheInit()
    {
        Bundle.WriteSpec("sleep", "100");
        using var listener = Listen();

        OciBundle.RequireSuccess(Bundle.Run("create", "--pidfd-socket", ConsolePath, "--bundle", Bundle.Path, Bundle.Id));
        using var process = new PidFd(await ReceiveAsync(listener, "pidfd"));
        OciBundle.RequireSuccess(Bundle.Run("start", Bundle.Id));

        Assert.False(ProcessEnd.Wait(process, TimeSpan.Zero));
        Assert.True(process.SendSignal(9));
        Bundle.AwaitStatus("stopped");
    }

    /// <summary>CVE-2025-52565: a /dev of the attacker's, whose console is a link out, or whose terminals are none.</summary>
    [Theory]
    [InlineData("console")]
    [InlineData("pts")]
    public void Create_LinksInsteadOfTerminals_LeadNowhere(string name)
    {
        var outside = Directory.CreateDirectory(Path.Combine(Bundle.Path, "outside")).FullName;
        var dev = Directory.CreateDirectory(Path.Combine(Bundle.Path, "dev")).FullName;
        File.WriteAllText(Path.Combine(outside, "ptmx"), "");
        File.CreateSymbolicLink(Path.Combine(dev, name), name == "pts" ? outside : Path.Combine(outside, "made"));
        var volume = new MountSpec { Destination = "/dev", Type = "bind", Source = dev, Options = ["rbind", "rw"] };
        Bundle.Spec = Bundle.Spec with
        {
            Mounts = [volume, .. Bundle.Spec.Mounts!.Where(mount => mount.Destination == "/proc" || (mount.Destination == "/dev/pts" && name != "pts"))],
        };
        UseTerminal();
        Bundle.WriteSpec("true");
        using var listener = Listen();

        var result = Bundle.Run("create", "--console-socket", ConsolePath, "--bundle", Bundle.Path, Bundle.Id);
        Assert.True(name == "console" || result.ExitCode != 0, result.Error);
        Assert.Equal(["ptmx"], Directory.EnumerateFileSystemEntries(outside).Select(Path.GetFileName));
        Assert.Equal(0, new FileInfo(Path.Combine(outside, "ptmx")).Length);
    }

    [Theory]
    [InlineData(true, "needs --console-socket")]
    [InlineData(false, "is of no use without a terminal")]
    public void Create_TerminalAndSocketAtOdds_IsRefused(bool terminal, string message)
    {
        if (terminal)
        {
            UseTerminal();
        }

        Bundle.WriteSpec("true");
        string[] socket = terminal ? [] : ["--console-socket", ConsolePath];

        Assert.Contains(message, Bundle.Run(["create", .. socket, "--bundle", Bundle.Path, Bundle.Id]).Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("run --preserve-fds 2", "3 4", "A=b")]
    [InlineData("run", "", "A=b")]
    [InlineData("run --preserve-fds 1", "3 4", "LISTEN_FDS=1 LISTEN_PID=$$")]
    public void Run_PreservedFds_AreThoseAndNoOthers(string words, string expected, string environment)
    {
        // Listing the folder takes a descriptor of its own, which is gone when it is looked at again.
        Bundle.WriteSpec("sh", "-c", "for fd in 3 4 5 6; do test -e /proc/self/fd/$fd && cat <&$fd; done; echo \"$LISTEN_FDS $LISTEN_PID\"");
        foreach (var number in new[] { 3, 4, 5 })
        {
            File.WriteAllText(Path.Combine(Bundle.Path, $"file{number}"), $"{number} ");
        }

        var script = $"cd {Bundle.Path}; exec 3<file3 4<file4 5<file5; export {environment}; exec \"$0\" {string.Join(' ', Bundle.Flags)} {words} {Bundle.Id}";
        var result = OciBundle.RequireSuccess(Command.Run("sh", "-c", script, Binaries.Runtime));

        Assert.Equal((expected + (environment.StartsWith("LISTEN", StringComparison.Ordinal) ? " 1 1" : " ")).Trim(), result.Output.Trim());
    }

    [Theory]
    [InlineData("run")]
    [InlineData("exec")]
    public void Command_StdioClosed_IsNullInside(string command)
    {
        const string Look = "echo $(readlink /proc/$$/fd/0) $(readlink /proc/$$/fd/1) >&2";
        if (command == "exec")
        {
            Bundle.Start("sleep", "100");
        }
        else
        {
            Bundle.WriteSpec("sh", "-c", Look);
        }

        var words = command == "exec" ? $"exec {Bundle.Id} sh -c '{Look}'" : $"run {Bundle.Id}";
        var script = $"cd {Bundle.Path}; exec \"$0\" {string.Join(' ', Bundle.Flags)} {words} <&- >&-";

        Assert.Equal("/dev/null /dev/null\n", OciBundle.RequireSuccess(Command.Run("sh", "-c", script, Binaries.Runtime)).Error);
    }

    [Fact]
    public void Create_CommandLineOfTheInit_DoesNotTellTheHostsPaths()
    {
        Bundle.WriteSpec("true");
        OciBundle.RequireSuccess(Bundle.Run("create", "--bundle", Bundle.Path, Bundle.Id));

        var pid = JsonDocument.Parse(Bundle.Run("state", Bundle.Id).Output).RootElement.GetProperty("pid").GetInt32();
        Assert.Equal("crishim-runtime\0init", File.ReadAllText($"/proc/{pid}/cmdline").TrimEnd('\0'));
    }

    [Fact]
    public void Exec_SubCgroup_IsJoined()
    {
        Bundle.Start("sleep", "100");
        var (place, hierarchy) = V1FactAttribute.HasV1 ? ("pids:sub", "/sys/fs/cgroup/pids") : ("sub", "/sys/fs/cgroup");
        Directory.CreateDirectory($"{hierarchy}{Bundle.CgroupFolder}/sub");

        var inside = Bundle.Run("exec", "--cgroup", place, Bundle.Id, "sh", "-c", "grep -c '/sub$' /proc/self/cgroup");
        Assert.Equal("1\n", OciBundle.RequireSuccess(inside).Output);
        Assert.Contains("leaves", Bundle.Run("exec", "--cgroup", "../..", Bundle.Id, "true").Error, StringComparison.Ordinal);
        Assert.Equal(255, Bundle.Run("exec", "--cgroup", "nosuch", Bundle.Id, "true").ExitCode);
    }

    private void UseTerminal() => Bundle.Spec = Bundle.Spec with { Process = Bundle.Spec.Process! with { Terminal = true } };

    private Socket Listen()
    {
        var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(ConsolePath));
        listener.Listen();
        return listener;
    }

    /// <summary>What `recvtty` does: the one descriptor that comes beside its name.</summary>
    private static async Task<SafeFileHandle> ReceiveAsync(Socket listener, string expected = "/dev/ptmx")
    {
        using var connection = await listener.AcceptAsync().WaitAsync(Patience.Seconds(10));
        connection.Blocking = true;
        var (name, descriptor) = SeccompAgent.Receive((int)connection.Handle);
        Assert.Equal(expected, name);
        return new SafeFileHandle(descriptor, ownsHandle: true);
    }

    /// <summary>The last process that has the terminal open ends it: EIO.</summary>
    private static string ReadToEnd(SafeFileHandle master)
    {
        var text = new StringBuilder();
        var buffer = new byte[4096];
        while (Fd.TryRead(master, buffer, out _) is var count and > 0)
        {
            text.Append(Encoding.UTF8.GetString(buffer, 0, count));
        }

        return text.ToString();
    }
}
