using CriShim.Linux;
using CriShim.Oci.RuntimeSpec;
using static CriShim.Linux.LibC.Processes;

namespace CriShim.Runtime.Security;

/// <summary>setrlimit(2) by the spec.</summary>
internal static class Rlimits
{
    private static readonly string[] s_names =
    [
        "RLIMIT_CPU", "RLIMIT_FSIZE", "RLIMIT_DATA", "RLIMIT_STACK", "RLIMIT_CORE", "RLIMIT_RSS", "RLIMIT_NPROC", "RLIMIT_NOFILE",
        "RLIMIT_MEMLOCK", "RLIMIT_AS", "RLIMIT_LOCKS", "RLIMIT_SIGPENDING", "RLIMIT_MSGQUEUE", "RLIMIT_NICE", "RLIMIT_RTPRIO",
        "RLIMIT_RTTIME",
    ];

    /// <summary>The resource's number, or -1.</summary>
    public static int Find(string name) => Array.IndexOf(s_names, name);

    /// <summary>
    /// The limit as it can be set: without CAP_SYS_RESOURCE nothing rises above the hard limit that is in force, and the largest that is
    /// possible serves better than an error.
    /// </summary>
    public static rlimit_t Clamp(RlimitSpec spec, rlimit_t current, bool mayRaise)
    {
        var hard = mayRaise ? spec.Hard : Math.Min(spec.Hard, current.rlim_max);
        return new rlimit_t { rlim_cur = Math.Min(spec.Soft, hard), rlim_max = hard };
    }

    /// <summary>This process's, which its children inherit.</summary>
    public static rlimit_t Current(int resource)
    {
        Check.Result(getrlimit(resource, out var limit), "getrlimit", s_names[resource]);
        return limit;
    }
}
