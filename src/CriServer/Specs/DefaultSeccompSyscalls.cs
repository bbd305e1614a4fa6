namespace CriShim.CriServer.Specs;

/// <summary>
/// The system calls of the default seccomp profile, grouped by purpose, under libseccomp's names of all supported architectures
/// (syscalls(2)); names that a kernel or library does not know are skipped when the filter is compiled.
/// </summary>
internal static class DefaultSeccompSyscalls
{
    /// <summary>Allowed whatever the arguments are.</summary>
    public static readonly IReadOnlyList<string> Allowed =
    [
        .. Words("""
            read write readv writev pread64 pwrite64 preadv pwritev preadv2 pwritev2 lseek _llseek
            open openat openat2 creat close close_range dup dup2 dup3 fcntl fcntl64 ioctl
            sendfile sendfile64 splice tee vmsplice copy_file_range readahead
            fsync fdatasync sync syncfs sync_file_range sync_file_range2 arm_sync_file_range
            fadvise64 fadvise64_64 arm_fadvise64_64 fallocate truncate truncate64 ftruncate ftruncate64 flock cachestat
            """), // file content
        .. Words("""
            stat stat64 lstat lstat64 fstat fstat64 fstatat64 newfstatat statx statfs statfs64 fstatfs fstatfs64 oldstat oldfstat oldlstat
            access faccessat faccessat2 chmod fchmod fchmodat fchmodat2 umask
            chown chown32 fchown fchown32 lchown lchown32 fchownat utime utimes futimesat utimensat utimensat_time64
            link linkat symlink symlinkat readlink readlinkat unlink unlinkat rename renameat renameat2
            mkdir mkdirat rmdir mknod mknodat readdir getdents getdents64 getcwd chdir fchdir
            getxattr lgetxattr fgetxattr getxattrat setxattr lsetxattr fsetxattr setxattrat
            listxattr llistxattr flistxattr listxattrat removexattr lremovexattr fremovexattr removexattrat
            name_to_handle_at file_getattr file_setattr statmount listmount
            inotify_init inotify_init1 inotify_add_watch inotify_rm_watch fanotify_mark
            landlock_create_ruleset landlock_add_rule landlock_restrict_self
            """), // names and attributes of files
        .. Words("""
            poll ppoll ppoll_time64 select _newselect pselect6 pselect6_time64
            epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_wait epoll_wait_old epoll_pwait epoll_pwait2
            eventfd eventfd2 signalfd signalfd4 pipe pipe2
            io_setup io_destroy io_submit io_cancel io_getevents io_pgetevents io_pgetevents_time64
            """), // waiting and pipes
        .. Words("""
            socketpair socketcall bind connect listen accept accept4 shutdown getsockname getpeername getsockopt setsockopt
            send sendto sendmsg sendmmsg recv recvfrom recvmsg recvmmsg recvmmsg_time64
            """), // sockets; socket itself by family, see the profile
        .. Words("""
            brk mmap mmap2 munmap mremap mprotect madvise mincore msync mlock mlock2 mlockall munlock munlockall mseal
            memfd_create memfd_secret membarrier remap_file_pages pkey_alloc pkey_free pkey_mprotect map_shadow_stack process_mrelease
            shmget shmat shmctl shmdt semget semop semctl semtimedop semtimedop_time64 msgget msgsnd msgrcv msgctl ipc
            mq_open mq_unlink mq_notify mq_getsetattr mq_timedsend mq_timedsend_time64 mq_timedreceive mq_timedreceive_time64
            futex futex_time64 futex_wait futex_wake futex_requeue futex_waitv get_robust_list set_robust_list rseq
            """), // memory and what processes share
        .. Words("""
            fork vfork execve execveat exit exit_group wait4 waitid waitpid kill tkill tgkill pidfd_open pidfd_send_signal
            getpid getppid gettid getpgid getpgrp setpgid getsid setsid set_tid_address ptrace seccomp
            rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait rt_sigtimedwait_time64
            rt_tgsigqueueinfo sigaction signal sigaltstack sigpending sigprocmask sigreturn sigsuspend pause restart_syscall
            getpriority setpriority nice ioprio_get ioprio_set getrlimit ugetrlimit setrlimit prlimit64 getrusage times
            sched_getaffinity sched_setaffinity sched_getattr sched_setattr sched_getparam sched_setparam sched_getscheduler
            sched_setscheduler sched_get_priority_max sched_get_priority_min sched_rr_get_interval sched_rr_get_interval_time64 sched_yield
            prctl arch_prctl modify_ldt set_thread_area get_thread_area set_tls breakpoint cacheflush getcpu uretprobe
            """), // processes, signals, scheduling
        .. Words("""
            getuid getuid32 geteuid geteuid32 getgid getgid32 getegid getegid32 getgroups getgroups32 setgroups setgroups32
            getresuid getresuid32 getresgid getresgid32 setuid setuid32 setgid setgid32 setreuid setreuid32 setregid setregid32
            setresuid setresuid32 setresgid setresgid32 setfsuid setfsuid32 setfsgid setfsgid32 capget capset
            lsm_get_self_attr lsm_set_self_attr lsm_list_modules
            """), // identity
        .. Words("""
            time gettimeofday clock_gettime clock_gettime64 clock_getres clock_getres_time64 clock_nanosleep clock_nanosleep_time64
            nanosleep adjtimex clock_adjtime clock_adjtime64 alarm getitimer setitimer
            timer_create timer_delete timer_getoverrun timer_gettime timer_gettime64 timer_settime timer_settime64
            timerfd_create timerfd_gettime timerfd_gettime64 timerfd_settime timerfd_settime64
            uname olduname oldolduname sysinfo getrandom
            """), // time and the system; setting the clock is the kernel's to refuse
    ];

    /// <summary>Allowed with a capability, else refused with EPERM.</summary>
    public static readonly IReadOnlyList<(string Capability, IReadOnlyList<string> Names)> ByCapability =
    [
        ("CAP_SYS_ADMIN", Words("""
            mount umount umount2 mount_setattr move_mount open_tree open_tree_attr fsopen fsconfig fsmount fspick pivot_root
            unshare setns sethostname setdomainname quotactl quotactl_fd fanotify_init bpf perf_event_open syslog lookup_dcookie
            """)),
        ("CAP_BPF", Words("bpf")),
        ("CAP_PERFMON", Words("perf_event_open")),
        ("CAP_SYSLOG", Words("syslog")),
        ("CAP_DAC_READ_SEARCH", Words("open_by_handle_at")),
        ("CAP_SYS_BOOT", Words("reboot")),
        ("CAP_SYS_CHROOT", Words("chroot")),
        ("CAP_SYS_MODULE", Words("init_module finit_module delete_module")),
        ("CAP_SYS_NICE", Words("mbind get_mempolicy set_mempolicy set_mempolicy_home_node")),
        ("CAP_SYS_PACCT", Words("acct")),
        ("CAP_SYS_PTRACE", Words("kcmp pidfd_getfd process_madvise process_vm_readv process_vm_writev")),
        ("CAP_SYS_RAWIO", Words("ioperm iopl")),
        ("CAP_SYS_TIME", Words("settimeofday stime clock_settime clock_settime64")),
        ("CAP_SYS_TTY_CONFIG", Words("vhangup")),
    ];

    /// <summary>
    /// Refused with EPERM to all: keyrings are not namespaced, io_uring and userfaultfd are common steps of kernel exploits, the rest
    /// changes the machine or is obsolete. What is in no list does not exist for the container (ENOSYS), so that programs fall back.
    /// </summary>
    public static readonly IReadOnlyList<string> Refused = Words("""
        add_key request_key keyctl io_uring_setup io_uring_enter io_uring_register userfaultfd
        kexec_load kexec_file_load swapon swapoff create_module query_module get_kernel_syms
        move_pages migrate_pages nfsservctl sysfs _sysctl uselib ustat vm86 vm86old
        """);

    private static string[] Words(string text) => text.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries);
}
