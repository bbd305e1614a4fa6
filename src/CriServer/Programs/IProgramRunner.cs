namespace CriShim.CriServer.Programs;

/// <summary>What a program did.</summary>
/// <param name="ExitCode">128 + signal when a signal ended it.</param>
/// <param name="TimedOut">It was killed for running too long.</param>
internal sealed record ProgramResult(int ExitCode, bool TimedOut, byte[] Stdout, byte[] Stderr);

/// <summary>Runs other programs: CNI plugins, other OCI runtimes.</summary>
internal interface IProgramRunner
{
    /// <param name="variables">NAME=value, added to the server's own environment.</param>
    Task<ProgramResult> RunAsync(string path, IReadOnlyList<string> variables, byte[] stdin, TimeSpan timeout, CancellationToken ct) =>
        RunAsync(path, [], variables, stdin, timeout, ct);

    /// <inheritdoc cref="RunAsync(string, IReadOnlyList{string}, byte[], TimeSpan, CancellationToken)"/>
    /// <param name="arguments">After the program's own name.</param>
    Task<ProgramResult> RunAsync(
        string path, IReadOnlyList<string> arguments, IReadOnlyList<string> variables, byte[] stdin, TimeSpan timeout, CancellationToken ct);
}
