using CriShim.Cri.V1;
using CriShim.CriServer.Containers;
using CriShim.CriServer.Errors;
using CriShim.CriServer.Sandboxes;
using CriShim.CriServer.Streaming.Sessions;

namespace CriShim.CriServer.Streaming;

/// <summary>Gives out URLs on the streaming server for exec, attach and port forward.</summary>
/// <param name="baseUrl">Of the streaming server, with a slash at its end; known once that listens.</param>
internal sealed class OpenSession(ContainerStore containers, SandboxStore sandboxes, SessionTokens tokens, Func<Uri> baseUrl)
{
    public ExecResponse Exec(ExecRequest request)
    {
        Validate("container_id", request.ContainerId, request.Tty, request.Stdin, request.Stdout, request.Stderr);
        if (request.Cmd.Count == 0)
        {
            throw CriException.InvalidArgument("cmd is empty");
        }

        var container = Running(request.ContainerId, "exec in");
        return new ExecResponse { Url = UrlFor(new CommandRequest(container.Id, [.. request.Cmd], request.Tty, request.Stdin, request.Stdout, request.Stderr)) };
    }

    public AttachResponse Attach(AttachRequest request)
    {
        Validate("container_id", request.ContainerId, request.Tty, request.Stdin, request.Stdout, request.Stderr);
        var container = Running(request.ContainerId, "attach to");
        return new AttachResponse { Url = UrlFor(new CommandRequest(container.Id, [], request.Tty, request.Stdin, request.Stdout, request.Stderr)) };
    }

    public PortForwardResponse PortForward(PortForwardRequest request)
    {
        Require("pod_sandbox_id", request.PodSandboxId);
        if (request.Port.FirstOrDefault(port => port is < 1 or > ushort.MaxValue, 1) is var wrong && wrong != 1)
        {
            throw CriException.InvalidArgument($"port {wrong} is not between 1 and {ushort.MaxValue}");
        }

        var sandbox = sandboxes.Get(request.PodSandboxId);
        if (sandbox.State != PodSandboxState.SandboxReady)
        {
            throw new CriException(CriErrorKind.FailedPrecondition, $"failed to forward ports of sandbox \"{sandbox.Id}\": it is not ready");
        }

        return new PortForwardResponse { Url = UrlFor(new PortsRequest(sandbox.Id, [.. request.Port.Select(port => (ushort)port)])) };
    }

    private static void Validate(string idName, string id, bool tty, bool stdin, bool stdout, bool stderr)
    {
        Require(idName, id);
        if (tty && stderr)
        {
            throw CriException.InvalidArgument("tty and stderr cannot both be true: a terminal has one output");
        }

        if (!stdin && !stdout && !stderr)
        {
            throw CriException.InvalidArgument("one of stdin, stdout and stderr must be set");
        }
    }

    private static void Require(string name, string id)
    {
        if (id.Length == 0)
        {
            throw CriException.InvalidArgument($"{name} is empty");
        }
    }

    private Containers.Container Running(string idOrPrefix, string verb)
    {
        var container = containers.Get(idOrPrefix);
        return container.State == ContainerState.ContainerRunning
            ? container
            : throw new CriException(CriErrorKind.FailedPrecondition, $"failed to {verb} container \"{container.Id}\": it is not running");
    }

    private string UrlFor(SessionRequest request) => new Uri(baseUrl(), $"{request.Kind}/{tokens.Add(request)}").AbsoluteUri;
}
