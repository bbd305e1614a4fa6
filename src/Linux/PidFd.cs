using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.PidFds;

namespace CriShim.Linux;

/// <summary>
/// A process by descriptor: never another process that got the same number. The descriptor is readable once the process has ended
/// (pidfd_open(2)). Throws <see cref="LinuxException"/>.
/// </summary>
public sealed class PidFd(SafeFileHandle handle) : IDisposable
{
    /// <summary>For epoll: readable when the process has ended.</summary>
    public SafeFileHandle Handle { get; } = handle;

    /// <summary>Opens the process that has <paramref name="pid"/> now; null when there is none.</summary>
    public static PidFd? Open(int pid)
    {
        var handle = pidfd_open(pid, 0);
        if (handle.IsInvalid && Check.LastErrno == Errno.ESRCH)
        {
            handle.Dispose();
            return null;
        }

        return new PidFd(Check.Result(handle, "pidfd_open"));
    }

    /// <summary>Collects the exit of a child that has ended; null while it lives. Only for children, once (ECHILD after).</summary>
    public ProcessExit? TryReap() => Wait(WNOHANG);

    /// <summary>Waits for a child's end and collects it.</summary>
    public ProcessExit Reap() => Wait(0) ?? throw new LinuxException(Errno.ECHILD, "waitid");

    /// <summary>False when the process is gone.</summary>
    public unsafe bool SendSignal(int signal) =>
        // SAFETY: without siginfo the kernel reads nothing through the pointer.
        Check.Tolerate(pidfd_send_signal(Handle, signal, null, 0), Errno.ESRCH, "pidfd_send_signal");

    public void Dispose() => Handle.Dispose();

    private unsafe ProcessExit? Wait(int options)
    {
        while (true)
        {
            siginfo_t info = default;

            // SAFETY: info is a whole siginfo_t of the kernel's size.
            if (waitid(P_PIDFD, Handle, &info, WEXITED | __WALL | options) == 0)
            {
                return info.si_pid == 0 ? null : FromSigInfo(info);
            }

            if (Check.LastErrno is var errno && errno != Errno.EINTR)
            {
                throw new LinuxException(errno, "waitid");
            }
        }
    }

    private static ProcessExit FromSigInfo(in siginfo_t info) =>
        info.si_code == CLD_EXITED ? new ProcessExit(info.si_status & 0xFF, 0) : new ProcessExit(128 + info.si_status, info.si_status);
}
