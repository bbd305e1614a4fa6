using CriShim.CriServer.Errors;
using CriShim.Oci.RuntimeSpec;

namespace CriShim.CriServer.Specs;

/// <summary>The program a container runs: what, as whom, with what.</summary>
internal static class SpecProcess
{
    public static ProcessSpec Build(ContainerSpecInputs inputs, CapabilitiesSpec capabilities) => new()
    {
        Terminal = inputs.Config.Tty,
        User = new UserSpec { Uid = inputs.User.Uid, Gid = inputs.User.Gid, AdditionalGids = inputs.User.Groups },
        Args = Args(inputs),
        Env = SpecEnvironment.Build(inputs),
        Cwd = WorkingFolder(inputs),
        Capabilities = capabilities,
        Rlimits = SpecRlimits.Build(inputs),
        ApparmorProfile = SpecLabels.AppArmorProfile(inputs),
        SelinuxLabel = SpecLabels.ProcessLabel(inputs),
        NoNewPrivileges = inputs.SecurityContext?.NoNewPrivs ?? false,
        OomScoreAdj = OomScoreAdj(inputs),
    };

    /// <summary>
    /// The API's command replaces the image's entrypoint and with it the image's arguments; args alone replace only the latter
    /// (Dockerfile's ENTRYPOINT and CMD as Kubernetes reads them).
    /// </summary>
    private static List<string> Args(ContainerSpecInputs inputs)
    {
        var config = inputs.Config;
        var args = new List<string>();
        if (config.Command.Count > 0)
        {
            args.AddRange(config.Command);
            args.AddRange(config.Args);
        }
        else
        {
            args.AddRange(inputs.Image.Entrypoint);
            args.AddRange(config.Args.Count > 0 ? config.Args : inputs.Image.Cmd);
        }

        if (args.Count == 0 || args[0].Length == 0)
        {
            throw CriException.InvalidArgument("no command given: command is empty and the image has no entrypoint or cmd");
        }

        args.ForEach(arg => TextRules.RefuseNul(arg, "command or args"));
        return args;
    }

    private static string WorkingFolder(ContainerSpecInputs inputs)
    {
        var asked = inputs.Config.WorkingDir;
        if (asked.Length > 0)
        {
            TextRules.RequireAbsolutePath(asked, "working_dir");
            return TextRules.CleanPath(asked);
        }

        TextRules.RefuseControlCharacters(inputs.Image.WorkingDir, "the image's working folder");
        return TextRules.CleanPath(inputs.Image.WorkingDir);
    }

    /// <summary>Always set: otherwise the supervisor's own, very low score would be inherited.</summary>
    private static int OomScoreAdj(ContainerSpecInputs inputs)
    {
        var asked = inputs.Config.Linux?.Resources?.OomScoreAdj ?? 0;
        if (asked is < -1000 or > 1000)
        {
            throw CriException.InvalidArgument($"linux.resources.oom_score_adj {asked} is not within -1000 to 1000");
        }

        return Math.Max((int)asked, inputs.Host.OomScoreAdjMinimum);
    }
}
