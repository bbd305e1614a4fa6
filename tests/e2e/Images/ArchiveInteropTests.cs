using System.Formats.Tar;
using CriShim.Cri.V1;
using CriShim.E2e.Fixtures;
using CriShim.TestKit;

namespace CriShim.E2e.Images;

/// <summary>Archives of skopeo, buildah and umoci are imported and run; what is exported they read, with every file the same.</summary>
public sealed class ArchiveInteropTests(CommandFixture fixture) : IClassFixture<CommandFixture>
{
    /// <summary>Every entry with its type, mode, owner, time and links; then one hash over these, contents, fractions of times and xattrs.</summary>
    private const string Describe =
        "tar --sort=name --numeric-owner --xattrs --xattrs-include='*' --format=posix --pax-option=exthdr.name=x,delete=atime,delete=ctime -cf ../t . "
        + "&& tar --numeric-owner --full-time -tvf ../t && sha256sum < ../t";

    private static readonly DateTimeOffset s_time = DateTimeOffset.FromUnixTimeSeconds(1_600_000_000);

    public static TheoryData<string, string> SkopeoTargets => new()
    {
        { "docker-archive:PATH:example.com/from/docker-archive:1", "" },
        { "oci-archive:PATH:example.com/from/oci-archive:1", "" },
        { "oci:PATH:1", "example.com/from/oci" },
        { "dir:PATH", "example.com/from/dir:1" },
    };

    [Theory]
    [MemberData(nameof(SkopeoTargets))]
    public async Task Import_OfSkopeo_Runs(string target, string name)
    {
        var path = Path.Combine(fixture.Scratch, target.Split(':')[0]);
        CommandFixture.Skopeo($"docker://{fixture.Servers.Image}", target.Replace("PATH", path, StringComparison.Ordinal));
        string[] flags = name.Length > 0 ? ["--name", name] : [];
        var line = fixture.ImageOutput(["import", path, .. flags]).Trim();
        Assert.EndsWith($" example.com/from/{target.Split(':')[0]}:1", line, StringComparison.Ordinal);
        await RunsAsync(line.Split(' ')[1], "/bin/true");
    }

    [Fact]
    public async Task Import_OfBuildah_Runs()
    {
        var folder = Directory.CreateDirectory(Path.Combine(fixture.Scratch, "buildah")).FullName;
        string[] store = ["--root", $"{folder}/root", "--runroot", $"{folder}/run", "--storage-driver", "vfs"];
        File.WriteAllText($"{folder}/policy.json", """{"default":[{"type":"insecureAcceptAnything"}]}""");
        var container = Buildah("from", "scratch").Trim();
        Buildah("copy", container, "/bin/busybox", "/bin/true");
        Buildah("commit", "--quiet", "--signature-policy", $"{folder}/policy.json", container, "made:1");
        Buildah("push", "--quiet", "--signature-policy", $"{folder}/policy.json", "made:1", $"oci-archive:{folder}/made.tar:example.com/buildah:1");
        fixture.ImageOutput("import", $"{folder}/made.tar");
        await RunsAsync("example.com/buildah:1", "/bin/true");

        string Buildah(params string[] arguments) => Command.Output("buildah", [.. store, .. arguments]);
    }

    [Fact]
    public async Task Import_OfUmoci_Runs()
    {
        var layout = Path.Combine(fixture.Scratch, "umoci");
        Command.Output("umoci", "init", "--layout", layout);
        Command.Output("umoci", "new", "--image", $"{layout}:1");
        Command.Output("umoci", "insert", "--image", $"{layout}:1", "/bin/busybox", "/bin/true");
        fixture.ImageOutput("import", layout, "--name", "example.com/umoci");
        await RunsAsync("example.com/umoci:1", "/bin/true");
    }

    [Theory]
    [InlineData("oci")]
    [InlineData("docker")]
    public async Task Export_ReadBySkopeoAndUmoci_EveryFileIsTheSame(string format)
    {
        var registry = fixture.Servers.Registry.Host;
        await ImageBuilder.Busybox().Layer(WriteOddFiles).Layer(WriteWhiteouts).PushAsync(registry, "test/odd", format);
        fixture.ImageOutput("pull", "-q", $"{registry}/test/odd:{format}");
        var archive = Path.Combine(fixture.Scratch, $"exported-{format}");
        fixture.ImageOutput("export", "--format", format, $"{registry}/test/odd:{format}", archive);

        var before = Unpack($"docker://{registry}/test/odd:{format}", $"before-{format}");
        var after = Unpack($"{format}-archive:{archive}", $"after-{format}");
        Assert.Contains("./odd/capable", before, StringComparison.Ordinal);
        Assert.DoesNotContain("./odd/gone", before, StringComparison.Ordinal);
        Assert.Equal(before, after);
    }

    private string Unpack(string source, string name)
    {
        var layout = Path.Combine(fixture.Scratch, name);
        CommandFixture.Skopeo(source, $"oci:{layout}:1");
        Command.Output("umoci", "unpack", "--image", $"{layout}:1", $"{layout}.bundle");
        return Command.Output("/bin/sh", "-c", $"cd '{layout}.bundle/rootfs' && {Describe}");
    }

    private async Task RunsAsync(string image, string program)
    {
        var pod = fixture.Servers.Pod();
        var sandbox = await fixture.Servers.RunPodAsync(pod);
        var container = await fixture.Servers.CreateAsync(sandbox, pod, Configs.Container(pod, image, "main", program));
        await fixture.Servers.StartAsync(container);
        var status = await fixture.Servers.WaitForExitAsync(container);
        Assert.Equal((ContainerState.ContainerExited, 0), (status.State, status.ExitCode));
        await fixture.Servers.RemovePodAsync(sandbox);
    }

    private static void WriteOddFiles(TarWriter tar)
    {
        tar.WriteEntry(new PaxTarEntry(TarEntryType.Directory, "odd/") { Mode = (UnixFileMode)0x7C0, Uid = 12, Gid = 34, ModificationTime = s_time });
        Add(new PaxTarEntry(TarEntryType.RegularFile, "odd/gone", Attributes()), "gone");
        Add(new PaxTarEntry(TarEntryType.RegularFile, "odd/" + new string('l', 150), Attributes()), "long");
        Add(new PaxTarEntry(TarEntryType.RegularFile, "odd/capable", Attributes(("SCHILY.xattr.user.mine", "value"))) { Mode = (UnixFileMode)0x9ED, Uid = 3_000_000 }, "setuid");
        tar.WriteEntry(new PaxTarEntry(TarEntryType.HardLink, "odd/again", Attributes()) { LinkName = "odd/capable" });
        tar.WriteEntry(new PaxTarEntry(TarEntryType.SymbolicLink, "odd/link", Attributes()) { LinkName = "/etc/../etc/passwd" });
        tar.WriteEntry(new PaxTarEntry(TarEntryType.Fifo, "odd/fifo", Attributes()));
        tar.WriteEntry(new PaxTarEntry(TarEntryType.CharacterDevice, "odd/null", Attributes()) { DeviceMajor = 1, DeviceMinor = 3 });

        static Dictionary<string, string> Attributes(params (string Key, string Value)[] more) =>
            more.Append(("mtime", "1500000000.25")).ToDictionary(pair => pair.Item1, pair => pair.Item2);

        void Add(PaxTarEntry entry, string text)
        {
            entry.DataStream = new MemoryStream(System.Text.Encoding.UTF8.GetBytes(text));
            tar.WriteEntry(entry);
        }
    }

    private static void WriteWhiteouts(TarWriter tar)
    {
        tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, "odd/.wh.gone"));
        tar.WriteEntry(new PaxTarEntry(TarEntryType.Directory, "var/") { Mode = (UnixFileMode)0x1ED, ModificationTime = s_time });
        tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, "var/.wh..wh..opq"));
        ImageBuilder.WriteText(tar, "var/new", "new");
    }
}
