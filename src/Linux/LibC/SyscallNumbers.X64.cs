namespace CriShim.Linux.LibC;

/// <summary>Numbers of the system calls that are made without a libc wrapper: arch/x86/entry/syscalls/syscall_64.tbl.</summary>
public static class SyscallNumbers
{
    public const int SYS_read = 0;
    public const int SYS_write = 1;
    public const int SYS_close = 3;
    public const int SYS_mmap = 9;
    public const int SYS_rt_sigaction = 13;
    public const int SYS_rt_sigprocmask = 14;
    public const int SYS_ioctl = 16;
    public const int SYS_pause = 34;
    public const int SYS_getpid = 39;
    public const int SYS_socket = 41;
    public const int SYS_sendmsg = 46;
    public const int SYS_execve = 59;
    public const int SYS_exit = 60;
    public const int SYS_kill = 62;
    public const int SYS_fcntl = 72;
    public const int SYS_getcwd = 79;
    public const int SYS_chdir = 80;
    public const int SYS_chroot = 161;
    public const int SYS_fchdir = 81;
    public const int SYS_umask = 95;
    public const int SYS_setsid = 112;
    public const int SYS_setgroups = 116;
    public const int SYS_setresuid = 117;
    public const int SYS_setresgid = 119;
    public const int SYS_capset = 126;
    public const int SYS_personality = 135;
    public const int SYS_statfs = 137;
    public const int SYS_pivot_root = 155;
    public const int SYS_prctl = 157;
    public const int SYS_sched_setaffinity = 203;

    public const int SYS_sched_getaffinity = 204;
    public const int SYS_exit_group = 231;
    public const int SYS_set_mempolicy = 238;
    public const int SYS_keyctl = 250;
    public const int SYS_ioprio_set = 251;
    public const int SYS_openat = 257;
    public const int SYS_unshare = 272;
    public const int SYS_dup3 = 292;
    public const int SYS_prlimit64 = 302;
    public const int SYS_setns = 308;
    public const int SYS_getcpu = 309;
    public const int SYS_sched_setattr = 314;
    public const int SYS_seccomp = 317;
    public const int SYS_bpf = 321;
    public const int SYS_execveat = 322;
    public const int SYS_open_tree = 428;
    public const int SYS_move_mount = 429;
    public const int SYS_fsopen = 430;
    public const int SYS_fsconfig = 431;
    public const int SYS_fsmount = 432;
    public const int SYS_fspick = 433;
    public const int SYS_clone3 = 435;
    public const int SYS_close_range = 436;
    public const int SYS_openat2 = 437;
    public const int SYS_mount_setattr = 442;
    public const int SYS_quotactl_fd = 443;
}
