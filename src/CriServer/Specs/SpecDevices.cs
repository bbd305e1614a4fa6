using CriShim.Cri.V1;
using CriShim.CriServer.Errors;
using CriShim.Oci.RuntimeSpec;

namespace CriShim.CriServer.Specs;

/// <summary>
/// Device nodes to make and the cgroup's device rules. The standard nodes (null, zero, full, random, urandom, tty, ptmx) are the
/// runtime's.
/// </summary>
internal static class SpecDevices
{
    private const string HostFolder = "/dev";

    /// <summary>Below the host's /dev, but of the container's own.</summary>
    private static readonly string[] s_ownFolders = ["/dev/pts/", "/dev/shm/", "/dev/fd/", "/dev/mqueue/", "/dev/console", "/dev/ptmx"];

    /// <summary>Making any node is harmless as long as opening it is not allowed; the rest are the standard nodes and terminals.</summary>
    private static readonly DeviceRuleSpec[] s_defaultRules =
    [
        new() { Allow = false, Access = "rwm" },
        Allow("c", null, null, "m"),
        Allow("b", null, null, "m"),
        Allow("c", 1, 3, "rwm"),
        Allow("c", 1, 5, "rwm"),
        Allow("c", 1, 7, "rwm"),
        Allow("c", 1, 8, "rwm"),
        Allow("c", 1, 9, "rwm"),
        Allow("c", 5, 0, "rwm"),
        Allow("c", 5, 1, "rwm"),
        Allow("c", 5, 2, "rwm"),
        Allow("c", 136, null, "rwm"),
    ];

    private static readonly DeviceRuleSpec[] s_privilegedRules = [new() { Allow = true, Access = "rwm" }];

    /// <param name="Binds">Instead of nodes, in a user namespace: nobody can make one there that works.</param>
    internal sealed record Plan(IReadOnlyList<DeviceSpec>? Nodes, IReadOnlyList<MountSpec> Binds, IReadOnlyList<DeviceRuleSpec> Rules);

    private sealed record HostNode(DeviceSpec Node, string HostPath);

    public static Plan Build(ContainerSpecInputs inputs)
    {
        var nodes = new Dictionary<string, HostNode>();
        var rules = new List<DeviceRuleSpec>(inputs.Privileged ? s_privilegedRules : s_defaultRules);
        if (inputs.Privileged && !inputs.Options.PrivilegedWithoutHostDevices)
        {
            AddHostDevices(inputs, nodes);
        }

        for (var i = 0; i < inputs.Config.Devices.Count; i++)
        {
            AddAsked(inputs, inputs.Config.Devices[i], $"devices[{i}]", nodes, rules);
        }

        return inputs.PodIds is not null ? new Plan(null, [.. nodes.Values.Select(node => Bind(node.HostPath, node.Node.Path))], rules)
            : nodes.Count == 0 ? new Plan(null, [], rules)
            : new Plan([.. nodes.Values.Select(node => node.Node)], [], rules);
    }

    /// <summary>The host's own device at a place of the container.</summary>
    public static MountSpec Bind(string hostPath, string path) =>
        new() { Destination = path, Type = "bind", Source = hostPath, Options = ["bind", "rprivate", "rw", "nosuid", "noexec"] };

    private static void AddHostDevices(ContainerSpecInputs inputs, Dictionary<string, HostNode> nodes)
    {
        foreach (var device in inputs.HostFiles.FindDevices(HostFolder) ?? [])
        {
            if (!Array.Exists(s_ownFolders, own => device.Path.StartsWith(own, StringComparison.Ordinal)))
            {
                nodes[device.Path] = new HostNode(Node(device.Path, device), device.Path);
            }
        }
    }

    /// <summary>One device, or all that lie under a folder, at the same places under the container's folder.</summary>
    private static void AddAsked(
        ContainerSpecInputs inputs, Device asked, string field, Dictionary<string, HostNode> nodes, List<DeviceRuleSpec> rules)
    {
        TextRules.RequireAbsolutePath(asked.HostPath, $"{field}.host_path");
        TextRules.RequireAbsolutePath(asked.ContainerPath, $"{field}.container_path");
        if (TextRules.CleanPath(asked.ContainerPath) == "/")
        {
            throw CriException.InvalidArgument($"{field}.container_path is the container's root");
        }

        CheckAccess(asked, field);
        var hostPath = inputs.HostFiles.Resolve(asked.HostPath);
        if (hostPath is null || inputs.HostFiles.FindDevices(hostPath) is not { } devices)
        {
            throw CriException.InvalidArgument($"{field}.host_path \"{TextRules.Printable(asked.HostPath)}\" does not exist");
        }

        if (devices.Count == 0)
        {
            throw CriException.InvalidArgument($"{field}.host_path \"{TextRules.Printable(asked.HostPath)}\" is no device and holds none");
        }

        foreach (var device in devices)
        {
            var path = TextRules.CleanPath(asked.ContainerPath + device.Path[hostPath.Length..]);
            nodes[path] = new HostNode(WithOwner(inputs, Node(path, device)), device.Path);
            rules.Add(Allow(device.Type.ToString(), device.Major, device.Minor, asked.Permissions));
        }
    }

    private static void CheckAccess(Device asked, string field)
    {
        if (asked.Permissions.Length == 0 || asked.Permissions.AsSpan().ContainsAnyExcept("rwm"))
        {
            throw CriException.InvalidArgument($"{field}.permissions \"{TextRules.Printable(asked.Permissions)}\" are not of r, w, m");
        }
    }

    private static DeviceSpec WithOwner(ContainerSpecInputs inputs, DeviceSpec node) => inputs.Options.DeviceOwnershipFromSecurityContext
        ? node with { Uid = inputs.User.Uid, Gid = inputs.User.Gid }
        : node;

    private static DeviceSpec Node(string path, HostDevice device) => new()
    {
        Path = path,
        Type = device.Type.ToString(),
        Major = device.Major,
        Minor = device.Minor,
        FileMode = device.Mode,
        Uid = device.Uid,
        Gid = device.Gid,
    };

    private static DeviceRuleSpec Allow(string type, long? major, long? minor, string access) =>
        new() { Allow = true, Type = type, Major = major, Minor = minor, Access = access };
}
