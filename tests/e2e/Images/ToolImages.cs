using CriShim.TestKit;

namespace CriShim.E2e.Images;

/// <summary>Makes images with umoci, buildah and skopeo and pushes them. Each holds busybox and prints a line that no other image prints.</summary>
internal sealed class ToolImages : IDisposable
{
    private readonly TempFolder _folder = new("crishim-tools-");
    private readonly string _registry;

    public ToolImages(string registry)
    {
        _registry = registry;
        File.WriteAllText(Policy, """{"default":[{"type":"insecureAcceptAnything"}]}""");
        Directory.CreateDirectory(_folder.Combine("root", "bin"));
        File.Copy("/bin/busybox", _folder.Combine("root", "bin", "busybox"));
        File.CreateSymbolicLink(_folder.Combine("root", "bin", "sh"), "busybox");
    }

    private string Policy => _folder.Combine("policy.json");

    /// <summary>What a container of the image prints.</summary>
    public static string MessageOf(string repository) => $"hello from {repository}\n";

    public void Dispose() => _folder.Dispose();

    /// <summary>An image of umoci's (gzip, OCI), pushed by skopeo as it is.</summary>
    public string PushByUmoci(string repository)
    {
        var layout = MakeLayout(repository);
        return Copy($"oci:{layout}:t", repository);
    }

    /// <summary>Pushed by skopeo in another form.</summary>
    /// <param name="format">oci or v2s2.</param>
    /// <param name="compression">gzip or zstd; empty: layers as plain archives.</param>
    public string PushBySkopeo(string repository, string format, string compression)
    {
        var layout = MakeLayout(repository);
        if (compression.Length > 0)
        {
            return Copy($"oci:{layout}:t", repository, "--format", format, "--dest-compress-format", compression);
        }

        // Only a folder is written without compression; its layers are then pushed as they are.
        var plain = "dir:" + _folder.Combine("plain-" + repository.Replace('/', '-'));
        Skopeo("--format", format, "--dest-decompress", $"oci:{layout}:t", plain);
        return Copy(plain, repository, "--preserve-digests");
    }

    /// <param name="format">oci or docker.</param>
    /// <param name="compression">gzip or zstd.</param>
    public string PushByBuildah(string repository, string format, string compression)
    {
        WriteMessage(repository);
        var container = Buildah("from", "scratch").Trim();
        Buildah("add", "-q", container, _folder.Combine("root"), "/");
        Buildah("config", "--cmd", """["/bin/sh","-c","/bin/busybox cat /message"]""", container);
        var image = Buildah("commit", "-q", "--signature-policy", Policy, "--format", format, container).Trim();
        var name = $"{_registry}/{repository}:1";
        Buildah("push", "-q", "--signature-policy", Policy, "--tls-verify=false", "--compression-format", compression, image, "docker://" + name);
        Buildah("rm", container);
        return name;
    }

    private string MakeLayout(string repository)
    {
        WriteMessage(repository);
        var layout = _folder.Combine("umoci-" + repository.Replace('/', '-'));
        Command.Output("umoci", "init", "--layout", layout);
        Command.Output("umoci", "new", "--image", layout + ":t");
        Command.Output("umoci", "insert", "--image", layout + ":t", _folder.Combine("root"), "/");
        Command.Output(
            "umoci", "config", "--image", layout + ":t", "--config.cmd", "/bin/sh", "--config.cmd", "-c", "--config.cmd", "/bin/busybox cat /message");
        return layout;
    }

    private void WriteMessage(string repository) => File.WriteAllText(_folder.Combine("root", "message"), MessageOf(repository));

    private string Copy(string from, string repository, params string[] options)
    {
        var name = $"{_registry}/{repository}:1";
        Skopeo([.. options, "--dest-tls-verify=false", from, "docker://" + name]);
        return name;
    }

    private void Skopeo(params string[] arguments) => Command.Output("skopeo", ["--policy", Policy, "copy", "-q", .. arguments]);

    private string Buildah(params string[] arguments) => Command.Output(
        "buildah", ["--root", _folder.Combine("storage"), "--runroot", _folder.Combine("storage-run"), "--storage-driver", "vfs", .. arguments]);
}
