namespace CriShim.Runtime.Contract;

/// <summary>
/// How a container ended. Written by its supervisor to <see cref="StateLayout.ExitRecordFile"/> (temp, rename) before it tells
/// anybody, after the log is drained and before the cgroup is removed.
/// </summary>
/// <param name="ExitCode">0 to 255; 128 + signal where a signal ended it.</param>
/// <param name="Signal">0 where it exited by itself.</param>
/// <param name="OomKilled">The cgroup's oom_kill count rose above zero.</param>
/// <param name="StartedAt">Unix time in ns; 0 where it was never started.</param>
/// <param name="FinishedAt">Unix time in ns.</param>
public sealed record ExitRecord(int ExitCode, int Signal, bool OomKilled, long StartedAt, long FinishedAt);

/// <summary>
/// Who supervises a container, written to <see cref="StateLayout.SupervisorRecordFile"/> as soon as the container is made. Start times are field 22 of
/// /proc/PID/stat: with the pid they name a process for ever (proc(5)).
/// </summary>
public sealed record SupervisorRecord(int SupervisorPid, ulong SupervisorStartTime, int InitPid, ulong InitStartTime);
