using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Files;
using static CriShim.Linux.LibC.TerminalCalls;

namespace CriShim.Linux;

/// <summary>Pseudo-terminals (pts(4), ioctl_tty(2)). Throws <see cref="LinuxException"/>.</summary>
public static class Terminal
{
    public const int TIOCSCTTY = 0x540E;
    private const int TIOCGWINSZ = 0x5413;
    private const int TIOCSWINSZ = 0x5414;
    private const int TIOCSPTLCK = 0x40045431;
    private const int TIOCGPTPEER = 0x5441;

    /// <summary>Unlocks a master and opens its slave through it, so that no path is resolved (CVE-2025-52565).</summary>
    public static SafeFileHandle OpenSlave(SafeFileHandle master)
    {
        var unlock = 0;
        Check.Result(ioctl(master, TIOCSPTLCK, ref unlock), "ioctl(TIOCSPTLCK)");
        return new SafeFileHandle(
            Check.Result(ioctl(master, TIOCGPTPEER, (nint)(O_RDWR | O_NOCTTY | O_CLOEXEC)), "ioctl(TIOCGPTPEER)"), ownsHandle: true);
    }

    /// <summary>Size in characters.</summary>
    public static void SetSize(SafeFileHandle terminal, ushort rows, ushort columns)
    {
        var size = new winsize_t { ws_row = rows, ws_col = columns };
        Check.Result(ioctl(terminal, TIOCSWINSZ, ref size), "ioctl(TIOCSWINSZ)");
    }

    /// <summary>Null where the descriptor is no terminal.</summary>
    public static (ushort Rows, ushort Columns)? GetSize(SafeFileHandle terminal)
    {
        winsize_t size = default;
        return ioctl(terminal, TIOCGWINSZ, ref size) < 0 ? null : (size.ws_row, size.ws_col);
    }

    /// <summary>Makes it the calling session's controlling terminal.</summary>
    public static void MakeControlling(SafeFileHandle terminal) => Check.Result(ioctl(terminal, TIOCSCTTY, 0), "ioctl(TIOCSCTTY)");

    /// <summary>Raw mode; null where the descriptor is no terminal, else the mode to restore.</summary>
    public static termios_t? MakeRaw(SafeFileHandle terminal)
    {
        if (tcgetattr(terminal, out var mode) < 0)
        {
            return null;
        }

        var raw = mode;
        cfmakeraw(ref raw);
        Check.Result(tcsetattr(terminal, TCSANOW, raw), "tcsetattr");
        return mode;
    }

    public static void Restore(SafeFileHandle terminal, termios_t mode) => Check.Result(tcsetattr(terminal, TCSANOW, mode), "tcsetattr");
}
