using CriShim.CriServer.Configuration;
using CriShim.CriServer.Errors;
using CriShim.Linux;
using Microsoft.Extensions.Logging;
using static CriShim.Linux.LibC.Files;

namespace CriShim.CriServer.Images.Snapshots;

/// <summary>
/// Holds the writable layer of each container to a number of bytes, by a project of the file system for each. Overlayfs writes without
/// CAP_SYS_RESOURCE, so that the limit counts for root too; with the copy backend a container that has that capability is free of it on ext4.
/// </summary>
internal sealed class SnapshotQuota
{
    // Projects are numbers that all programs of a machine share: those that begin with "CR" are unlikely to be anybody's but ours.
    private const uint FirstProject = 0x43520000;
    private const uint Projects = 0x10000;
    private const string ProbeName = ".trash-quota-probe";
    private const int ProbeLimit = 256 << 10;
    private const int ProbeBytes = 1 << 20;

    private readonly string _folder;
    private readonly long _limitBytes;
    private readonly Lock _gate = new();
    private readonly HashSet<uint> _used = [];
    private uint _last = FirstProject;

    private SnapshotQuota(string folder, long limitBytes) => (_folder, _limitBytes) = (folder, limitBytes);

    /// <summary>Null when no limit is asked for.</summary>
    /// <param name="folder">Of all snapshots.</param>
    /// <exception cref="CriException">FailedPrecondition: a limit is asked for and the file system cannot hold it.</exception>
    public static SnapshotQuota? Open(string folder, ImageOptions options, ISnapshotBackend backend, ILogger log)
    {
        if (options.ContainerQuotaBytes == 0)
        {
            return null;
        }

        var quota = new SnapshotQuota(folder, options.ContainerQuotaBytes);
        try
        {
            quota.Probe(backend);
        }
        catch (IOException e)
        {
            throw new CriException(
                CriErrorKind.FailedPrecondition,
                $"images.containerQuotaBytes needs a file system with project quotas (ext4 or xfs, mounted with prjquota) under \"{folder}\": {e.Message}",
                e);
        }

        ImageLog.QuotaChosen(log, options.ContainerQuotaBytes, folder);
        return quota;
    }

    /// <summary>A project that nobody else has, until <see cref="Release"/>.</summary>
    /// <exception cref="CriException">ResourceExhausted: all are in use.</exception>
    public uint Reserve()
    {
        lock (_gate)
        {
            for (var i = 0; i < Projects; i++)
            {
                // Going round rather than the lowest: what a removed container leaves to be deleted still counts for its project.
                _last = FirstProject + ((_last - FirstProject + 1) % Projects);
                if (_used.Add(_last))
                {
                    return _last;
                }
            }
        }

        throw new CriException(CriErrorKind.ResourceExhausted, $"all {Projects} projects for containers are in use");
    }

    /// <summary>Takes the project of a snapshot that was there before the server was.</summary>
    public void Adopt(uint project)
    {
        lock (_gate)
        {
            _used.Add(project);
            _last = Math.Max(_last, project);
        }
    }

    /// <summary>Sets the limit for all that will be made in an empty folder.</summary>
    public void Apply(string folder, uint project) => Apply(folder, project, _limitBytes);

    public DiskUsage UsageOf(uint project) => ProjectQuota.UsageOf(_folder, project);

    public void Release(uint project)
    {
        ProjectQuota.SetLimit(_folder, project, 0);
        lock (_gate)
        {
            _used.Remove(project);
        }
    }

    private static void Apply(string folder, uint project, long bytes)
    {
        ProjectQuota.SetProject(folder, project);
        ProjectQuota.SetLimit(folder, project, bytes);
    }

    /// <summary>Writes more than a limit allows, through a root as a container gets it.</summary>
    private void Probe(ISnapshotBackend backend)
    {
        var probe = Path.Combine(_folder, ProbeName);
        var project = FirstProject + Projects;
        FolderTree.Remove(probe);
        try
        {
            Directory.CreateDirectory(probe);
            Apply(probe, project, ProbeLimit);
            backend.Prepare(probe, []);
            _ = UsageOf(project);
            if (backend is OverlayBackend && !IsHeld(backend, probe))
            {
                throw new LinuxException(Errno.EOPNOTSUPP, "quotactl_fd", "limits are kept but not enforced");
            }
        }
        finally
        {
            FolderTree.Remove(probe);
        }

        ProjectQuota.SetLimit(_folder, project, 0);
    }

    private static bool IsHeld(ISnapshotBackend backend, string probe)
    {
        using var root = backend.Mount(probe, []);
        using var file = Fd.OpenAt(root, "written", O_WRONLY | O_CREAT | O_EXCL, 0x180);
        try
        {
            Fd.WriteAll(file, new byte[ProbeBytes]);
            return false;
        }
        catch (LinuxException e) when (e.Errno is Errno.EDQUOT or Errno.ENOSPC)
        {
            return true; // ENOSPC is xfs's answer
        }
    }
}
