namespace CriShim.Linux;

/// <summary>What a failing operation of a <see cref="SyscallProgram"/> means.</summary>
public enum OnError
{
    /// <summary>The program ends; its failure is this operation's.</summary>
    Fail,

    /// <summary>The next operation runs.</summary>
    Ignore,

    /// <summary>
    /// For one of several execve candidates: ENOENT, ENOTDIR and EACCES go on to the next, anything else ends the program, as execvp(3).
    /// </summary>
    TryNext,

    /// <summary>For the last candidate: the program ends with EACCES when any candidate had it, else with this one's error.</summary>
    FailCandidates,
}
