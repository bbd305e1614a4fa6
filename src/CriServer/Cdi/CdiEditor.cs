using System.Text;
using CriShim.CriServer.Errors;
using CriShim.CriServer.Specs;
using CriShim.Oci.RuntimeSpec;

namespace CriShim.CriServer.Cdi;

/// <summary>Makes the edits of CDI devices to a container's OCI spec (SPEC.md, "OCI Edits"). Looks at the host's devices, and has no other effect.</summary>
internal static class CdiEditor
{
    /// <param name="edits">In order: later ones win.</param>
    /// <param name="podIds">Of the pod's user namespace, where it has one: devices are then bound, and bind mounts mapped.</param>
    /// <exception cref="CriException">InvalidArgument: a device of the host is missing.</exception>
    public static Spec Apply(Spec spec, IReadOnlyList<CdiContainerEdits> edits, IHostFiles host, PodIds? podIds)
    {
        foreach (var edit in edits)
        {
            spec = spec with
            {
                Process = Process(spec.Process!, edit),
                Mounts = Mounts(spec.Mounts ?? [], edit.Mounts ?? [], podIds),
                Hooks = Hooks(spec.Hooks, edit.Hooks),
                Linux = Linux(spec.Linux!, edit),
            };
            foreach (var node in edit.DeviceNodes ?? [])
            {
                spec = AddDevice(spec, node, host, bind: podIds is not null);
            }
        }

        return edits.Count == 0 ? spec : spec with { Mounts = SpecMounts.Sort(spec.Mounts!) };
    }

    private static ProcessSpec Process(ProcessSpec process, CdiContainerEdits edit)
    {
        var environment = process.Env?.ToList() ?? [];
        foreach (var variable in (edit.Env ?? []).Select(Encoding.UTF8.GetBytes))
        {
            var name = variable.AsSpan(0, variable.AsSpan().IndexOf((byte)'=') + 1).ToArray();
            var place = environment.FindIndex(known => known.AsSpan().StartsWith(name));
            if (place >= 0)
            {
                environment[place] = variable;
            }
            else
            {
                environment.Add(variable);
            }
        }

        var groups = (process.User.AdditionalGids ?? []).Concat((edit.AdditionalGids ?? []).Where(gid => gid != 0)).Distinct().ToList();
        return process with { Env = environment, User = process.User with { AdditionalGids = groups.Count == 0 ? null : groups } };
    }

    private static List<MountSpec> Mounts(IReadOnlyList<MountSpec> mounts, IReadOnlyList<CdiMount> added, PodIds? podIds)
    {
        var result = mounts.ToList();
        foreach (var mount in added)
        {
            var destination = TextRules.CleanPath(mount.ContainerPath);
            result.RemoveAll(known => known.Destination == destination);
            var isBind = mount.Options?.Any(option => option is "bind" or "rbind") ?? false;
            result.Add(new MountSpec
            {
                Destination = destination,
                Type = mount.Type ?? (isBind ? "bind" : null),
                Source = mount.HostPath,
                Options = mount.Options,
                UidMappings = isBind ? podIds?.Uids : null,
                GidMappings = isBind ? podIds?.Gids : null,
            });
        }

        return result;
    }

    private static Spec AddDevice(Spec spec, CdiDeviceNode node, IHostFiles host, bool bind)
    {
        var hostPath = string.IsNullOrEmpty(node.HostPath) ? node.Path : node.HostPath;
        var device = Complete(node, hostPath, host);
        var path = TextRules.CleanPath(node.Path);
        var rules = spec.Linux!.Resources!.Devices!.ToList();
        if (device.Type is "b" or "c")
        {
            var access = node.Permissions is null or "" ? "rwm" : node.Permissions == "none" ? "" : node.Permissions;
            rules.Add(new DeviceRuleSpec { Allow = true, Type = device.Type, Major = device.Major, Minor = device.Minor, Access = access });
        }

        var user = spec.Process!.User;
        device = device with { Path = path, Uid = node.Uid ?? (user.Uid > 0 ? user.Uid : null), Gid = node.Gid ?? (user.Gid > 0 ? user.Gid : null) };
        var devices = (spec.Linux.Devices ?? []).Where(known => known.Path != path).Concat(bind ? [] : [device]).ToList();
        return spec with
        {
            Mounts = bind ? [.. spec.Mounts!.Where(known => known.Destination != path), SpecDevices.Bind(hostPath, path)] : spec.Mounts,
            Linux = spec.Linux with { Devices = devices.Count == 0 ? null : devices, Resources = spec.Linux.Resources with { Devices = rules } },
        };
    }

    /// <summary>What the file leaves out is as the host's device is.</summary>
    private static DeviceSpec Complete(CdiDeviceNode node, string hostPath, IHostFiles host)
    {
        var known = new DeviceSpec
        {
            Path = node.Path,
            Type = node.Type ?? "",
            Major = node.Major ?? 0,
            Minor = node.Minor ?? 0,
            FileMode = node.FileMode,
        };
        if (known.Type == "p" || (known.Type.Length > 0 && known.Major > 0))
        {
            return known;
        }

        return host.Resolve(hostPath) is { } resolved && host.FindDevices(resolved) is [var found] && (known.Type.Length == 0 || known.Type == found.Type.ToString())
            ? known with { Type = found.Type.ToString(), Major = found.Major, Minor = found.Minor }
            : throw CriException.InvalidArgument($"CDI device node \"{hostPath}\" is no device of the host");
    }

    private static HooksSpec? Hooks(HooksSpec? hooks, IReadOnlyList<CdiHook>? added)
    {
        foreach (var hook in added ?? [])
        {
            hooks ??= new HooksSpec();
            var spec = new HookSpec { Path = hook.Path, Args = hook.Args, Env = hook.Env, Timeout = hook.Timeout };
            hooks = hook.HookName switch
            {
                "prestart" => hooks with { Prestart = [.. hooks.Prestart ?? [], spec] },
                "createRuntime" => hooks with { CreateRuntime = [.. hooks.CreateRuntime ?? [], spec] },
                "createContainer" => hooks with { CreateContainer = [.. hooks.CreateContainer ?? [], spec] },
                "startContainer" => hooks with { StartContainer = [.. hooks.StartContainer ?? [], spec] },
                "poststart" => hooks with { Poststart = [.. hooks.Poststart ?? [], spec] },
                _ => hooks with { Poststop = [.. hooks.Poststop ?? [], spec] },
            };
        }

        return hooks;
    }

    private static LinuxSpec Linux(LinuxSpec linux, CdiContainerEdits edit)
    {
        var interfaces = new Dictionary<string, NetDeviceSpec>(linux.NetDevices ?? new Dictionary<string, NetDeviceSpec>());
        foreach (var device in edit.NetDevices ?? [])
        {
            interfaces[device.HostInterfaceName] = new NetDeviceSpec { Name = device.Name };
        }

        return linux with { IntelRdt = edit.IntelRdt ?? linux.IntelRdt, NetDevices = interfaces.Count == 0 ? null : interfaces };
    }
}
