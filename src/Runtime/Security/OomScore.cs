using System.Globalization;
using System.Text;
using CriShim.Linux;
using static CriShim.Linux.LibC.Files;

namespace CriShim.Runtime.Security;

/// <summary>/proc/PID/oom_score_adj (proc_pid_oom_score_adj(5)).</summary>
internal static class OomScore
{
    /// <summary>Without CAP_SYS_RESOURCE a score cannot go below the inherited one: that then stays.</summary>
    public static void Set(int pid, int score)
    {
        var path = $"/proc/{pid}/oom_score_adj";
        using var file = Fd.Open(path, O_WRONLY);
        try
        {
            Fd.WriteAll(file, Format(score), path);
        }
        catch (LinuxException e) when (e.Errno == Errno.EACCES)
        {
            // Not permitted: the closest permitted value is the one it has.
        }
    }

    public static byte[] Format(int score) => Encoding.ASCII.GetBytes(score.ToString(CultureInfo.InvariantCulture));
}
