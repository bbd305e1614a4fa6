using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace CriShim.Linux.LibC;

/// <summary>linux/bpf.h: loading and attaching programs (bpf(2)). Declarations only; names and constants as in C.</summary>
public static unsafe partial class Bpf
{
    public const int BPF_PROG_LOAD = 5;
    public const int BPF_PROG_ATTACH = 8;
    public const int BPF_PROG_DETACH = 9;
    public const int BPF_PROG_GET_FD_BY_ID = 13;
    public const int BPF_PROG_QUERY = 16;

    public const uint BPF_F_ALLOW_MULTI = 2;
    public const uint BPF_F_REPLACE = 4;

    /// <summary>union bpf_attr for BPF_PROG_LOAD, as far as it is used; the kernel takes the rest as zero.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct bpf_attr_load
    {
        public uint prog_type;
        public uint insn_cnt;
        public BpfInstruction* insns;
        public byte* license;
        public uint log_level;
        public uint log_size;
        public byte* log_buf;
        public uint kern_version;
        public uint prog_flags;
    }

    /// <summary>union bpf_attr for BPF_PROG_ATTACH and BPF_PROG_DETACH.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct bpf_attr_attach
    {
        public uint target_fd;
        public uint attach_bpf_fd;
        public uint attach_type;
        public uint attach_flags;
        public uint replace_bpf_fd;
    }

    /// <summary>union bpf_attr for BPF_PROG_QUERY.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct bpf_attr_query
    {
        public uint target_fd;
        public uint attach_type;
        public uint query_flags;
        public uint attach_flags;
        public uint* prog_ids;
        public uint prog_cnt;
    }

    /// <summary>union bpf_attr for BPF_PROG_GET_FD_BY_ID.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct bpf_attr_get_id
    {
        public uint prog_id;
        public uint next_id;
        public uint open_flags;
    }

    public static int bpf(int cmd, void* attr, uint size) => (int)syscall(SyscallNumbers.SYS_bpf, cmd, attr, (nint)size);

    /// <summary>For the commands that return a file descriptor, which the kernel makes close-on-exec.</summary>
    public static SafeFileHandle bpf_fd(int cmd, void* attr, uint size) => syscall_fd(SyscallNumbers.SYS_bpf, cmd, attr, (nint)size);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint syscall(nint number, nint cmd, void* attr, nint size);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial SafeFileHandle syscall_fd(nint number, nint cmd, void* attr, nint size);
}
