using CriShim.Linux;
using CriShim.Oci.RuntimeSpec;
using CriShim.Runtime.Contract;
using CriShim.Runtime.Rootfs;
using CriShim.Runtime.Security;

namespace CriShim.Runtime.Containers;

/// <summary>
/// What makes a spec impossible, found before anything is made. What this runtime cannot do is an error as well: a setting that is passed
/// over in silence is a hole. Throws <see cref="RuntimeException"/> of kind InvalidArgument that names the member.
/// </summary>
internal static class SpecValidator
{
    private const int MaxHostnameBytes = 64;
    private const uint NanosecondsPerSecond = 1_000_000_000;

    public static void Validate(Spec spec)
    {
        ProcessRules.Check(spec.Process ?? throw Wrong("process", "is missing"));
        Require(spec.Root is not null, "root", "is missing");
        var linux = spec.Linux ?? throw Wrong("linux", "is missing");
        ValidateNamespaces(spec, linux);
        ValidateHooks(spec.Hooks);
        foreach (var mount in spec.Mounts ?? [])
        {
            Require(mount.Destination.Length > 0 && !mount.Destination.Contains('\0'), "mounts.destination", "is empty or not a path");
        }

        foreach (var path in (linux.MaskedPaths ?? []).Concat(linux.ReadonlyPaths ?? []))
        {
            Require(path.StartsWith('/'), "linux.maskedPaths, linux.readonlyPaths", $"\"{path}\" is not an absolute path");
        }

        ValidateKernelSettings(linux);
    }

    /// <summary>Throws unless it holds.</summary>
    internal static void Require(bool holds, string member, string problem)
    {
        if (!holds)
        {
            throw Wrong(member, problem);
        }
    }

    private static void ValidateHooks(HooksSpec? hooks)
    {
        IReadOnlyList<HookSpec>?[] kinds =
            [hooks?.Prestart, hooks?.CreateRuntime, hooks?.CreateContainer, hooks?.StartContainer, hooks?.Poststart, hooks?.Poststop];
        foreach (var hook in kinds.SelectMany(kind => kind ?? []))
        {
            Require(hook.Path.StartsWith('/'), "hooks.path", $"\"{hook.Path}\" is not an absolute path");
            Require(hook.Timeout is null or > 0, "hooks.timeout", "must be greater than 0");
        }
    }

    private static void ValidateKernelSettings(LinuxSpec linux)
    {
        Require(string.IsNullOrEmpty(linux.MountLabel) || new SecurityModules().HasSelinux, "linux.mountLabel", "cannot be applied: SELinux is not enabled on this host");
        Require(linux.Personality is null or { Domain: "LINUX" or "LINUX32" }, "linux.personality.domain", "must be LINUX or LINUX32");
        Require(linux.Personality?.Flags is null or { Count: 0 }, "linux.personality.flags", "none are defined");
        var propagation = linux.RootfsPropagation ?? "";
        Require(
            propagation.Length == 0 || MountOptions.FindPropagation(propagation) is not null,
            "linux.rootfsPropagation",
            $"\"{propagation}\" is not a propagation");
        ResctrlRules.Check(linux.IntelRdt);
        if (linux.MemoryPolicy is { } policy && MemoryPolicy.FindProblem(policy) is var (member, problem))
        {
            throw Wrong(member, problem);
        }
    }

    private static void ValidateNamespaces(Spec spec, LinuxSpec linux)
    {
        var types = new HashSet<string>();
        foreach (var item in linux.Namespaces ?? [])
        {
            Require(NamespacePlan.FlagOf(item.Type) is not null, "linux.namespaces", $"unknown type \"{item.Type}\"");
            Require(types.Add(item.Type), "linux.namespaces", $"{item.Type} is given twice");
            Require(string.IsNullOrEmpty(item.Path) || item.Path.StartsWith('/'), "linux.namespaces", $"\"{item.Path}\" is not an absolute path");
        }

        ValidateWhatNeedsNamespaces(spec, linux, types);
    }

    private static void ValidateWhatNeedsNamespaces(Spec spec, LinuxSpec linux, HashSet<string> types)
    {
        var hostname = spec.Hostname ?? "";
        Require(hostname.Length == 0 || types.Contains("uts"), "hostname", "needs a uts namespace");
        Require(System.Text.Encoding.UTF8.GetByteCount(hostname) <= MaxHostnameBytes, "hostname", $"is longer than {MaxHostnameBytes} bytes");
        var domainname = spec.Domainname ?? "";
        Require(domainname.Length == 0 || types.Contains("uts"), "domainname", "needs a uts namespace");
        Require(System.Text.Encoding.UTF8.GetByteCount(domainname) <= MaxHostnameBytes, "domainname", $"is longer than {MaxHostnameBytes} bytes");
        var makesUser = (linux.Namespaces ?? []).Any(item => item.Type == "user" && string.IsNullOrEmpty(item.Path));
        var maps = linux.UidMappings?.Count > 0 && linux.GidMappings?.Count > 0;
        Require(!makesUser || maps, "linux.uidMappings, linux.gidMappings", "are needed for a new user namespace");
        ValidateTimeOffsets(linux, types);
        NetDeviceRules.Check(linux.NetDevices, types);
        foreach (var name in linux.Sysctl?.Keys ?? [])
        {
            Require(Sysctl.IsAllowed(name, types), "linux.sysctl", $"\"{name}\" is not one of the container's own namespaces");
        }
    }

    private static void ValidateTimeOffsets(LinuxSpec linux, HashSet<string> types)
    {
        var makesTime = (linux.Namespaces ?? []).Any(item => item.Type == "time" && string.IsNullOrEmpty(item.Path));
        foreach (var (clock, offset) in linux.TimeOffsets ?? new Dictionary<string, TimeOffsetSpec>())
        {
            Require(types.Contains("time") && makesTime, "linux.timeOffsets", "need a new time namespace");
            Require(clock is "monotonic" or "boottime", "linux.timeOffsets", $"\"{clock}\" is not a clock of a time namespace");
            Require(offset.Nanosecs < NanosecondsPerSecond, "linux.timeOffsets", $"{clock}.nanosecs is a second or more");
        }
    }

    private static RuntimeException Wrong(string member, string problem) =>
        new(new RuntimeError(RuntimeErrorKind.InvalidArgument, $"failed to read spec: {member} {problem}", "validate"));
}
