using CriShim.Linux;
using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Files;
using static CriShim.Linux.LibC.Processes;
using static CriShim.Linux.LibC.SyscallNumbers;

namespace CriShim.Runtime.Init;

/// <summary>The process's working folder, made where it is missing, as images may name one they do not ship.</summary>
internal static class WorkingFolder
{
    private const int PathBytes = 4096;

    public static void Enter(string path)
    {
        using var root = new RootFd(Fd.Open("/", O_PATH | O_DIRECTORY));
        using var folder = root.OpenIfPresent(path, O_PATH | O_DIRECTORY) ?? Make(root, path);
        Check.Result(fchdir(folder), "fchdir", path);

        // What is outside of the container (CVE-2024-21626) is "(unreachable)…" to the kernel.
        Span<byte> current = stackalloc byte[PathBytes];
        Check.Result(getcwd(SYS_getcwd, current, current.Length), "getcwd", path);
        if (current[0] != '/')
        {
            throw new LinuxException(Errno.EPERM, "chdir", $"{path}: outside the container");
        }
    }

    private static SafeFileHandle Make(RootFd root, string path)
    {
        try
        {
            return root.MakeFolders(path);
        }
        catch (LinuxException e) when (e.Errno == Errno.EROFS)
        {
            throw new LinuxException(Errno.ENOENT, "chdir", path);
        }
    }
}
