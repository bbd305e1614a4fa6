using System.Runtime.InteropServices;

namespace CriShim.Linux.LibC;

/// <summary>seccomp.h of libseccomp 2.5: compiling filters. These return a negative errno. Declarations only; names and constants as in C.</summary>
internal static unsafe partial class Seccomp
{
    public const uint SCMP_ACT_KILL_PROCESS = 0x80000000;
    public const uint SCMP_ACT_KILL_THREAD = 0x00000000;
    public const uint SCMP_ACT_TRAP = 0x00030000;
    public const uint SCMP_ACT_ERRNO = 0x00050000;
    public const uint SCMP_ACT_NOTIFY = 0x7fc00000;
    public const uint SCMP_ACT_TRACE = 0x7ff00000;
    public const uint SCMP_ACT_LOG = 0x7ffc0000;
    public const uint SCMP_ACT_ALLOW = 0x7fff0000;

    public const int SCMP_FLTATR_CTL_NNP = 3;
    public const int SCMP_FLTATR_CTL_OPTIMIZE = 8;

    public const int __NR_SCMP_ERROR = -1;

    /// <summary>struct scmp_arg_cmp.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct scmp_arg_cmp
    {
        public uint arg;
        public int op;
        public ulong datum_a;
        public ulong datum_b;
    }

    [LibraryImport("seccomp")]
    public static partial nint seccomp_init(uint defaultAction);

    [LibraryImport("seccomp")]
    public static partial void seccomp_release(nint context);

    [LibraryImport("seccomp", StringMarshalling = StringMarshalling.Utf8)]
    public static partial uint seccomp_arch_resolve_name(string name);

    [LibraryImport("seccomp")]
    public static partial int seccomp_arch_exist(nint context, uint architecture);

    [LibraryImport("seccomp")]
    public static partial int seccomp_arch_add(nint context, uint architecture);

    [LibraryImport("seccomp")]
    public static partial int seccomp_attr_set(nint context, int attribute, uint value);

    [LibraryImport("seccomp", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int seccomp_syscall_resolve_name(string name);

    [LibraryImport("seccomp")]
    public static partial int seccomp_rule_add_array(nint context, uint action, int syscall, uint count, scmp_arg_cmp* arguments);

    [LibraryImport("seccomp")]
    public static partial int seccomp_export_bpf(nint context, int fd);
}
