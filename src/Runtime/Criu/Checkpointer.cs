using System.Text.Json;
using CriShim.Cgroups;
using CriShim.Linux;
using CriShim.Oci.RuntimeSpec;
using CriShim.Runtime.Containers;
using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Files;

namespace CriShim.Runtime.Criu;

/// <summary>Saves a running container's processes to files. Throws <see cref="Contract.RuntimeException"/>.</summary>
internal static class Checkpointer
{
    /// <summary>Beside criu's own files: what stdin, stdout and stderr were, as JSON. Pipes are given anew when it is restored.</summary>
    public const string DescriptorsFile = "descriptors.json";

    private const string LogFile = "dump.log";
    private const uint FolderMode = 0b111_000_000;

    public static void Save(ContainerState state, Spec spec, ICgroupManager cgroup, CheckpointOptions options, string criuPath)
    {
        var common = options.Common;
        Directory.CreateDirectory(common.ImagePath, (UnixFileMode)FolderMode);
        Directory.CreateDirectory(common.WorkPath, (UnixFileMode)FolderMode);
        using var images = Fd.Open(common.ImagePath, O_RDONLY | O_DIRECTORY);
        using var work = Fd.Open(common.WorkPath, O_RDONLY | O_DIRECTORY);
        using var stdin = Fd.Open("/dev/null", O_RDWR);
        File.WriteAllBytes(Path.Combine(common.ImagePath, DescriptorsFile), Descriptors(state.Pid));
        var request = common.Write(Number(images), Number(work), LogFile, state.Rootfs)
            .Number(2, state.Pid)
            .Switch(3, options.LeaveRunning)
            .Text(14, options.ParentPath)
            .Switch(15, options.IsPreDump)
            .Switch(18, options.LinkRemap)
            .Switch(46, options.TcpSkipInFlight);
        if (options.PageServer is var (address, port))
        {
            request.Message(11, new ProtoWriter().Text(1, address).Number(2, port));
        }

        CriuMounts.AddForDump(request, spec, cgroup, state.Pid);
        AddJoinedNamespaces(request, spec);
        if (cgroup.Folders.FirstOrDefault(folder => folder.Controllers is "freezer" or "" && Directory.Exists(folder.Path)) is { } freezer)
        {
            request.Text(44, freezer.Path);
        }

        using var criu = CriuProcess.Start(criuPath, [(0, stdin)]);
        criu.Run(options.IsPreDump ? CriuProcess.PreDump : CriuProcess.Dump, request, Path.Combine(common.WorkPath, LogFile), (_, fd) => fd?.Dispose());
    }

    /// <summary>Those given by path are not the container's to save; the same names stand for those it is to join when it is restored.</summary>
    private static void AddJoinedNamespaces(ProtoWriter request, Spec spec)
    {
        foreach (var (type, name) in JoinedNamespaces.Names)
        {
            if (JoinedNamespaces.PathOf(spec, type) is { } path && new FileInfo(path).LinkTarget is { } link)
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
