using CriShim.Cgroups;
using CriShim.Linux;

namespace CriShim.Runtime.Supervisor;

/// <summary>
/// Has an <see cref="OomWitness"/> look when there is something new, until its cgroup is gone. At most ten times a second: its file changes at
/// every limit that is hit, too, which in a container full of page cache is all the time.
/// </summary>
internal static class OomWatch
{
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(100);

    /// <param name="look">Asks the witness, and handles its errors.</param>
    public static void Begin(EpollLoop loop, OomWitness witness, Action look)
    {
        EpollWatch? watch = null;
        var pause = loop.CreateTimer(() => watch!.Arm(EpollEvents.Priority));
        watch = loop.AddWatch(witness.Events, _ =>
        {
            look();
            if (!witness.IsOver)
            {
                pause.Start(s_pause);
            }
        });
        watch.Arm(EpollEvents.Priority);
    }
}
