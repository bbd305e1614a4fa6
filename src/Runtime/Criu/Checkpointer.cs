using System.Text.Json;
using CriShim.Cgroups;
using CriShim.Linux;
using CriShim.Oci.RuntimeSpec;
using CriShim.Runtime.Containers;
using CriShim.Runtime.Contract;
using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Files;

namespace CriShim.Runtime.Criu;

/// <summary>Saves a running container's processes to files. Throws <see cref="RuntimeException"/>.</summary>
internal static class Checkpointer
{
    /// <summary>Beside criu's own files: what stdin, stdout and stderr were, as JSON. Pipes are given anew when it is restored.</summary>
    public const string DescriptorsFile = "descriptors.json";

    /// <summary>In the work folder.</summary>
    public const string LogFile = "dump.log";

    private const uint FolderMode = 0b111_000_000;

    /// <param name="watch">Null: nobody has a say.</param>
    public static void Save(
        ContainerState state, Spec spec, ICgroupManager cgroup, CheckpointOptions options, string criuPath, ICheckpointWatch? watch = null)
    {
        RequireFeatures(options, criuPath);
        using var statusFd = options.StatusFd is { } number ? StatusFd(number) : null;
        var wasFrozen = cgroup.IsFrozen();
        try
        {
            Dump(state, spec, cgroup, options, criuPath, (step, fd) => Follow(step, fd, statusFd, watch), watch);
        }
        catch
        {
            if (!wasFrozen && cgroup.IsFrozen())
            {
                // criu was ended in the midst of it.
                cgroup.Thaw();
            }

            throw;
        }
    }

    private static void Dump(
        ContainerState state, Spec spec, ICgroupManager cgroup, CheckpointOptions options, string criuPath,
        Func<CriuAnswer, SafeFileHandle?, bool> onStep, ICheckpointWatch? watch)
    {
        var common = options.Common;
        Directory.CreateDirectory(common.ImagePath, (UnixFileMode)FolderMode);
        Directory.CreateDirectory(common.WorkPath, (UnixFileMode)FolderMode);
        using var images = Fd.Open(common.ImagePath, O_RDONLY | O_DIRECTORY);
        using var work = Fd.Open(common.WorkPath, O_RDONLY | O_DIRECTORY);
        File.WriteAllBytes(Path.Combine(common.ImagePath, DescriptorsFile), Descriptors(state.Pid));
        var request = options.Write(common.Write(Number(images), Number(work), LogFile, state.Rootfs).Number(2, state.Pid));
        CriuMounts.AddForDump(request, spec, cgroup, state.Pid);
        AddJoinedNamespaces(request, spec, state.Pid);
        if (cgroup.Folders.FirstOrDefault(folder => folder.Controllers is "freezer" or "" && Directory.Exists(folder.Path)) is { } freezer)
        {
            request.Text(44, freezer.Path);
        }

        using var criu = CriuProcess.Start(criuPath, []);
        watch?.Begin(criu);
        criu.Run(options.IsPreDump ? CriuProcess.PreDump : CriuProcess.Dump, request, Path.Combine(common.WorkPath, LogFile), onStep);
    }

    private static bool Follow(CriuAnswer step, SafeFileHandle? fd, SafeFileHandle? status, ICheckpointWatch? watch)
    {
        fd?.Dispose();
        switch (step.Notification)
        {
            case "status-ready" when status is not null:
                Fd.WriteAll(status, [0]);
                return true;
            case "post-dump" when watch is not null:
                return watch.OnSaved();
            default:
                return true;
        }
    }

    /// <summary>criu itself ends without a word where memory cannot be tracked.</summary>
    private static void RequireFeatures(CheckpointOptions options, string criuPath)
    {
        if (options.IsPreDump || options.ParentPath is not null)
        {
            CriuFeatures.Require(criuPath, CriuFeatures.MemoryTracking, options.IsPreDump ? "--pre-dump" : "--parent-path");
        }

        if (options.LazyPages)
        {
            CriuFeatures.Require(criuPath, CriuFeatures.LazyPages, "--lazy-pages");
        }
    }

    /// <summary>A descriptor that this process was given, to be written to.</summary>
    private static SafeFileHandle StatusFd(int number)
    {
        try
        {
            return Fd.Open($"/proc/self/fd/{number}", O_WRONLY);
        }
        catch (LinuxException e)
        {
            throw new RuntimeException(RuntimeErrorKind.InvalidArgument, $"--status-fd {number}: {e.Message}", e);
        }
    }

    /// <summary>Those given by path are not the container's to save; the same names stand for those it is to join when it is restored.</summary>
    private static void AddJoinedNamespaces(ProtoWriter request, Spec spec, int pid)
    {
        foreach (var (type, file, name) in JoinedNamespaces.Names)
        {
            if (JoinedNamespaces.PathOf(spec, type) is not null && new FileInfo($"/proc/{pid}/ns/{file}").LinkTarget is { } link)
            {
                // "net:[4026531840]"
                request.Text(37, link.Replace(":", "", StringComparison.Ordinal) + ":" + name);
            }
        }
    }

    private static byte[] Descriptors(int pid)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartArray();
            for (var number = 0; number <= 2; number++)
            {
                writer.WriteStringValue(new FileInfo($"/proc/{pid}/fd/{number}").LinkTarget ?? "");
            }

            writer.WriteEndArray();
        }

        return stream.ToArray();
    }

    private static int Number(SafeFileHandle fd) => (int)fd.DangerousGetHandle();
}
