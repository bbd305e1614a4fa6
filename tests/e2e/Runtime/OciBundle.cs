using System.Text;
using System.Text.Json;
using CriShim.Oci;
using CriShim.Oci.RuntimeSpec;
using CriShim.TestKit;

namespace CriShim.E2e.Runtime;

/// <summary>A busybox bundle, states of its own, and the published runtime to run on it.</summary>
internal sealed class OciBundle : IDisposable
{
    private static readonly string[] s_applets =
        ["sh", "true", "false", "sleep", "cat", "echo", "id", "ls", "env", "hostname", "ps", "mount", "mkdir", "grep", "readlink", "tty", "touch", "kill", "wc", "stty", "test"];

    private static readonly string[] s_driver = Environment.GetEnvironmentVariable("CRISHIM_CGROUP_DRIVER") == "systemd" ? ["--systemd-cgroup"] : [];
    private readonly TempFolder _folder = new();

    public OciBundle()
    {
        Directory.CreateDirectory(Rootfs("bin"));
        File.Copy(Command.Find("busybox") ?? throw new InvalidOperationException("busybox is missing"), Rootfs("bin", "busybox"));
        foreach (var applet in s_applets)
        {
            File.CreateSymbolicLink(Rootfs("bin", applet), "busybox");
        }

        Command.Output(Binaries.Runtime, "spec", "--bundle", _folder.Path);
        Spec = JsonSerializer.Deserialize(File.ReadAllBytes(ConfigPath), OciJsonContext.Default.Spec)!;
        Spec = Spec with { Process = Spec.Process! with { Terminal = false }, Linux = Spec.Linux! with { CgroupsPath = CgroupsPath } };
    }

    /// <summary>Of the one container that the tests make.</summary>
    public string Id { get; } = "oci" + Guid.NewGuid().ToString("N")[..8];

    public string Path => _folder.Path;

    /// <summary>The folder of its states: `--root`.</summary>
    public string StateRoot => _folder.Combine("state");

    /// <summary>What each command on this bundle's states begins with.</summary>
    public string[] Flags => ["--root", StateRoot, .. s_driver];

    public Spec Spec { get; set; }

    /// <summary>True where the tests run with the systemd driver (hack/test-vm).</summary>
    public static bool UsesSystemd => s_driver.Length > 0;

    public string CgroupsPath => UsesSystemd ? $"system.slice:crishim-test:{Id}" : "/crishim-test-" + Id;

    /// <summary>Where the cgroup lies below a hierarchy's root.</summary>
    public string CgroupFolder => UsesSystemd ? $"/system.slice/crishim-test-{Id}.scope" : CgroupsPath;

    private string ConfigPath => _folder.Combine("config.json");

    public string Rootfs(params string[] parts) => System.IO.Path.Combine([_folder.Path, "rootfs", .. parts]);

    /// <summary>The command on this bundle's states. Output goes through files: a container that goes on running would keep a pipe open.</summary>
    public CommandResult Run(params string[] words)
    {
        var (output, error) = (_folder.Combine("stdout"), _folder.Combine("stderr"));
        var script = $"exec \"$0\" \"$@\" </dev/null >'{output}' 2>'{error}'";
        var result = Command.Run("sh", ["-c", script, Binaries.Runtime, .. Flags, .. words]);
        return new CommandResult(result.ExitCode, File.ReadAllText(output), File.ReadAllText(error));
    }

    /// <summary>`run` of a shell script with the spec as it is; the process is what is changed.</summary>
    public CommandResult RunScript(string script)
    {
        WriteSpec("sh", "-c", script);
        return Run("run", "--bundle", Path, Id);
    }

    /// <summary>Created and started, running the program.</summary>
    public void Start(params string[] program)
    {
        WriteSpec(program);
        RequireSuccess(Run("create", "--bundle", Path, Id));
        RequireSuccess(Run("start", Id));
    }

    public void WriteSpec(params string[] program)
    {
        Spec = Spec with { Process = Spec.Process! with { Args = program } };
        File.WriteAllBytes(ConfigPath, JsonSerializer.SerializeToUtf8Bytes(Spec, OciJsonContext.Default.Spec));
    }

    public JsonElement State()
    {
        using var document = JsonDocument.Parse(Encoding.UTF8.GetBytes(RequireSuccess(Run("state", Id)).Output));
        return document.RootElement.Clone();
    }

    public string Status() => State().GetProperty("status").GetString()!;

    public void AwaitStatus(string status)
    {
        SpinWait.SpinUntil(() => Status() == status, Patience.Seconds(10));
        Assert.Equal(status, Status());
    }

    public static CommandResult RequireSuccess(CommandResult result)
    {
        Assert.True(result.ExitCode == 0, $"exit code {result.ExitCode}: {result.Error}");
        return result;
    }

    public void Dispose()
    {
        if (Directory.Exists(_folder.Path))
        {
            Run("delete", "--force", Id);
            _folder.Dispose();
        }
    }
}
