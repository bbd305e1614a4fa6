namespace CriShim.CriServer.Networking.Cni;

/// <summary>What a plugin did.</summary>
/// <param name="ExitCode">128 + signal when a signal ended it.</param>
/// <param name="TimedOut">It was killed for running too long.</param>
internal sealed record CniProcessResult(int ExitCode, bool TimedOut, byte[] Stdout, byte[] Stderr);

/// <summary>Runs a plugin's executable.</summary>
internal interface ICniProcess
{
    /// <param name="variables">NAME=value, added to the server's own environment.</param>
    Task<CniProcessResult> RunAsync(string path, IReadOnlyList<string> variables, byte[] stdin, TimeSpan timeout, CancellationToken ct) =>
        RunAsync(path, [], variables, stdin, timeout, ct);

    /// <inheritdoc cref="RunAsync(string, IReadOnlyList{string}, byte[], TimeSpan, CancellationToken)"/>
    /// <param name="arguments">After the program's own name.</param>
    Task<CniProcessResult> RunAsync(
        string path, IReadOnlyList<string> arguments, IReadOnlyList<string> variables, byte[] stdin, TimeSpan timeout, CancellationToken ct);
}
