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

    public Task<SafeFileHandle> DialAsync(string? networkNamespace, ushort port, CancellationToken cancellationToken) => throw new NotSupportedException();
}
