using System.Collections.Concurrent;
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
internal sealed class RuntimeHandlers
{
    /// <summary>Name of the built-in runtime.</summary>
    public const string BuiltInName = "crishim";

    private const string SystemdFlag = "--systemd-cgroup";

    private static readonly RuntimeHandlerFeatures s_notYetKnown = new();

    private readonly IReadOnlyDictionary<string, RuntimeHandlerOptions> _configured;
    private readonly RuntimeHandlerFeatures _builtIn;
    private readonly bool _usesSystemd;
    private readonly Dictionary<string, Task<RuntimeHandlerFeatures>> _features;
    private readonly ConcurrentDictionary<string, RuntimeHandlerFeatures> _known = new(StringComparer.Ordinal);

    /// <param name="builtIn">What the built-in runtime can do on this machine.</param>
    /// <param name="usesSystemd">Cgroups are units of systemd: other runtimes are told so.</param>
    /// <param name="readFeatures">Asks a runtime's program what it can do.</param>
    public RuntimeHandlers(
        IReadOnlyDictionary<string, RuntimeHandlerOptions> configured,
        RuntimeHandlerFeatures builtIn,
        bool usesSystemd,
        Func<RuntimeHandlerOptions, Task<RuntimeHandlerFeatures>> readFeatures)
    {
        (_configured, _builtIn, _usesSystemd) = (configured, builtIn, usesSystemd);
        _features = configured.ToDictionary(handler => handler.Key, handler => ReadAsync(handler.Key, handler.Value), StringComparer.Ordinal);

        async Task<RuntimeHandlerFeatures> ReadAsync(string name, RuntimeHandlerOptions handler) => _known[name] = await readFeatures(handler);
    }

    /// <summary>Null: the built-in runtime.</summary>
    /// <exception cref="CriException">InvalidArgument, naming the handler: there is none of that name.</exception>
    public RuntimeHandlerOptions? Find(string name) => name is "" or BuiltInName ? null
        : _configured.GetValueOrDefault(name) ?? throw CriException.InvalidArgument($"runtime handler \"{TextRules.Printable(name)}\" is unknown");

    /// <summary>As a supervisor is told of it.</summary>
    public ExternalRuntime? RuntimeOf(string name) =>
        Find(name) is { } handler ? new ExternalRuntime(handler.Binary, handler.Root, [.. _usesSystemd ? [SystemdFlag] : Array.Empty<string>(), .. handler.Arguments ?? []]) : null;

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
        yield return new RuntimeHandler { Name = "", Features = _builtIn };
        yield return new RuntimeHandler { Name = BuiltInName, Features = _builtIn };
        foreach (var name in _configured.Keys)
        {
            yield return new RuntimeHandler { Name = name, Features = _known.GetValueOrDefault(name, s_notYetKnown) };
        }
    }
}
