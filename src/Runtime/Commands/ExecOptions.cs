using System.Globalization;
using System.Text;
using CriShim.Oci.RuntimeSpec;

namespace CriShim.Runtime.Commands;

/// <summary>Flags of `exec`.</summary>
internal sealed record ExecOptions(string Id, string? ConsoleSocket, string? PidFile, bool Detach, int PreservedFds, bool IgnorePaused)
{
    private readonly CommandLine? _line;

    private ExecOptions(CommandLine line)
        : this(
            line.Require(1, int.MaxValue, "exec [flags] container-id command [argument...]")[0],
            line.Get("console-socket"),
            line.Get("pid-file"),
            line.Has("detach"),
            line.Number("preserve-fds", 0),
            line.Has("ignore-paused")) => _line = line;

    /// <summary>Below the container's own, which the process is to be in: "path", or for hierarchies of v1 "controller,…:path".</summary>
    public IReadOnlyList<string> SubCgroups => _line!.All("cgroup");

    public string? PidfdSocket => _line!.Get("pidfd-socket");

    public static ExecOptions Parse(IReadOnlyList<string> words) => new(CommandLine.Parse(
        words,
        ["tty,t", "detach,d", "no-new-privs", "no-subreaper", "ignore-paused"],
        [
            "console-socket", "pidfd-socket", "cwd", "env,e", "user,u", "additional-gids,g", "process,p", "pid-file", "process-label", "apparmor", "cap,c",
            "preserve-fds", "cgroup",
        ]));

    /// <summary>The process of `--process`, or the container's own with the changes that the flags ask for.</summary>
    public ProcessSpec BuildProcess(ProcessSpec own)
    {
        var line = _line!;
        if (line.Get("process") is { } path)
        {
            return SpecReader.ReadProcess(File.ReadAllBytes(path));
        }

        var command = line.Arguments.Skip(1).ToList();
        return own with
        {
            Args = command.Count > 0 ? command : throw CommandLine.Wrong("exec: no command given"),
            Terminal = line.Has("tty"),
            ConsoleSize = null,
            Cwd = line.Get("cwd") ?? own.Cwd,
            Env = [.. own.Env ?? [], .. line.All("env").Select(Encoding.UTF8.GetBytes)],
            NoNewPrivileges = own.NoNewPrivileges || line.Has("no-new-privs"),
            ApparmorProfile = line.Get("apparmor") ?? own.ApparmorProfile,
            SelinuxLabel = line.Get("process-label") ?? own.SelinuxLabel,
            User = BuildUser(own.User, line),
            Capabilities = AddCapabilities(own.Capabilities, line.All("cap")),
        };
    }

    /// <summary>uid[:gid]: numbers only; names are the caller's to resolve (CVE-2026-30892 came of guessing).</summary>
    internal static UserSpec ParseUser(string text, UserSpec own)
    {
        var parts = text.Split(':');
        return parts.Length <= 2 && TryId(parts[0], out var uid) && (parts.Length == 1 || TryId(parts[1], out _))
            ? own with { Uid = uid, Gid = parts.Length == 2 ? uint.Parse(parts[1], CultureInfo.InvariantCulture) : own.Gid }
            : throw CommandLine.Wrong($"exec: user \"{text}\" is not uid[:gid]");
    }

    private static UserSpec BuildUser(UserSpec own, CommandLine line)
    {
        var user = line.Get("user") is { } text ? ParseUser(text, own) : own;
        var groups = line.All("additional-gids").Select(
            group => TryId(group, out var gid) ? gid : throw CommandLine.Wrong($"exec: group \"{group}\" is not a number")).ToList();
        return groups.Count > 0 ? user with { AdditionalGids = [.. user.AdditionalGids ?? [], .. groups] } : user;
    }

    /// <summary>Never to the inheritable set (CVE-2022-29162).</summary>
    private static CapabilitiesSpec? AddCapabilities(CapabilitiesSpec? own, IReadOnlyList<string> names) => names.Count == 0 ? own : (own ?? new()) with
    {
        Bounding = [.. own?.Bounding ?? [], .. names],
        Effective = [.. own?.Effective ?? [], .. names],
        Permitted = [.. own?.Permitted ?? [], .. names],
    };

    private static bool TryId(string text, out uint id) =>
        uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out id) && id <= int.MaxValue;
}
