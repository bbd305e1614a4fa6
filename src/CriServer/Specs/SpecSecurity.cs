using CriShim.Cri.V1;
using CriShim.CriServer.Errors;
using Google.Protobuf.Collections;

namespace CriShim.CriServer.Specs;

/// <summary>Contradictions in what is asked, and the paths of /proc and /sys that a container may not see or change.</summary>
internal static class SpecSecurity
{
    /// <summary>
    /// For clients that send no security context at all: what a program needs least and gives away most of the host. A client that sends
    /// one gets exactly its own lists.
    /// </summary>
    private static readonly string[] s_defaultMaskedPaths =
    [
        "/proc/asound", "/proc/acpi", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list",
        "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi", "/sys/firmware", "/sys/devices/virtual/powercap",
    ];

    private static readonly string[] s_defaultReadonlyPaths = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

    /// <exception cref="CriException">InvalidArgument, naming the field.</exception>
    public static void Check(ContainerSpecInputs inputs)
    {
        if (inputs.Privileged && !inputs.Sandbox.Privileged)
        {
            throw CriException.InvalidArgument("linux.security_context.privileged: the pod sandbox is not privileged");
        }

        var users = inputs.SecurityContext?.NamespaceOptions?.UsernsOptions;
        if (users is { Mode: NamespaceMode.Pod } && !users.Equals(inputs.Sandbox.NamespaceOptions.UsernsOptions))
        {
            throw CriException.InvalidArgument(
                "linux.security_context.namespace_options.userns_options differ from those of the pod sandbox");
        }

        RequireMapped(inputs);
    }

    /// <summary>The kernel starts no program as a user that the pod's user namespace does not have.</summary>
    private static void RequireMapped(ContainerSpecInputs inputs)
    {
        if (inputs.Sandbox.NamespaceOptions.UsernsOptions is not { Mode: NamespaceMode.Pod, Uids: [var uids, ..], Gids: [var gids, ..] })
        {
            return;
        }

        if (inputs.User.Uid >= uids.Length)
        {
            throw CriException.InvalidArgument($"linux.security_context.run_as_user {inputs.User.Uid} is not mapped in the pod's user namespace");
        }

        if (inputs.User.Groups.Append(inputs.User.Gid).FirstOrDefault(gid => gid >= gids.Length) is var group and > 0)
        {
            throw CriException.InvalidArgument(
                $"linux.security_context.run_as_group, supplemental_groups: {group} is not mapped in the pod's user namespace");
        }
    }

    public static IReadOnlyList<string>? MaskedPaths(ContainerSpecInputs inputs) =>
        Paths(inputs, inputs.SecurityContext?.MaskedPaths, s_defaultMaskedPaths, "linux.security_context.masked_paths");

    public static IReadOnlyList<string>? ReadonlyPaths(ContainerSpecInputs inputs) =>
        Paths(inputs, inputs.SecurityContext?.ReadonlyPaths, s_defaultReadonlyPaths, "linux.security_context.readonly_paths");

    private static string[]? Paths(ContainerSpecInputs inputs, RepeatedField<string>? asked, string[] defaults, string field)
    {
        if (inputs.Privileged)
        {
            return null;
        }

        if (asked is null)
        {
            return defaults;
        }

        foreach (var path in asked)
        {
            TextRules.RequireAbsolutePath(path, field);
        }

        return asked.Count == 0 ? null : [.. asked];
    }
}
