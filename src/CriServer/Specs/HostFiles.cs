using CriShim.Linux;
using static CriShim.Linux.LibC.Files;

namespace CriShim.CriServer.Specs;

/// <summary>The real host's files.</summary>
internal sealed class HostFiles : IHostFiles
{
    private const uint PermissionBits = 0xFFF;

    public bool? IsAppArmorProfileLoaded(string name) => new SecurityModules().IsProfileLoaded(name);

    public string? Resolve(string path)
    {
        using var file = OpenPath(path);
        return file is null ? null : new FileInfo($"/proc/self/fd/{file.DangerousGetHandle()}").LinkTarget;
    }

    public HostPropagation Propagation(string path)
    {
        using var file = OpenPath(path);
        return file is null ? HostPropagation.Private : Find(File.ReadLines("/proc/self/mountinfo"), FileStatus.Of(file, path).MountId);
    }

    public IReadOnlyList<HostDevice>? FindDevices(string path)
    {
        var found = new List<HostDevice>();
        try
        {
            if (!FileStatus.Of(path).IsFolder)
            {
                Add(found, path);
                return found;
            }
        }
        catch (LinuxException e) when (e.Errno is Errno.ENOENT or Errno.ENOTDIR)
        {
            return null;
        }

        foreach (var entry in Directory.EnumerateFileSystemEntries(path, "*", s_noLinks))
        {
            Add(found, entry);
        }

        return found;
    }

    public byte[]? Read(string path, int limitBytes)
    {
        using var place = OpenPath(path);
        if (place is null)
        {
            return null;
        }

        var status = FileStatus.Of(place, path);
        if (!status.IsRegular || status.Size > limitBytes)
        {
            throw new IOException($"it is not a regular file of at most {limitBytes} bytes");
        }

        using var file = Fd.Open($"/proc/self/fd/{place.DangerousGetHandle()}", O_RDONLY);
        var bytes = new byte[status.Size];
        return bytes[..RandomAccess.Read(file, bytes, 0)];
    }

    /// <summary>proc(5), mountinfo: "ID parent major:minor root place options [shared:N] [master:N] - type source options".</summary>
    internal static HostPropagation Find(IEnumerable<string> mountInfo, ulong mountId)
    {
        foreach (var line in mountInfo)
        {
            var fields = line.Split(' ');
            if (!ulong.TryParse(fields[0], out var id) || id != mountId)
            {
                continue;
            }

            var tags = fields.Skip(6).TakeWhile(field => field != "-").ToList();
            return tags.Exists(tag => tag.StartsWith("shared:", StringComparison.Ordinal)) ? HostPropagation.Shared
                : tags.Exists(tag => tag.StartsWith("master:", StringComparison.Ordinal)) ? HostPropagation.Slave
                : HostPropagation.Private;
        }

        return HostPropagation.Private;
    }

    private static readonly EnumerationOptions s_noLinks = new()
    {
        RecurseSubdirectories = true,
        AttributesToSkip = FileAttributes.ReparsePoint,
        IgnoreInaccessible = true,
    };

    private static void Add(List<HostDevice> found, string path)
    {
        var status = FileStatus.Of(path);
        if (status.IsCharacterDevice || status.IsBlockDevice)
        {
            var type = status.IsBlockDevice ? 'b' : 'c';
            found.Add(new HostDevice(path, type, status.Major, status.Minor, status.Mode & PermissionBits, status.Uid, status.Gid));
        }
    }

    private static Microsoft.Win32.SafeHandles.SafeFileHandle? OpenPath(string path)
    {
        try
        {
            return Fd.Open(path, O_PATH);
        }
        catch (LinuxException e) when (e.Errno is Errno.ENOENT or Errno.ENOTDIR)
        {
            return null;
        }
    }
}
