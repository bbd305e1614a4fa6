using CriShim.E2e.Runtime;
using CriShim.Oci.RuntimeSpec;

namespace CriShim.E2e.Isolation.Escapes;

/// <summary>
/// A root that was made to lead the runtime out of it: links where it mounts, makes folders, covers or writes; standing there, or
/// exchanged while it works. Advisories by name: SECURITY.md has the table.
/// </summary>
public sealed class HostileRootTests : OciBundleTests
{
    private readonly string _outside;

    public HostileRootTests()
    {
        _outside = Directory.CreateDirectory(Path.Combine(Bundle.Path, "outside")).FullName;
        Bundle.Spec = Bundle.Spec with { Root = Bundle.Spec.Root! with { Readonly = false } };
    }

    /// <summary>CVE-2021-30465, CVE-2024-45310: the target of a mount is a folder at one moment, a link out at the next.</summary>
    [Fact]
    public async Task MountTarget_ExchangedWhileItIsMade_NeverLeadsOut()
    {
        var data = Bundle.Rootfs("data");
        Directory.CreateDirectory(data);
        Directory.CreateDirectory(Path.Combine(Bundle.Path, "volume"));
        AddMount(new MountSpec { Destination = "/data/deep/x", Type = "bind", Source = Path.Combine(Bundle.Path, "volume"), Options = ["rbind"] });
        AddMount(new MountSpec { Destination = "/data/deep/file", Type = "bind", Source = "/etc/hostname", Options = ["bind"] });
        using var stop = new CancellationTokenSource();
        var race = Task.Factory.StartNew(() => Exchange(data, stop.Token), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        for (var attempt = 0; attempt < 25; attempt++)
        {
            Bundle.RunScript("true");
            Assert.Empty(Directory.EnumerateFileSystemEntries(_outside));
        }

        await stop.CancelAsync();
        await race;
    }

    /// <summary>CVE-2019-19921, CVE-2025-52881: a way into the real procfs under another name.</summary>
    [Theory]
    [InlineData("/link/sys/kernel")]
    [InlineData("/link/self/attr")]
    public void Mount_ThroughALinkIntoProc_IsRefused(string destination)
    {
        File.CreateSymbolicLink(Bundle.Rootfs("link"), "/proc");
        AddMount(new MountSpec { Destination = destination, Type = "bind", Source = _outside, Options = ["rbind"] });

        Assert.Contains("/proc", Bundle.RunScript("true").Error, StringComparison.Ordinal);
    }

    /// <summary>CVE-2025-52881: a setting is written where it belongs, whatever lies at /proc/sys in the root.</summary>
    [Fact]
    public void Sysctl_RootWithAFakeProc_IsWrittenInTheNamespace()
    {
        Directory.CreateDirectory(Bundle.Rootfs("proc", "sys", "kernel"));
        File.WriteAllText(Bundle.Rootfs("proc", "sys", "kernel", "msgmax"), "fake");
        SetLinux(linux => linux with { Sysctl = new Dictionary<string, string> { ["kernel.msgmax"] = "4242" } });

        Assert.Equal("4242\n", Bundle.RunScript("cat /proc/sys/kernel/msgmax").Output);
        Assert.Equal("fake", File.ReadAllText(Bundle.Rootfs("proc", "sys", "kernel", "msgmax")));
    }

    /// <summary>CVE-2025-31133: what covers is our null device, not what the root calls so.</summary>
    [Fact]
    public void Mask_RootWithALinkForDevNull_CoversWithTheRealOne()
    {
        Directory.CreateDirectory(Bundle.Rootfs("dev"));
        File.WriteAllText(Bundle.Rootfs("secret"), "secret");
        File.CreateSymbolicLink(Bundle.Rootfs("dev", "null"), "/proc/sysrq-trigger");
        Bundle.Spec = Bundle.Spec with { Mounts = [.. Bundle.Spec.Mounts!.Where(mount => !mount.Destination.StartsWith("/dev", StringComparison.Ordinal))] };
        SetLinux(linux => linux with { MaskedPaths = ["/secret"] });

        // Refused, as the link is no null device; if it ever runs, what covers must be empty.
        var result = Bundle.RunScript("cat /secret");
        Assert.True(result.ExitCode != 0 || result.Output.Length == 0, result.Output);
    }

    /// <summary>youki 2026-05: the covered file is the root's own, not what a link in it names.</summary>
    [Fact]
    public void Mask_ThroughALinkOut_CoversNothingOfTheHost()
    {
        var file = Path.Combine(_outside, "file");
        File.WriteAllText(file, "of the host");
        File.CreateSymbolicLink(Bundle.Rootfs("link"), file);
        SetLinux(linux => linux with { MaskedPaths = ["/link"], ReadonlyPaths = ["/link"] });

        Bundle.RunScript("true");

        Assert.Equal("of the host", File.ReadAllText(file));
        File.AppendAllText(file, "!");
    }

    /// <summary>CVE-2024-5154 and its kin: no file of the container is made through a link.</summary>
    [Fact]
    public void Files_OfDevAndVolumes_AreNotMadeThroughLinks()
    {
        File.CreateSymbolicLink(Bundle.Rootfs("made"), Path.Combine(_outside, "made"));
        File.CreateSymbolicLink(Bundle.Rootfs("etc"), _outside);
        AddMount(new MountSpec { Destination = "/made", Type = "bind", Source = "/etc/hostname", Options = ["bind", "ro"] });
        AddMount(new MountSpec { Destination = "/etc/hosts", Type = "bind", Source = "/etc/hosts", Options = ["bind", "ro"] });
        Bundle.Spec = Bundle.Spec with { Process = Bundle.Spec.Process! with { Cwd = "/etc/work" } };

        Bundle.RunScript("true");

        Assert.Empty(Directory.EnumerateFileSystemEntries(_outside));
    }

    /// <summary>CVE-2021-43784: a length that overflows a field made runc pass over the namespaces that followed.</summary>
    [Fact]
    public void Namespace_PathOfSeventyKilobytes_IsAnErrorNotAbsent()
    {
        SetLinux(linux => linux with { Namespaces = [.. linux.Namespaces!.Where(item => item.Type != "network"), new NamespaceSpec { Type = "network", Path = "/" + new string('n', 70_000) }] });

        Assert.NotEqual(0, Bundle.RunScript("true").ExitCode);
    }

    private void Exchange(string path, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                Directory.Delete(path, recursive: true);
                File.CreateSymbolicLink(path, Path.Combine("/..", "..", "..", "..", "..", "..", _outside.TrimStart('/')));
                File.Delete(path);
                Directory.CreateDirectory(Path.Combine(path, "deep"));
            }
            catch (IOException)
            {
                // The runtime made something meanwhile.
            }
        }
    }

    private void AddMount(MountSpec mount) => Bundle.Spec = Bundle.Spec with { Mounts = [.. Bundle.Spec.Mounts!, mount] };

    private void SetLinux(Func<LinuxSpec, LinuxSpec> change) => Bundle.Spec = Bundle.Spec with { Linux = change(Bundle.Spec.Linux!) };
}
