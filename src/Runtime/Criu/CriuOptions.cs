using CriShim.Runtime.Commands;

namespace CriShim.Runtime.Criu;

/// <summary>What `checkpoint` and `restore` have in common, as criu(8) names it.</summary>
/// <param name="CgroupMode">criu_cg_mode, or null: criu's own choice.</param>
internal sealed record CriuOptions(string ImagePath, string WorkPath, int? CgroupMode)
{
    /// <summary>
    /// criu's settings for containers by the administrator, in the place where runc has them; criu reads its own default.conf too. A
    /// container's annotations cannot name another: such a file can have programs run as root.
    /// </summary>
    private const string ConfigFile = "/etc/criu/runc.conf";

    /// <summary>Bit of CLONE_NEWNET: criu neither saves nor restores the network's devices and addresses.</summary>
    private const int EmptyNetwork = 0x40000000;

    private CriuOptions(CommandLine line, string imagePath)
        : this(imagePath, Path.GetFullPath(line.Get("work-path") ?? imagePath), ParseMode(line.Get("manage-cgroups-mode")))
    {
        TcpEstablished = line.Has("tcp-established");
        ExternalUnixSockets = line.Has("ext-unix-sk");
        ShellJob = line.Has("shell-job");
        FileLocks = line.Has("file-locks");
        AutoDedup = line.Has("auto-dedup");
        EmptyNamespaces = line.Get("empty-ns") switch
        {
            null => 0,
            "network" => EmptyNetwork,
            var other => throw CommandLine.Wrong($"--empty-ns {other}: only network can be empty"),
        };
    }

    public bool TcpEstablished { get; }

    public bool ExternalUnixSockets { get; }

    public bool ShellJob { get; }

    public bool FileLocks { get; }

    public bool AutoDedup { get; }

    public int EmptyNamespaces { get; }

    /// <summary>Flags of these, for <see cref="CommandLine.Parse"/>.</summary>
    public static string[] Switches => ["tcp-established", "ext-unix-sk", "shell-job", "file-locks", "auto-dedup"];

    public static string[] Options => ["image-path", "work-path", "manage-cgroups-mode", "empty-ns"];

    public static CriuOptions From(CommandLine line) => new(line, Path.GetFullPath(line.Get("image-path") ?? "checkpoint"));

    /// <summary>For a message: where criu's own log lies; nothing when it wrote none.</summary>
    public string SeeLog(string name) => Path.Combine(WorkPath, name) is var log && File.Exists(log) ? $" (see {log})" : "";

    /// <summary>criu_opts but for what differs between the two.</summary>
    public ProtoWriter Write(int imageFolder, int workFolder, string logFile, string root)
    {
        var options = new ProtoWriter()
            .Number(1, imageFolder)
            .Switch(4, ExternalUnixSockets)
            .Switch(5, TcpEstablished)
            .Switch(6, true) // evasive devices
            .Switch(7, ShellJob)
            .Switch(8, FileLocks)
            .Number(9, 4) // log level
            .Text(10, logFile)
            .Switch(12, true) // notifications
            .Text(13, root)
            .Switch(16, AutoDedup)
            .Number(17, workFolder)
            .Switch(24, true) // manage cgroups
            .Switch(50, true) // orphaned terminals
            .Text(51, File.Exists(ConfigFile) ? ConfigFile : null);
        if (CgroupMode is { } mode)
        {
            options.Number(34, mode);
        }

        return EmptyNamespaces == 0 ? options : options.Number(38, EmptyNamespaces);
    }

    private static int? ParseMode(string? mode) => mode switch
    {
        null => null,
        "ignore" => 0,
        "soft" => 3,
        "full" => 4,
        "strict" => 5,
        _ => throw CommandLine.Wrong($"--manage-cgroups-mode {mode}: neither soft, full, strict nor ignore"),
    };
}
