using CriShim.Cri.V1;
using CriShim.CriServer.Errors;

namespace CriShim.CriServer.Specs;

/// <summary>Which namespace modes make sense. All failures are InvalidArgument and name the field.</summary>
internal static class NamespaceRules
{
    public static void CheckPod(NamespaceOption? options, string field)
    {
        if (options is null)
        {
            return;
        }

        Require(options.Network, $"{field}.network", NamespaceMode.Pod, NamespaceMode.Node);
        Require(options.Ipc, $"{field}.ipc", NamespaceMode.Pod, NamespaceMode.Node);
        Require(options.Pid, $"{field}.pid", NamespaceMode.Pod, NamespaceMode.Container, NamespaceMode.Node);
        CheckUsers(options, options.UsernsOptions, $"{field}.userns_options");
    }

    /// <summary>A container's network, ipc and user namespaces are its pod's, whatever it says; only pid is its own choice.</summary>
    public static void CheckContainer(NamespaceOption? options, string field)
    {
        if (options is null)
        {
            return;
        }

        Require(options.Pid, $"{field}.pid", NamespaceMode.Pod, NamespaceMode.Container, NamespaceMode.Node, NamespaceMode.Target);
        TextRules.RequireKnown(options.Network, $"{field}.network");
        TextRules.RequireKnown(options.Ipc, $"{field}.ipc");
        if (options.Pid == NamespaceMode.Target)
        {
            TextRules.RequireText(options.TargetId, $"{field}.target_id");
        }
    }

    private static void CheckUsers(NamespaceOption options, UserNamespace? users, string field)
    {
        if (users is null)
        {
            return;
        }

        Require(users.Mode, $"{field}.mode", NamespaceMode.Pod, NamespaceMode.Node);
        if (users.Mode == NamespaceMode.Node)
        {
            if (users.Uids.Count + users.Gids.Count > 0)
            {
                throw CriException.InvalidArgument($"{field}: mode NODE takes no mappings");
            }

            return;
        }

        IdMaps.CheckPodMap(users.Uids, $"{field}.uids");
        IdMaps.CheckPodMap(users.Gids, $"{field}.gids");
        if (options.Pid == NamespaceMode.Node || options.Ipc == NamespaceMode.Node)
        {
            // The kernel lets nobody mount a proc or mqueue filesystem of namespaces that the own user namespace does not own.
            throw CriException.InvalidArgument($"{field}: a user namespace cannot go with the host's pid or ipc namespace");
        }
    }

    private static void Require(NamespaceMode mode, string field, params NamespaceMode[] allowed)
    {
        if (!allowed.Contains(mode))
        {
            throw CriException.InvalidArgument($"{field}: the mode {mode.ToString().ToUpperInvariant()} is not possible here");
        }
    }
}
