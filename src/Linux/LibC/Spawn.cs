using System.Runtime.InteropServices;

namespace CriShim.Linux.LibC;

/// <summary>spawn.h, signal.h: starting a program. These return the error number; errno is not set. Sizes are glibc's on x86-64.</summary>
internal static unsafe partial class Spawn
{
    public const short POSIX_SPAWN_SETSIGDEF = 0x04;
    public const short POSIX_SPAWN_SETSIGMASK = 0x08;
    public const short POSIX_SPAWN_SETSID = 0x80;

    [StructLayout(LayoutKind.Explicit, Size = 80)]
    public struct posix_spawn_file_actions_t;

    [StructLayout(LayoutKind.Explicit, Size = 336)]
    public struct posix_spawnattr_t;

    [StructLayout(LayoutKind.Explicit, Size = 128)]
    public struct sigset_t;

    [LibraryImport("libc")]
    public static partial int posix_spawn(
        int* pid, byte* path, posix_spawn_file_actions_t* fileActions, posix_spawnattr_t* attributes, byte** argv, byte** envp);

    [LibraryImport("libc")]
    public static partial int posix_spawn_file_actions_init(posix_spawn_file_actions_t* actions);

    [LibraryImport("libc")]
    public static partial int posix_spawn_file_actions_destroy(posix_spawn_file_actions_t* actions);

    [LibraryImport("libc")]
    public static partial int posix_spawn_file_actions_adddup2(posix_spawn_file_actions_t* actions, int fd, int newfd);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int posix_spawn_file_actions_addchdir_np(posix_spawn_file_actions_t* actions, string path);

    [LibraryImport("libc")]
    public static partial int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t* actions, int from);

    [LibraryImport("libc")]
    public static partial int posix_spawnattr_init(posix_spawnattr_t* attributes);

    [LibraryImport("libc")]
    public static partial int posix_spawnattr_destroy(posix_spawnattr_t* attributes);

    [LibraryImport("libc")]
    public static partial int posix_spawnattr_setflags(posix_spawnattr_t* attributes, short flags);

    [LibraryImport("libc")]
    public static partial int posix_spawnattr_setsigmask(posix_spawnattr_t* attributes, sigset_t* mask);

    [LibraryImport("libc")]
    public static partial int posix_spawnattr_setsigdefault(posix_spawnattr_t* attributes, sigset_t* signals);

    [LibraryImport("libc")]
    public static partial int sigfillset(sigset_t* set);

    [LibraryImport("libc")]
    public static partial int sigemptyset(sigset_t* set);

    [LibraryImport("libc")]
    public static partial int sigdelset(sigset_t* set, int signum);
}
