using System.Text.Json;
using CriShim.Cgroups;
using CriShim.Cgroups.Resctrl;
using CriShim.Linux;
using CriShim.Oci.RuntimeSpec;
using CriShim.Runtime.Containers;
using CriShim.Runtime.Contract;
using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Files;
using static CriShim.Linux.LibC.Mount;
using static CriShim.Linux.LibC.Namespaces;

namespace CriShim.Runtime.Criu;

/// <summary>
/// Makes a container from a checkpoint's files:
/// <code>
/// 1  a mount namespace for this process: criu needs the root as a mount of its own, and the host's table is not to have it
/// 2  cgroup: make it, set its limits, put criu into it
/// 3  criu restores the processes as children of this one; hooks run when its namespaces are there
/// </code>
/// Throws <see cref="RuntimeException"/>; what was made is undone then.
/// </summary>
internal sealed class Restorer(RestoreOptions options, Spec spec, ICgroupManager cgroup, string criuPath)
{
    /// <summary>In the work folder.</summary>
    public const string LogFile = "restore.log";


    /// <summary>The terminal's master, where the container has one. The holder's to close.</summary>
    public SafeFileHandle? Console { get; private set; }

    /// <summary>Returns the init's pid. Its end is this process's to collect.</summary>
    /// <param name="rootMount">An empty folder, to mount the root at.</param>
    /// <param name="onRestored">Called with the init's pid while its processes still stand.</param>
    public int Restore(string rootMount, Action<int> onRestored)
    {
        var common = options.Common;
        if (options.LazyPages)
        {
            CriuFeatures.Require(criuPath, CriuFeatures.LazyPages, "--lazy-pages");
        }

        Directory.CreateDirectory(common.WorkPath);
        MountRoot(Path.GetFullPath(spec.Root!.Path, options.BundlePath), rootMount);

        // In the new namespace: criu mounts what it needs for a moment in its working folder.
        using var images = Fd.Open(common.ImagePath, O_RDONLY | O_DIRECTORY);
        using var work = Fd.Open(common.WorkPath, O_RDONLY | O_DIRECTORY);
        CriuMounts.MakeTargets(rootMount, spec, options.BundlePath);
        var request = common.Write((int)images.DangerousGetHandle(), (int)work.DangerousGetHandle(), LogFile, rootMount)
            .Switch(26, true) // as a child of ours
            .Switch(48, options.LazyPages)
            .Text(53, options.LsmProfile)
            .Text(63, options.LsmMountContext);
        CriuMounts.AddForRestore(request, spec, cgroup, options.BundlePath);
        CriuMounts.AddCgroups(request, cgroup);
        var fds = new List<(int Number, SafeFileHandle Source)>();
        try
        {
            fds.AddRange(AddInherited(request, common.ImagePath));
            using var criu = CriuProcess.Start(criuPath, fds);
            Join(cgroup, criu.Pid);
            ResctrlGroup.Find(options.Id, spec.Linux?.IntelRdt)?.Add(criu.Pid);
            return criu.Run(CriuProcess.Restore, request, Path.Combine(common.WorkPath, LogFile), (step, fd) => Follow(step, fd, onRestored)).Pid;
        }
        finally
        {
            fds.ForEach(item => item.Source.Dispose());
        }
    }

    private static void MountRoot(string root, string at)
    {
        Check.Result(unshare((int)(CLONE_FS | CLONE_NEWNS)), "unshare(CLONE_NEWNS)");
        Check.Result(mount(null, "/", null, MS_SLAVE | MS_REC, null), "mount", "propagation of /");
        Check.Result(mount(root, at, null, MS_BIND | MS_REC, null), "mount", root);
        Check.Result(mount(null, at, null, MS_PRIVATE | MS_REC, null), "mount", at);
    }

    /// <summary>criu makes the container's processes where it is itself.</summary>
    private static void Join(ICgroupManager cgroup, int pid)
    {
        foreach (var folder in cgroup.Folders.Where(folder => Directory.Exists(folder.Path)))
        {
            File.WriteAllText(folder.Path + "/cgroup.procs", $"{pid}");
        }
    }

    /// <summary>Our own stdio where the container had pipes, and the namespaces that it joins.</summary>
    private List<(int Number, SafeFileHandle Source)> AddInherited(ProtoWriter request, string imagePath)
    {
        var fds = Enumerable.Range(0, 3).Select(number => (number, Commands.ContainerMaker.Inherited(number))).ToList();
        using var links = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(imagePath, Checkpointer.DescriptorsFile)));
        for (var number = 0; number < 3; number++)
        {
            var link = links.RootElement[number].GetString()!;
            if (link.StartsWith("pipe:", StringComparison.Ordinal) || link.StartsWith("socket:", StringComparison.Ordinal))
            {
                AddFd(request, link, number);
            }
        }

        foreach (var (type, _, name) in JoinedNamespaces.Names)
        {
            if (JoinedNamespaces.PathOf(spec, type) is { } path)
            {
                var number = CriuProcess.FirstFreeFd + fds.Count - 3;
                fds.Add((number, Fd.Open(path, O_RDONLY)));
                AddFd(request, name, number);
            }
        }

        return fds;
    }

    private static void AddFd(ProtoWriter request, string key, int number) =>
        request.Message(27, new ProtoWriter().Text(1, key).Number(2, number));

    private bool Follow(CriuAnswer step, SafeFileHandle? fd, Action<int> onRestored)
    {
        switch (step.Notification)
        {
            case "setup-namespaces":
                var state = Hooks.StateOf(options.Id, options.BundlePath, spec, step.Pid, "creating");
                Hooks.Run(spec.Hooks?.Prestart, "prestart", state);
                Hooks.Run(spec.Hooks?.CreateRuntime, "createRuntime", state);
                break;
            case "post-restore":
                onRestored(step.Pid);
                break;
            case "orphan-pts-master":
                Console = fd;
                fd = null;
                break;
            default:
                break;
        }

        fd?.Dispose();
        return true;
    }
}
