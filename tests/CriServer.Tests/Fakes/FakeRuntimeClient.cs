using CriShim.CriServer.RuntimeClient;
using CriShim.Runtime.Contract;
using Microsoft.Win32.SafeHandles;

namespace CriShim.CriServer.Tests.Fakes;

/// <summary>A runtime whose supervisors are those that the test put into <see cref="Reachable"/>.</summary>
internal sealed class FakeRuntimeClient : IRuntimeClient
{
    public Dictionary<string, FakeSupervisor> Reachable { get; } = [];

    public Task<INewSupervisor> StartSupervisorAsync(string folder) => throw new NotSupportedException();

    public Task<ISupervisor?> ConnectAsync(string containerId, SupervisorRecord record, CancellationToken cancellationToken) =>
        Task.FromResult<ISupervisor?>(Reachable.GetValueOrDefault(containerId));

    public Task<SandboxProcess> CreateSandboxAsync(SandboxRequest request, CancellationToken cancellationToken) => throw new NotSupportedException();

    /// <summary>What happens in a dump: given the request and what is to be done while the processes stand.</summary>
    public Func<DumpRequest, Func<CancellationToken, Task>, CancellationToken, Task> Dump { get; set; } = (_, _, _) => throw new NotSupportedException();

    public Task DumpAsync(DumpRequest request, Func<CancellationToken, Task> whileHeld, CancellationToken cancellationToken) =>
        Dump(request, whileHeld, cancellationToken);

    public Task<SafeFileHandle> DialAsync(string? networkNamespace, ushort port, CancellationToken cancellationToken) => throw new NotSupportedException();
}
