using System.Text.Json;
using CriShim.Linux;
using CriShim.Oci.RuntimeSpec;
using CriShim.Runtime.Contract;
using static CriShim.Linux.LibC.Files;

namespace CriShim.Runtime.Containers;

/// <summary>
/// The OCI command line's containers on disk: a folder each under the root, with state.json, a copy of config.json (the bundle may change or
/// go), and, until it is started, the gate's socket. Throws <see cref="RuntimeException"/>.
/// </summary>
internal sealed class StateStore(string root)
{
    public const string DefaultRoot = "/run/crishim-runtime";

    private const string StateFile = "state.json";
    private const string GateFile = "gate.sock";
    private const int MaxIdLength = 1024;
    private const UnixFileMode FolderMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>No container: the first letter is not one of an id's.</summary>
    public string SeccompCacheFolder => Path.Combine(root, "@seccomp");

    public string GatePath(string id) => Path.Combine(Folder(id), GateFile);

    /// <summary>
    /// An empty folder for a restored container's root, in mount namespaces that nobody else sees. Outside all containers' folders: those
    /// are removed with all in them.
    /// </summary>
    public string MakeRestoreFolder() => Directory.CreateDirectory(Path.Combine(root, "@restore"), FolderMode).FullName;

    /// <summary>Takes the id. Its folder is there afterwards, empty.</summary>
    public void Reserve(string id)
    {
        RequireValid(id);
        var errno = TryMake(id);
        if (errno == Errno.ENOENT)
        {
            Directory.CreateDirectory(root, FolderMode);
            errno = TryMake(id);
        }

        switch (errno)
        {
            case Errno.None:
                return;
            case Errno.EEXIST:
                throw new RuntimeException(RuntimeErrorKind.AlreadyExists, $"container with id exists: {id}");
            default:
                throw new LinuxException(errno, "mkdirat", Folder(id));
        }
    }

    public void Save(ContainerState state, ReadOnlySpan<byte> specJson)
    {
        var folder = Folder(state.Id);
        AtomicFile.Write(Path.Combine(folder, StateLayout.SpecFile), specJson, durable: false);
        AtomicFile.Write(Path.Combine(folder, StateFile), StateJson.Write(state), durable: false);
    }

    public ContainerState Load(string id)
    {
        RequireValid(id);
        return TryLoad(id) ?? throw new RuntimeException(RuntimeErrorKind.NotFound, $"container \"{id}\" does not exist");
    }

    public bool Exists(string id)
    {
        RequireValid(id);
        return File.Exists(Path.Combine(Folder(id), StateFile));
    }

    /// <summary>Null when there is none, or when it is just being made.</summary>
    public ContainerState? TryLoad(string id)
    {
        try
        {
            return StateJson.Read(File.ReadAllBytes(Path.Combine(Folder(id), StateFile)));
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

    public (Spec Spec, byte[] Json) LoadSpec(string id) => BundleReader.Read(Folder(id));

    public IReadOnlyList<ContainerState> List() => !Directory.Exists(root) ? [] :
    [
        .. Directory.EnumerateDirectories(root).Order(StringComparer.Ordinal).Select(folder => TryLoad(Path.GetFileName(folder))).OfType<ContainerState>(),
    ];

    public void Remove(string id)
    {
        try
        {
            Directory.Delete(Folder(id), recursive: true);
        }
        catch (DirectoryNotFoundException)
        {
            // Gone already.
        }
    }

    /// <summary>created, running or stopped, from the init process and the gate. Paused is the caller's to find out: it is the cgroup's.</summary>
    public string StatusOf(ContainerState state) =>
        ProcStat.Read(state.Pid) is not { } stat || stat.StartTime != state.StartTime || !stat.IsAlive ? "stopped"
        : File.Exists(GatePath(state.Id)) ? "created"
        : "running";

    private Errno TryMake(string id) => mkdirat(AT_FDCWD, Folder(id), 0b111_000_000) == 0 ? Errno.None : Check.LastErrno;

    private string Folder(string id) => Path.Combine(root, id);

    /// <summary>Letters, digits and _ + - . (the field's rule); so an id is one name of a path.</summary>
    private static void RequireValid(string id)
    {
        if (id.Length is 0 or > MaxIdLength || id is "." or ".." || !id.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '+' or '-' or '.'))
        {
            throw new RuntimeException(RuntimeErrorKind.InvalidArgument, $"invalid container id \"{id}\"");
        }
    }
}
