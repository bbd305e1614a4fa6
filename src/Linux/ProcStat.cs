using static CriShim.Linux.LibC.Files;

namespace CriShim.Linux;

/// <summary>What /proc/PID/stat says (proc_pid_stat(5)).</summary>
/// <param name="State">R S D Z X…: Z is a zombie.</param>
/// <param name="StartTime">Field 22, clock ticks since boot: with the pid it names a process for ever.</param>
public readonly record struct ProcStat(char State, ulong StartTime)
{
    private const int StateField = 3;
    private const int StartTimeField = 22;

    public bool IsAlive => State is not ('Z' or 'X');

    /// <summary>Null when there is no such process.</summary>
    public static ProcStat? Read(int pid)
    {
        try
        {
            using var file = Fd.Open($"/proc/{pid}/stat", O_RDONLY);
            Span<byte> buffer = stackalloc byte[1024];
            return Parse(buffer[..Fd.Read(file, buffer)]);
        }
        catch (LinuxException e) when (e.Errno is Errno.ENOENT or Errno.ESRCH)
        {
            return null;
        }
    }

    /// <summary>The program's name is in brackets and may contain anything, so the fields are counted after the last one.</summary>
    internal static ProcStat Parse(ReadOnlySpan<byte> line)
    {
        var rest = line[(line.LastIndexOf((byte)')') + 2)..];
        var state = (char)rest[0];
        for (var field = StateField; field < StartTimeField; field++)
        {
            rest = rest[(rest.IndexOf((byte)' ') + 1)..];
        }

        var end = rest.IndexOf((byte)' ');
        return new ProcStat(state, ulong.Parse(end < 0 ? rest : rest[..end], System.Globalization.CultureInfo.InvariantCulture));
    }
}
