using CriShim.Cri.V1;
using CriShim.CriServer.Configuration;
using CriShim.CriServer.Errors;
using CriShim.CriServer.Specs;
using CriShim.Runtime.Contract;

namespace CriShim.CriServer.Handlers;

/// <summary>
/// Who may make a pod's containers: the built-in runtime, by the empty name or its own, and other OCI runtimes by the names that the settings
/// give them.
/// </summary>
/// <param name="builtIn">What the built-in runtime can do on this machine.</param>
/// <param name="usesSystemd">Cgroups are units of systemd: other runtimes are told so.</param>
/// <param name="readFeatures">Asks a runtime's program what it can do.</param>
internal sealed class RuntimeHandlers(
    IReadOnlyDictionary<string, RuntimeHandlerOptions> configured,
    RuntimeHandlerFeatures builtIn,
    bool usesSystemd,
    Func<RuntimeHandlerOptions, Task<RuntimeHandlerFeatures>> readFeatures)
{
    /// <summary>Name of the built-in runtime.</summary>
    public const string BuiltInName = "crishim";

    private const string SystemdFlag = "--systemd-cgroup";

    private static readonly RuntimeHandlerFeatures s_notYetKnown = new();

    private readonly Dictionary<string, Task<RuntimeHandlerFeatures>> _features =
        configured.ToDictionary(handler => handler.Key, handler => readFeatures(handler.Value), StringComparer.Ordinal);

    /// <summary>Null: the built-in runtime.</summary>
    /// <exception cref="CriException">InvalidArgument, naming the handler: there is none of that name.</exception>
    public RuntimeHandlerOptions? Find(string name) => name is "" or BuiltInName ? null
        : configured.GetValueOrDefault(name) ?? throw CriException.InvalidArgument($"runtime handler \"{TextRules.Printable(name)}\" is unknown");

    /// <summary>As a supervisor is told of it.</summary>
    public ExternalRuntime? RuntimeOf(string name) =>
        Find(name) is { } handler ? new ExternalRuntime(handler.Binary, handler.Root, [.. usesSystemd ? [SystemdFlag] : Array.Empty<string>(), .. handler.Arguments ?? []]) : null;

    /// <exception cref="CriException">InvalidArgument: the handler is unknown, or cannot do what the pod asks.</exception>
    public async Task CheckAsync(string name, PodSandboxConfig pod)
    {
        var usersOfItsOwn = pod.Linux?.SecurityContext?.NamespaceOptions?.UsernsOptions?.Mode == NamespaceMode.Pod;
        if (Find(name) is not null && usersOfItsOwn && !(await _features[name]).UserNamespaces)
        {
            throw CriException.InvalidArgument(
                $"linux.security_context.namespace_options.userns_options: runtime handler \"{name}\" does not support user namespaces");
        }
    }

    /// <exception cref="CriException">InvalidArgument: the handler cannot do what the container asks.</exception>
    public async Task CheckAsync(string name, ContainerConfig container)
    {
        var mount = container.Mounts.ToList().FindIndex(mount => mount.RecursiveReadOnly);
        if (mount >= 0 && Find(name) is not null && !(await _features[name]).RecursiveReadOnlyMounts)
        {
            throw CriException.InvalidArgument($"mounts[{mount}].recursive_read_only: runtime handler \"{name}\" does not support it");
        }
    }

    /// <summary>For Status: all, with what is known of them by now.</summary>
    public IEnumerable<RuntimeHandler> ToMessages()
    {
        yield return new RuntimeHandler { Name = "", Features = builtIn };
        yield return new RuntimeHandler { Name = BuiltInName, Features = builtIn };
        foreach (var (name, features) in _features)
        {
            yield return new RuntimeHandler { Name = name, Features = features.IsCompletedSuccessfully ? features.Result : s_notYetKnown };
        }
    }
}
