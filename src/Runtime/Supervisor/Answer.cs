using CriShim.Runtime.Contract;
using Microsoft.Win32.SafeHandles;

namespace CriShim.Runtime.Supervisor;

/// <summary>What a request is answered with.</summary>
/// <param name="Fd">Goes with it; whoever sends it closes it.</param>
internal sealed record Answer(ControlMessage Message, SafeFileHandle? Fd = null)
{
    public static readonly Answer Ok = new(new OkReply());
}
