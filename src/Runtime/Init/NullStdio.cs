using CriShim.Linux;
using static CriShim.Linux.LibC.Files;
using static CriShim.Linux.LibC.Processes;

namespace CriShim.Runtime.Init;

/// <summary>
/// Stdio that is the host's /dev/null becomes the container's own: a descriptor of a mount that is not in the container lets it reach
/// that mount, and cannot be checkpointed.
/// </summary>
internal static class NullStdio
{
    private const string Null = "/dev/null";

    /// <summary>After pivot_root. A container that has no such device keeps what it was given.</summary>
    public static void Reopen()
    {
        for (var number = 0; number <= 2; number++)
        {
            using var stdio = new Microsoft.Win32.SafeHandles.SafeFileHandle(number, ownsHandle: false);
            if (Fd.IsOpen(stdio) && IsNull(FileStatus.Of(stdio)))
            {
                Replace(number);
            }
        }
    }

    private static void Replace(int number)
    {
        try
        {
            using var place = Fd.Open(Null, O_PATH | O_NOFOLLOW);
            if (IsNull(FileStatus.Of(place)))
            {
                using var own = Fd.Open(Null, O_RDWR);
                Check.Result(dup3(own, number, 0), "dup3", Null);
            }
        }
        catch (LinuxException e) when (e.Errno is Errno.ENOENT or Errno.ENOTDIR or Errno.EACCES or Errno.EPERM)
        {
            // No device, or none that may be opened.
        }
    }

    private static bool IsNull(FileStatus status) => status.IsCharacterDevice && (status.Major, status.Minor) == (1, 3);
}
