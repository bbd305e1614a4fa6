using CriShim.Oci.RuntimeSpec;
using CriShim.Runtime.Contract;
using CriShim.Runtime.Security;

namespace CriShim.Runtime.Containers;

/// <summary>
/// What makes a spec impossible, found before anything is made. What this runtime cannot do is an error as well: a setting that is passed
/// over in silence is a hole. Throws <see cref="RuntimeException"/> of kind InvalidArgument that names the member.
/// </summary>
internal static class SpecValidator
{
    private const int MaxHostnameBytes = 64;

    public static void Validate(Spec spec)
    {
        ValidateProcess(spec.Process ?? throw Wrong("process", "is missing"));
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

        Require(string.IsNullOrEmpty(linux.MountLabel), "linux.mountLabel", "SELinux is not supported");
        Require(linux.Personality is null or { Domain: "LINUX" or "LINUX32" }, "linux.personality", "must be LINUX or LINUX32");
    }

    public static void ValidateProcess(ProcessSpec process)
    {
        Require(process.Args is { Count: > 0 } && process.Args[0].Length > 0, "process.args", "is empty");
        Require(process.Args!.All(argument => !argument.Contains('\0')), "process.args", "contains a zero byte");
        Require(process.Env?.All(variable => !variable.Contains((byte)0)) ?? true, "process.env", "contains a zero byte");
        Require(process.Cwd.StartsWith('/'), "process.cwd", $"\"{process.Cwd}\" is not an absolute path");
        Require(string.IsNullOrEmpty(process.ApparmorProfile), "process.apparmorProfile", "AppArmor is not supported");
        Require(string.IsNullOrEmpty(process.SelinuxLabel), "process.selinuxLabel", "SELinux is not supported");
        Require(process.ExecCpuAffinity is null, "process.execCPUAffinity", "is not supported");
        ValidateRlimits(process);
        Require(process.IoPriority is null || Scheduling.IsIoClass(process.IoPriority.Class), "process.ioPriority.class", "is unknown");
        Require(process.IoPriority is null or { Priority: >= 0 and <= 7 }, "process.ioPriority.priority", "must be from 0 to 7");
        Require(process.Scheduler is null || Scheduling.IsPolicy(process.Scheduler.Policy), "process.scheduler.policy", "is unknown");
        Require(process.Scheduler?.Flags?.All(Scheduling.IsFlag) ?? true, "process.scheduler.flags", "has an unknown flag");
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

    private static void ValidateRlimits(ProcessSpec process)
    {
        var seen = new HashSet<string>();
        foreach (var limit in process.Rlimits ?? [])
        {
            Require(Rlimits.Find(limit.Type) >= 0, "process.rlimits", $"\"{limit.Type}\" is not a limit");
            Require(seen.Add(limit.Type), "process.rlimits", $"{limit.Type} is given twice");
            Require(limit.Soft <= limit.Hard, "process.rlimits", $"{limit.Type}: soft is above hard");
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
        Require(string.IsNullOrEmpty(spec.Domainname) || types.Contains("uts"), "domainname", "needs a uts namespace");
        var makesUser = (linux.Namespaces ?? []).Any(item => item.Type == "user" && string.IsNullOrEmpty(item.Path));
        var maps = linux.UidMappings?.Count > 0 && linux.GidMappings?.Count > 0;
        Require(!makesUser || maps, "linux.uidMappings, linux.gidMappings", "are needed for a new user namespace");
        foreach (var name in linux.Sysctl?.Keys ?? [])
        {
            Require(Sysctl.IsAllowed(name, types), "linux.sysctl", $"\"{name}\" is not one of the container's own namespaces");
        }
    }

    private static void Require(bool holds, string member, string problem)
    {
        if (!holds)
        {
            throw Wrong(member, problem);
        }
    }

    private static RuntimeException Wrong(string member, string problem) =>
        new(new RuntimeError(RuntimeErrorKind.InvalidArgument, $"failed to read spec: {member} {problem}", "validate"));
}
