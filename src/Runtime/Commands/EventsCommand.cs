using System.Globalization;
using CriShim.Cgroups;
using CriShim.Linux;
using CriShim.Runtime.Containers;
using CriShim.Runtime.Contract;

namespace CriShim.Runtime.Commands;

/// <summary>Prints a line of JSON for each reading of the counters and for each out-of-memory kill, until the container ends.</summary>
internal static class EventsCommand
{
    private static readonly TimeSpan s_watchPeriod = TimeSpan.FromMilliseconds(200);

    public static int Run(CommandContext context)
    {
        var line = CommandLine.Parse(context.Words, ["stats"], ["interval"]);
        var id = line.Require(1, 1, "events [--stats] [--interval 5s] container-id")[0];
        var interval = Interval(line.Get("interval") ?? "5s");
        var state = context.Store.Load(id);
        if (context.Store.StatusOf(state) == "stopped")
        {
            throw new RuntimeException(RuntimeErrorKind.FailedPrecondition, $"container with id {id} is not running");
        }

        var cgroup = ContainerCgroup.Open(state);
        if (line.Has("stats"))
        {
            CommandLog.Print(EventJson.Stats(id, cgroup.Stats(), cgroup.Folders));
            return 0;
        }

        Watch(context.Store, state, cgroup, interval);
        return 0;
    }

    private static void Watch(StateStore store, ContainerState state, ICgroupManager cgroup, TimeSpan interval)
    {
        var time = TimeProvider.System;
        var last = time.GetTimestamp();
        var kills = cgroup.OomKillCount();
        using var init = KillCommand.OpenInit(store, state);
        while (init is not null && !ProcessEnd.Wait(init, s_watchPeriod < interval ? s_watchPeriod : interval))
        {
            var now = cgroup.OomKillCount();
            for (; kills < now; kills++)
            {
                CommandLog.Print(EventJson.OutOfMemory(state.Id));
            }

            if (time.GetElapsedTime(last) >= interval && cgroup.Exists())
            {
                last = time.GetTimestamp();
                CommandLog.Print(EventJson.Stats(state.Id, cgroup.Stats(), cgroup.Folders));
            }
        }
    }

    /// <summary>"5s", "500ms", "2m".</summary>
    private static TimeSpan Interval(string text)
    {
        var digits = text.AsSpan().TrimEnd("hms");
        var scale = text.AsSpan()[digits.Length..] switch { "ms" => 0.001, "s" or "" => 1, "m" => 60, "h" => 3600, _ => 0d };
        var isNumber = double.TryParse(digits, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number);
        return isNumber && number * scale > 0 ? TimeSpan.FromSeconds(number * scale) : throw CommandLine.Wrong("duration interval must be greater than 0");
    }
}
