using Microsoft.Win32.SafeHandles;

namespace CriShim.Linux;

/// <summary>How <see cref="CloneExec"/> makes the child.</summary>
public sealed record CloneOptions
{
    /// <summary>CLONE_NEW… flags of the namespaces that begin with the child.</summary>
    public ulong Namespaces { get; init; }

    /// <summary>The cgroup v2 folder the child is born in (CLONE_INTO_CGROUP), or null for the caller's.</summary>
    public SafeFileHandle? Cgroup { get; init; }

    /// <summary>
    /// A pidfd or a nsfs file of the PID namespace the child is born in, or null. The calling thread's namespace for children is changed
    /// around the clone: the caller must see to it that no thread is started meanwhile.
    /// </summary>
    public SafeFileHandle? PidNamespace { get; init; }

    /// <summary>
    /// A nsfs file of the user namespace that the child enters before <see cref="Namespaces"/> and <see cref="PidNamespace"/>, so that they
    /// belong to it; or null. It costs a second clone.
    /// </summary>
    public SafeFileHandle? UserNamespace { get; init; }

    /// <summary>Lowest descriptor number that the program does not overwrite.</summary>
    public int FirstFreeFd { get; init; } = 3;

    /// <summary>Called with the child's pid while its program runs, to do for it what it cannot (id maps). The child is killed when it throws.</summary>
    public Action<int>? OnCloned { get; init; }

    /// <summary>How long the program may take until its execve; the child is killed and ETIMEDOUT thrown when it is over.</summary>
    public TimeSpan ExecTimeout { get; init; } = TimeSpan.FromSeconds(30);
}
