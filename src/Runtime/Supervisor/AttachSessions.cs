using CriShim.Linux;
using CriShim.Runtime.Contract;
using CriShim.Runtime.Logging;
using Microsoft.Win32.SafeHandles;

namespace CriShim.Runtime.Supervisor;

/// <summary>The clients that are attached to the container. None of them can hold up the container, its log, or another client.</summary>
internal sealed class AttachSessions(EpollLoop loop, ContainerInput input) : IDisposable
{
    public const int MaxClients = 64;

    private const string TooSlow = "the client was dropped: it read slower than the container wrote";

    private readonly List<AttachedClient> _clients = new(0);

    /// <param name="fds">As <see cref="AttachRequest"/> says; they stay the caller's.</param>
    public void Attach(AttachRequest request, IReadOnlyList<SafeFileHandle> fds, ControlConnection owner)
    {
        Check(request, fds.Count);
        var next = 0;
        SafeFileHandle? Take(bool wanted) => wanted ? Fd.Duplicate(fds[next++]) : null;
        var client = new AttachedClient(
            request.AttachId, owner, loop, input, Take(request.Stdin), [Take(request.Stdout), Take(request.Stderr)], left => End(left, null));
        _clients.Add(client);
        client.Begin();
    }

    /// <summary>Gives everybody what the container wrote. Who cannot take it at once is dropped.</summary>
    public void Write(LogStream stream, ReadOnlySpan<byte> bytes)
    {
        List<AttachedClient>? slow = null;
        foreach (var client in _clients)
        {
            if (!client.TryWrite(stream, bytes))
            {
                (slow ??= []).Add(client);
            }
        }

        // Afterwards: with the end of one client's input others may leave too.
        slow?.ForEach(client => End(client, TooSlow));
    }

    /// <summary>The container's stream has ended.</summary>
    public void End(LogStream stream)
    {
        foreach (var client in _clients)
        {
            client.End(stream);
        }
    }

    /// <summary>The container has ended.</summary>
    public void Dispose()
    {
        while (_clients.Count > 0)
        {
            End(_clients[^1], null);
        }
    }

    private void End(AttachedClient client, string? error)
    {
        if (_clients.Remove(client))
        {
            client.Dispose();
            client.Owner.Send(new AttachEndedEvent(client.Id, error));
        }
    }

    private void Check(AttachRequest request, int fds)
    {
        var wanted = (request.Stdin ? 1 : 0) + (request.Stdout ? 1 : 0) + (request.Stderr ? 1 : 0);
        if (wanted == 0 || fds != wanted)
        {
            throw new RuntimeException(RuntimeErrorKind.InvalidArgument, $"failed to attach \"{request.AttachId}\": {fds} descriptors for {wanted} streams");
        }

        if (_clients.Count == MaxClients)
        {
            throw new RuntimeException(RuntimeErrorKind.ResourceExhausted, $"failed to attach \"{request.AttachId}\": {MaxClients} clients are attached");
        }
    }
}
