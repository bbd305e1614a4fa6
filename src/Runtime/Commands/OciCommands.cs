using CriShim.Cgroups;
using CriShim.Linux;
using CriShim.Runtime.Containers;
using CriShim.Runtime.Contract;

namespace CriShim.Runtime.Commands;

/// <summary>The OCI command line: global flags, the command, exit codes.</summary>
internal static class OciCommands
{
    private const int Failure = 1;

    /// <summary>As runc: no process was started, which is not to be taken for the exit code of one.</summary>
    private const int ExecFailure = 255;

    private const int NoSuchCommand = 3;

    private const string Usage = """
        crishim-runtime [global flags] command [flags] [arguments]

        commands:
          create     make a container: [--bundle folder] [--console-socket path] [--pidfd-socket path] [--pid-file path] [--preserve-fds n]
                     [--no-pivot] [--no-new-keyring] id
          start      run the program of a created container: id
          run        create and start: the flags of create, [--detach] [--keep] [--no-subreaper] id
          state      print a container's state as JSON: id
          kill       send a signal: [--all] id [signal]
          delete     remove a container that has ended: [--force] id
          exec       run another process in a container: [--tty] [--console-socket path] [--detach] [--pid-file path] [--pidfd-socket path] [--user uid[:gid]]
                     [--additional-gids n] [--env K=v] [--cwd path] [--cap name] [--no-new-privs] [--process-label l] [--apparmor p]
                     [--preserve-fds n] [--ignore-paused] [--cgroup path] [--process file] id command [argument...]
          list       print all containers: [--format table|json] [--quiet]
          ps         print its processes: [--format table|json] id [ps options]
          pause      stop all its processes: id
          resume     let them go on: id
          update     change its limits: [--resources file] [--blkio-weight n] [--cpu-period n] [--cpu-quota n] [--cpu-burst n] [--cpu-share n]
                     [--cpu-idle n] [--cpu-rt-period n] [--cpu-rt-runtime n] [--cpuset-cpus list] [--cpuset-mems list] [--memory size]
                     [--memory-reservation size] [--memory-swap size] [--pids-limit n] [--l3-cache-schema lines] [--mem-bw-schema line] id
          events     print counters and out-of-memory kills as JSON: [--stats] [--interval 5s] id
          checkpoint save a running container to files, and end it: [--image-path folder] [--work-path folder] [--parent-path path]
                     [--leave-running] [--tcp-established] [--ext-unix-sk] [--shell-job] [--file-locks] [--link-remap] [--pre-dump]
                     [--auto-dedup] [--manage-cgroups-mode soft|full|strict|ignore] [--empty-ns network]
                     [--page-server address:port] [--lazy-pages] [--status-fd n] [--tcp-skip-in-flight] id
          restore    make a container from such files: [--bundle folder] [--image-path folder] [--work-path folder] [--console-socket path]
                     [--pid-file path] [--detach] [--no-pivot] [--no-subreaper] [--lazy-pages] [--lsm-profile type:name]
                     [--lsm-mount-context c] and
                     --tcp-established … --empty-ns of checkpoint: id
          features   print what this runtime can do, as JSON
          spec       write a default config.json: [--bundle folder] [--rootless]

        global flags:
          --root folder        where states are kept (default /run/crishim-runtime)
          --log file           write errors there
          --log-format format  text or json
          --systemd-cgroup     cgroups are systemd's to make; linux.cgroupsPath is slice:prefix:name
          --criu path          the program for checkpoint and restore (default criu, searched in PATH)
          --debug, --rootless  accepted
          --version, --help

        """;

    public static int Run(string[] args)
    {
        var log = new CommandLog(null, json: false);
        var command = "";
        try
        {
            var line = CommandLine.Parse(args, ["debug", "systemd-cgroup", "version,v", "help,h"], ["root", "log", "log-format", "rootless", "criu"]);
            log = OpenLog(line);
            command = line.Has("version") ? "version" : line.Has("help") || line.Arguments.Count == 0 ? "help" : line.Arguments[0];
            var store = new StateStore(line.Get("root") ?? StateStore.DefaultRoot);
            var words = line.Arguments.Skip(1).ToList();
            return words is ["--help" or "-h", ..]
                ? Print(Usage)
                : Dispatch(command, new CommandContext(words, store, log, line.Has("systemd-cgroup"), line.Get("criu") ?? "criu"));
        }
        catch (RuntimeException e)
        {
            log.Error(e.Message);
        }
        catch (Exception e) when (e is LinuxException or CgroupException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            log.Error(e.Message);
        }

        return command == "exec" ? ExecFailure : Failure;
    }

    private static CommandLog OpenLog(CommandLine line) => line.Get("log-format") switch
    {
        null or "text" => new CommandLog(line.Get("log"), json: false),
        "json" => new CommandLog(line.Get("log"), json: true),
        var format => throw CommandLine.Wrong($"invalid log-format: {format}"),
    };

    private static int Print(string text)
    {
        CommandLog.Print(text);
        return 0;
    }

    private static int RefuseUnknown(CommandContext context, string command)
    {
        context.Log.Error($"no such command: {command}");
        return NoSuchCommand;
    }

    private static int Dispatch(string command, CommandContext context) => command switch
    {
        "create" => CreateCommand.Run(context),
        "start" => StartCommand.Run(context),
        "run" => RunCommand.Run(context),
        "state" => StateCommand.Run(context),
        "kill" => KillCommand.Run(context),
        "delete" => DeleteCommand.Run(context),
        "exec" => ExecCommand.Run(context),
        "list" => ListCommand.Run(context),
        "ps" => PsCommand.Run(context),
        "pause" => PauseCommands.Pause(context),
        "resume" => PauseCommands.Resume(context),
        "update" => UpdateCommand.Run(context),
        "events" => EventsCommand.Run(context),
        "features" => FeaturesCommand.Run(),
        "spec" => SpecCommand.Run(context),
        "checkpoint" => CheckpointCommand.Run(context),
        "restore" => RestoreCommand.Run(context),
        "version" => Print(FeaturesCommand.VersionText),
        "help" => Print(Usage),
        _ => RefuseUnknown(context, command),
    };
}
