using System.Runtime;
using System.Runtime.InteropServices;

namespace CriShim.Linux;

/// <summary>
/// The .NET runtime's thread for finalizers, which it starts with the program. Linked with <c>--wrap=PalStartFinalizerThread</c>, it waits for
/// <see cref="Start"/>: until then the process is one thread alone, so that a copy of it is whole, and the start is shorter. Without the
/// thread nothing is finalized: what is not disposed stays.
/// </summary>
public static unsafe partial class FinalizerThread
{
    private static nint s_routine;
    private static nint s_argument;

    /// <summary>The runtime's own way of starting it is linked in, or <see cref="Start"/> was called.</summary>
    internal static bool IsRunning => s_routine == 0;

    /// <summary>For a process that lives on. Does nothing when it runs already.</summary>
    public static void Start()
    {
        var routine = s_routine;
        s_routine = 0;
        if (routine != 0)
        {
            RealStart(routine, s_argument);
        }
    }

    [RuntimeExport("__wrap_PalStartFinalizerThread")]
    internal static byte HoldBack(nint routine, nint argument)
    {
        s_routine = routine;
        s_argument = argument;
        return 1;
    }

    [LibraryImport("libc", EntryPoint = "__real_PalStartFinalizerThread")]
    private static partial byte RealStart(nint routine, nint argument);
}
