using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Sockets;

namespace CriShim.Linux;

/// <summary>Descriptors beside a message of a unix socket: one control message SCM_RIGHTS (unix(7), cmsg(3)).</summary>
internal static unsafe class SocketRights
{
    /// <summary>Most descriptors of one message.</summary>
    public const int MaxFds = 16;

    /// <summary>Where the numbers begin.</summary>
    public const int DataOffset = 16;

    /// <summary>Of a buffer for as many as there may be.</summary>
    public const int BufferBytes = DataOffset + MaxFds * sizeof(int);

    /// <returns>Length of the control message.</returns>
    public static nuint Write(byte* control, ReadOnlySpan<SafeFileHandle> fds)
    {
        var length = WriteHeader(control, fds.Length);
        for (var i = 0; i < fds.Length; i++)
        {
            ((int*)(control + DataOffset))[i] = (int)fds[i].DangerousGetHandle();
        }

        return length;
    }

    /// <summary>For numbers that are put behind it later.</summary>
    /// <inheritdoc cref="Write"/>
    public static nuint WriteHeader(byte* control, int count)
    {
        var header = (cmsghdr*)control;
        header->cmsg_len = (nuint)(DataOffset + count * sizeof(int));
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        return header->cmsg_len;
    }

    /// <param name="length">Of what the kernel wrote.</param>
    /// <returns>The caller's from now on.</returns>
    public static SafeFileHandle[] Read(byte* control, nuint length)
    {
        var header = (cmsghdr*)control;
        if (length < DataOffset || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
        {
            return [];
        }

        // SAFETY: cmsg_len is the kernel's and within the control buffer.
        var numbers = MemoryMarshal.Cast<byte, int>(new ReadOnlySpan<byte>(control + DataOffset, (int)header->cmsg_len - DataOffset));
        var fds = new SafeFileHandle[numbers.Length];
        for (var i = 0; i < fds.Length; i++)
        {
            fds[i] = new SafeFileHandle(numbers[i], ownsHandle: true);
        }

        return fds;
    }
}
