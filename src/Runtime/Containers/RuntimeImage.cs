using CriShim.Linux;
using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Files;
using static CriShim.Linux.LibC.SyscallNumbers;

namespace CriShim.Runtime.Containers;

/// <summary>
/// This program's own file, through a mount of its own that is read-only and attached nowhere. A process in a container that gets hold of
/// /proc/PID/exe of a process of ours can thus read our file but never write it (CVE-2019-5736), and no copy is made.
/// </summary>
internal static class RuntimeImage
{
    /// <summary>
    /// Executes this program again through such a mount, unless it runs from one: for a process whose clone enters a container, and has this
    /// file as its /proc/PID/exe until it executes the user's program; or for good, when that is /proc/self/exe.
    /// <see cref="EarlyMain"/> does so where it can; this also says why it cannot be done.
    /// </summary>
    public static void Enter()
    {
        using var own = Fd.Open("/proc/self/exe", O_PATH);
        if (DetachedMount.IsReadOnly(own))
        {
            return;
        }

        using var image = Open();
        using var program = new SyscallProgram();
        program.Call(
            "execute the runtime",
            SYS_execveat,
            image.DangerousGetHandle(),
            program.Text(""),
            program.ByteStringArray(ReadStrings("/proc/self/cmdline")),
            program.ByteStringArray(ReadStrings("/proc/self/environ")),
            AT_EMPTY_PATH);
        program.Run();
    }

    public static SafeFileHandle Open()
    {
        var own = Fd.Open("/proc/self/exe", O_PATH);
        if (DetachedMount.IsReadOnly(own))
        {
            // Started through such a mount already, or the whole file system is read-only.
            return own;
        }

        using (own)
        {
            var clone = DetachedMount.Clone(own, recursive: false, "/proc/self/exe");
            DetachedMount.MakeReadOnly(clone, "/proc/self/exe");
            return clone;
        }
    }

    /// <summary>Strings that end in zeroes, as they are: no text.</summary>
    private static List<byte[]> ReadStrings(string path)
    {
        var strings = new List<byte[]>();
        ReadOnlySpan<byte> rest = File.ReadAllBytes(path);
        while (rest.IndexOf((byte)0) is var end and >= 0)
        {
            strings.Add(rest[..end].ToArray());
            rest = rest[(end + 1)..];
        }

        return strings;
    }
}
