using CriShim.Cri.V1;
using CriShim.E2e.Fixtures;
using CriShim.TestKit;

namespace CriShim.E2e.Isolation;

/// <summary>A server with CDI folders of its own.</summary>
public sealed class CdiFixture : ServerFixture
{
    private readonly string _folder = Directory.CreateTempSubdirectory("crishim-cdi-").FullName;

    public string Folder => Path.Combine(_folder, "cdi");

    public void Write(string name, string text)
    {
        Directory.CreateDirectory(Folder);
        File.WriteAllText(Path.Combine(Folder, name), text);
    }

    public void Delete(string name) => File.Delete(Path.Combine(Folder, name));

    /// <summary>A node that everybody may use, as far as the cgroup lets: FUSE's.</summary>
    public string Node(string name)
    {
        var path = Path.Combine(Server.Scratch, name);
        if (!File.Exists(path))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            Command.Output("mknod", "-m", "666", path, "c", "10", "229");
        }

        return path;
    }

    public async Task<bool> OpensAsync(RunningPod pod, string redirection) =>
        (await ExecAsync(pod.Container, "/bin/sh", "-c", ": " + redirection)).ExitCode == 0;

    /// <summary>A pod on the host's network with the devices.</summary>
    public Task<RunningPod> RunWithAsync(params string[] devices) => RunWithAsync(Pod(), devices);

    public Task<RunningPod> RunWithAsync(PodSandboxConfig pod, params string[] devices) =>
        RunAsync(pod, config => config.CDIDevices.Add(devices.Select(name => new CDIDevice { Name = name })));

    protected override string Configuration() => $$$"""{"containers": {"cdiFolders": ["{{{Path.Combine(_folder, "none")}}}", "{{{Folder}}}"]}}""";

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}
