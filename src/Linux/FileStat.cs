using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Files;

namespace CriShim.Linux;

/// <summary>statx(2) of an open file. Throws <see cref="LinuxException"/>.</summary>
public static class FileStat
{
    public static statx_t Of(SafeFileHandle fd)
    {
        Check.Result(statx(fd, "\0"u8, AT_EMPTY_PATH, STATX_BASIC_STATS, out var info), "statx");
        return info;
    }
}
