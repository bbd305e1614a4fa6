using CriShim.Cgroups;
using CriShim.Linux;
using CriShim.Runtime.Containers;
using CriShim.Runtime.Contract;

namespace CriShim.Runtime.Commands;

/// <summary>The OCI command line: global flags, the command, exit codes.</summary>
internal static class OciCommands
{
    private const int Failure = 1;

    private const string Usage = """
        crishim-runtime [global flags] command [flags] [arguments]

        commands:
          create   make a container: [--bundle folder] [--console-socket path] [--pid-file path] [--preserve-fds n] id
          start    run the program of a created container: id
          run      create and start: the flags of create, [--detach] id
          state    print a container's state as JSON: id
          kill     send a signal: [--all] id [signal]
          delete   remove a container that has ended: [--force] id
          exec     run another process in a container: [--tty] [--detach] [--user u:g] [--env K=v] [--cwd path] [--process file] id command
          list     print all containers: [--format table|json] [--quiet]
          ps       print its processes: [--format table|json] id [ps options]
          pause    stop all its processes: id
          resume   let them go on: id
          update   change its limits: [--resources file] [--memory size] [--cpu-quota n] [--cpu-share n] [--pids-limit n] ... id
          events   print counters and out-of-memory kills as JSON: [--stats] [--interval 5s] id
          features print what this runtime can do, as JSON
          spec     write a default config.json: [--bundle folder]

        global flags:
          --root folder        where states are kept (default /run/crishim-runtime)
          --log file           write errors there
          --log-format format  text or json
          --systemd-cgroup     not available: an error
          --version, --help

        """;

    public static int Run(string[] args)
    {
        var log = new CommandLog(null, json: false);
        try
        {
            var line = CommandLine.Parse(args, ["debug", "systemd-cgroup", "version,v", "help,h"], ["root", "log", "log-format", "rootless", "criu"]);
            log = new CommandLog(line.Get("log"), json: line.Get("log-format") == "json");
            if (line.Has("version"))
            {
                CommandLog.Print(FeaturesCommand.VersionText);
                return 0;
            }

            if (line.Has("help") || line.Arguments.Count == 0 || line.Arguments[0] == "help")
            {
                CommandLog.Print(Usage);
                return 0;
            }

            if (line.Has("systemd-cgroup"))
            {
                throw CommandLine.Wrong("--systemd-cgroup: the systemd cgroup driver is not available");
            }

            var store = new StateStore(line.Get("root") ?? StateStore.DefaultRoot);
            return Dispatch(line.Arguments[0], new CommandContext([.. line.Arguments.Skip(1)], store, log));
        }
        catch (RuntimeException e)
        {
            log.Error(e.Message);
        }
        catch (Exception e) when (e is LinuxException or CgroupException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            log.Error(e.Message);
        }

        return Failure;
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
        _ => throw CommandLine.Wrong($"no such command: {command}"),
    };
}
