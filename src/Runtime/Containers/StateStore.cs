using System.Text.Json;
using CriShim.Linux;
using CriShim.Oci.RuntimeSpec;
using CriShim.Runtime.Contract;
using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Files;
using static CriShim.Linux.LibC.Processes;

namespace CriShim.Runtime.Containers;

/// <summary>
/// The OCI command line's containers on disk, each some files in the root: its state, a copy of config.json (the bundle may change or go), and,
/// until it is started, the gate's socket. A folder for each would cost more than all that is in it. Throws <see cref="RuntimeException"/>.
/// </summary>
internal sealed class StateStore(string root)
{
    public const string DefaultRoot = "/run/crishim-runtime";

    // No file of one container is one of another's, whatever their ids are.
    private const string StateSuffix = ".state.json";
    private const string SpecSuffix = ".config.json";
    private const string GateSuffix = ".gate";

    /// <summary>With all that is added to it, it is a file's name (NAME_MAX, 255 bytes).</summary>
    private const int MaxIdLength = 200;
    private const UnixFileMode FolderMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>No container: the first letter is not one of an id's.</summary>
    public string SeccompCacheFolder => Path.Combine(root, "@seccomp");

    public string GatePath(string id) => PathOf(id, GateSuffix);

    /// <summary>
    /// An empty folder for a restored container's root, in mount namespaces that nobody else sees. Outside all containers' folders: those
    /// are removed with all in them.
    /// </summary>
    public string MakeRestoreFolder() => Directory.CreateDirectory(Path.Combine(root, "@restore"), FolderMode).FullName;

    /// <summary>
    /// Takes the id, by a spec that is still empty: there is no container before there is a state. What is returned is to be held until then,
    /// and tells a container that is being made from what was left of one (<see cref="RemoveLeftover"/>).
    /// </summary>
    public IDisposable Reserve(string id)
    {
        RequireValid(id);
        var file = Make(id);
        if (file.IsInvalid && Check.LastErrno == Errno.ENOENT)
        {
            Directory.CreateDirectory(root, FolderMode);
            file = Make(id);
        }

        var errno = file.IsInvalid || flock(file, LOCK_EX | LOCK_NB) != 0 ? Check.LastErrno : Errno.None;
        switch (errno)
        {
            case Errno.None:
                return file;
            case Errno.EEXIST:
                throw new RuntimeException(RuntimeErrorKind.AlreadyExists, $"container with id exists: {id}");
            default:
                throw new LinuxException(errno, "open", PathOf(id, SpecSuffix));
        }
    }

    /// <summary>Frees an id whose container was killed while it was made or removed.</summary>
    public void RemoveLeftover(string id)
    {
        using var file = openat(AT_FDCWD, PathOf(id, SpecSuffix), O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0);
        if (!file.IsInvalid && flock(file, LOCK_EX | LOCK_NB) == 0 && !Exists(id))
        {
            Remove(id);
        }
    }

    public void Save(ContainerState state, ReadOnlySpan<byte> specJson)
    {
        var specPath = PathOf(state.Id, SpecSuffix);
        using (var spec = Fd.Open(specPath, O_WRONLY | O_NOFOLLOW))
        {
            Fd.WriteAll(spec, specJson, specPath);
        }

        AtomicFile.Write(PathOf(state.Id, StateSuffix), StateJson.Write(state), durable: false);
    }

    public ContainerState Load(string id)
    {
        RequireValid(id);
        return TryLoad(id) ?? throw new RuntimeException(RuntimeErrorKind.NotFound, $"container \"{id}\" does not exist");
    }

    public bool Exists(string id)
    {
        RequireValid(id);
        return File.Exists(PathOf(id, StateSuffix));
    }

    /// <summary>Null when there is none, or when it is just being made.</summary>
    public ContainerState? TryLoad(string id)
    {
        try
        {
            return StateJson.Read(File.ReadAllBytes(PathOf(id, StateSuffix)));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (JsonException e)
        {
            throw new RuntimeException(RuntimeErrorKind.Unknown, $"failed to read state of container \"{id}\": {e.Message}", e);
        }
    }

    public (Spec Spec, byte[] Json) LoadSpec(string id) => BundleReader.ReadFile(PathOf(id, SpecSuffix));

    public IReadOnlyList<ContainerState> List() => !Directory.Exists(root) ? [] :
    [
        .. Directory.EnumerateFiles(root, "*" + StateSuffix)
            .Select(path => Path.GetFileName(path)[..^StateSuffix.Length])
            .Order(StringComparer.Ordinal)
            .Select(TryLoad)
            .OfType<ContainerState>(),
    ];

    /// <summary>The spec last: until then the id is taken.</summary>
    public void Remove(string id)
    {
        foreach (var suffix in new[] { StateSuffix, GateSuffix, SpecSuffix })
        {
            File.Delete(PathOf(id, suffix));
        }
    }

    /// <summary>created, running or stopped, from the init process and the gate. Paused is the caller's to find out: it is the cgroup's.</summary>
    public string StatusOf(ContainerState state) =>
        ProcStat.Read(state.Pid) is not { } stat || stat.StartTime != state.StartTime || !stat.IsAlive ? "stopped"
        : File.Exists(GatePath(state.Id)) ? "created"
        : "running";

    private SafeFileHandle Make(string id) => openat(AT_FDCWD, PathOf(id, SpecSuffix), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0b110_000_000);

    private string PathOf(string id, string suffix) => Path.Join(root, id + suffix);

    /// <summary>Letters, digits and _ + - . (the field's rule); so an id is one name of a path.</summary>
    private static void RequireValid(string id)
    {
        if (id.Length is 0 or > MaxIdLength || id is "." or ".." || !id.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '+' or '-' or '.'))
        {
            throw new RuntimeException(RuntimeErrorKind.InvalidArgument, $"invalid container id \"{id}\"");
        }
    }
}
