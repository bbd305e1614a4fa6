using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Files;

namespace CriShim.Linux;

/// <summary>The descriptors of this process as a whole.</summary>
public static class OpenDescriptors
{
    private const int FirstAfterStdio = 3;
    private const uint MemoryDevices = 1;
    private const uint Urandom = 9;

    /// <summary>How far /dev/urandom is looked for: it is opened by the first table of strings that a process makes.</summary>
    private const int FirstOnes = 64;

    /// <summary>
    /// Closes all but stdio, those given and the class library's own, for the copy of a process (<see cref="CloneExec.Continue"/>): the
    /// objects that hold the others are not to be used afterwards. Throws <see cref="LinuxException"/>.
    /// </summary>
    public static void CloseAllBut(IReadOnlyList<SafeFileHandle> kept)
    {
        var numbers = FindLibraryOwn();
        foreach (var fd in kept)
        {
            numbers.Add((int)fd.DangerousGetHandle());
        }

        numbers.Sort();
        var first = FirstAfterStdio;
        foreach (var number in numbers)
        {
            Close(first, number - 1);
            first = Math.Max(first, number + 1);
        }

        Close(first, int.MaxValue);
    }

    /// <summary>
    /// The class library reads random numbers from a descriptor that it never opens again, and would read whatever got its number. It may be
    /// among others of that device.
    /// </summary>
    private static List<int> FindLibraryOwn()
    {
        var found = new List<int>();
        for (var number = FirstAfterStdio; number < FirstOnes; number++)
        {
            using var fd = new SafeFileHandle(number, ownsHandle: false);
            if (statx(fd, "\0"u8, AT_EMPTY_PATH, STATX_BASIC_STATS, out var status) == 0
                && (status.stx_mode & S_IFMT) == S_IFCHR && (status.stx_rdev_major, status.stx_rdev_minor) == (MemoryDevices, Urandom))
            {
                found.Add(number);
            }
        }

        return found;
    }

    private static void Close(int first, int last)
    {
        if (first <= last)
        {
            Check.Result(close_range((uint)first, (uint)last, 0), "close_range");
        }
    }
}
