using System.Security.Cryptography;
using CriShim.E2e.Runtime;
using CriShim.TestKit;

namespace CriShim.E2e.Isolation.Escapes;

/// <summary>A program in a container that reaches for the runtime when it comes in: its binary, its descriptors, its privileges.</summary>
public sealed class HostileProcessTests : OciBundleTests
{
    public HostileProcessTests() => Bundle.Spec = Bundle.Spec with { Root = Bundle.Spec.Root! with { Readonly = false } };

    /// <summary>CVE-2019-5736: the command is the runtime itself, and others in the container try to write to its file all the while.</summary>
    [Fact]
    public void RuntimeBinary_ExecutedAndAttackedFromInside_StaysAsItWas()
    {
        var before = SHA256.HashData(File.ReadAllBytes(Binaries.Runtime));
        File.CreateSymbolicLink(Bundle.Rootfs("bin", "evil"), "/proc/self/exe");
        Bundle.Start("sh", "-c", "while :; do for p in /proc/[0-9]* /proc/self; do (exec 9< $p/exe && echo pwned > /proc/self/fd/9; echo pwned > $p/exe); done; done 2>/dev/null");
        for (var attempt = 0; attempt < 20; attempt++)
        {
            Bundle.Run("exec", Bundle.Id, attempt % 2 == 0 ? "/proc/self/exe" : "evil", "--version");
        }

        Bundle.Run("delete", "--force", Bundle.Id);
        Bundle.WriteSpec("/proc/self/exe", "init");
        Bundle.Run("run", "--bundle", Bundle.Path, Bundle.Id);
        Assert.Equal(before, SHA256.HashData(File.ReadAllBytes(Binaries.Runtime)));
    }

    /// <summary>CVE-2024-21626: no descriptor of the host is there to be a working folder.</summary>
    [Fact]
    public void WorkingFolder_EveryDescriptorOfTheRuntime_LeadsNowhere()
    {
        foreach (var fd in Enumerable.Range(3, 15))
        {
            Bundle.Spec = Bundle.Spec with { Process = Bundle.Spec.Process! with { Cwd = $"/proc/self/fd/{fd}" } };
            Assert.NotEqual(0, Bundle.RunScript("true").ExitCode);
        }
    }

    /// <summary>CVE-2024-21626, by exec: also through a link that the program put there.</summary>
    [Fact]
    public void WorkingFolderOfAnExec_ThroughDescriptors_LeadsNowhere()
    {
        Bundle.Start("sh", "-c", "busybox ln -s /proc/self/fd/7 /seven; busybox ln -s /proc/1/root/../../.. /up; sleep 100");
        foreach (var folder in Enumerable.Range(3, 15).Select(fd => $"/proc/self/fd/{fd}").Append("/seven").Append("/up"))
        {
            Assert.NotEqual(0, Bundle.Run("exec", "--cwd", folder, Bundle.Id, "ls").ExitCode);
        }
    }

    /// <summary>CVE-2024-21626, by the processes of the host that a container sees: the link to another one's root is no working folder.</summary>
    [Fact]
    public void WorkingFolder_ThatBecameALinkToTheHostsRoot_IsRefused()
    {
        SeeTheHostsProcesses();
        Directory.CreateDirectory(Bundle.Rootfs("work"));
        Bundle.Spec = Bundle.Spec with { Process = Bundle.Spec.Process! with { Cwd = "/work" } };
        Bundle.WriteSpec("sh", "-c", "ls -d etc");
        OciBundle.RequireSuccess(Bundle.Run("create", "--bundle", Bundle.Path, Bundle.Id));
        Directory.Delete(Bundle.Rootfs("work"));
        File.CreateSymbolicLink(Bundle.Rootfs("work"), $"/proc/{Environment.ProcessId}/root");

        var start = Bundle.Run("start", Bundle.Id);

        Assert.NotEqual(0, start.ExitCode);
        Assert.Contains("chdir to cwd", start.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void WorkingFolderOfAnExec_ThatIsALinkToTheHostsRoot_IsRefused()
    {
        SeeTheHostsProcesses();
        Bundle.Start("sh", "-c", $"busybox ln -s /proc/{Environment.ProcessId}/root /out; sleep 100");
        Assert.True(SpinWait.SpinUntil(() => new FileInfo(Bundle.Rootfs("out")).LinkTarget is not null, TimeSpan.FromSeconds(10)));

        var result = Bundle.Run("exec", "--cwd", "/out", Bundle.Id, "ls");

        Assert.NotEqual(0, result.ExitCode);
        Assert.Equal("", result.Output);
    }

    /// <summary>What is executed is no file of the host's procfs either, which the runtime has open to set an AppArmor profile.</summary>
    [Fact]
    public void Program_ThroughDescriptorsOfTheRuntime_IsNone()
    {
        foreach (var fd in Enumerable.Range(3, 40))
        {
            Bundle.WriteSpec($"/proc/self/fd/{fd}/1/root/bin/true");
            Assert.NotEqual(0, Bundle.Run("run", "--bundle", Bundle.Path, Bundle.Id).ExitCode);
        }
    }

    private void SeeTheHostsProcesses() => Bundle.Spec = Bundle.Spec with
    {
        Linux = Bundle.Spec.Linux! with { Namespaces = [.. Bundle.Spec.Linux.Namespaces!.Where(space => space.Type != "pid")] },
    };

    /// <summary>CVE-2022-29162, CVE-2022-27650: what is added for one command is not inheritable.</summary>
    [Fact]
    public void Exec_WithAnAddedCapability_HasNoInheritableOnes()
    {
        Bundle.Start("sleep", "100");

        var status = OciBundle.RequireSuccess(Bundle.Run("exec", "--cap", "CAP_NET_RAW", Bundle.Id, "grep", "Cap", "/proc/self/status")).Output;

        Assert.Contains("CapInh:\t0000000000000000", status, StringComparison.Ordinal);
        Assert.Contains("CapAmb:\t0000000000000000", status, StringComparison.Ordinal);
    }

    /// <summary>CVE-2026-30892, CVE-2024-40635: what is no user is an error, never root.</summary>
    [Theory]
    [InlineData("-1")]
    [InlineData("1000:-1")]
    [InlineData("4294967296")]
    [InlineData("1000:4294967296")]
    [InlineData("0x0")]
    [InlineData("1000;0")]
    [InlineData(" 1000")]
    [InlineData("root")]
    public void Exec_AsWhatIsNoUser_IsRefused(string user)
    {
        Bundle.Start("sleep", "100");

        var result = Bundle.Run("exec", "--user", user, Bundle.Id, "id", "-u");

        Assert.NotEqual(0, result.ExitCode);
        Assert.Equal("", result.Output);
    }

    /// <summary>CVE-2023-25809: the container's cgroups are not its to change, nor to leave.</summary>
    [Fact]
    public void Cgroups_OfAnOrdinaryContainer_AreReadOnlyAndItsOwn()
    {
        var output = Bundle.RunScript(
            "for f in /sys/fs/cgroup /sys/fs/cgroup/*; do mkdir $f/escape 2>/dev/null && echo made $f; done; ls -d /sys/fs/cgroup/*/../../kernel 2>/dev/null >/dev/null; grep -c ':/\\.\\.' /proc/self/cgroup").Output;

        Assert.DoesNotContain("made", output, StringComparison.Ordinal);
    }

    /// <summary>CVE-2019-5736: the file of a runtime that was the command is kept open, and written to once nobody executes it.</summary>
    [Fact]
    public void RuntimeBinary_KeptOpenUntilNobodyExecutesIt_CannotBeWritten()
    {
        // A state that is a pipe without a writer keeps it waiting.
        Bundle.Start("sh", "-c", """
            mkdir -p /r; busybox mknod /r/x.state.json p
            while :; do for p in /proc/[0-9]*; do case $(cat $p/cmdline) in /proc/self/exe*)
                exec 3<$p/exe; kill -9 ${p#/proc/}
                for i in 1 2 3 4 5; do sleep 0.2; echo -n >>/proc/self/fd/3 && echo written; done >/result 2>&1
                echo end >>/result; exit;;
            esac; done; done 2>/dev/null
            """);
        Assert.True(SpinWait.SpinUntil(() => File.Exists(Bundle.Rootfs("r", "x.state.json")), TimeSpan.FromSeconds(10)));
        Bundle.Run("exec", "--detach", Bundle.Id, "/proc/self/exe", "--root", "/r", "state", "x");

        var result = Bundle.Rootfs("result");
        Assert.True(SpinWait.SpinUntil(() => File.Exists(result) && File.ReadAllText(result).EndsWith("end\n", StringComparison.Ordinal), TimeSpan.FromSeconds(30)));
        Assert.DoesNotContain("written", File.ReadAllText(result), StringComparison.Ordinal);
        Assert.Contains("Read-only", File.ReadAllText(result), StringComparison.Ordinal);
    }

    /// <summary>Nobody in the container may look into the process that comes in, before it is the user's program (CVE-2016-9962).</summary>
    [Fact]
    public void Memory_OfAProcessThatComesIn_CannotBeReadFromInside()
    {
        Bundle.Start("sh", "-c", "while :; do for p in /proc/[0-9]*; do case $(cat $p/comm) in crishim*) cat $p/environ $p/maps >> /seen; esac; done; done 2>/dev/null");
        for (var attempt = 0; attempt < 20; attempt++)
        {
            Bundle.Run("exec", Bundle.Id, "true");
        }

        // What was found under our name may have become the user's program by the time it was looked into.
        Assert.DoesNotContain("crishim", Bundle.Run("exec", Bundle.Id, "sh", "-c", "cat /seen 2>/dev/null; true").Output, StringComparison.Ordinal);
    }
}
