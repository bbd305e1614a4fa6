using System.Runtime.InteropServices;

namespace CriShim.Linux;

/// <summary>One raw system call, in native memory.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct SyscallOp
{
    public nint Number;
    public nint A0;
    public nint A1;
    public nint A2;
    public nint A3;
    public nint A4;
    public nint A5;
    public OnError OnError;

    /// <summary>Not 0: the result becomes <see cref="SyscallProgram.SavedResult"/>.</summary>
    public int SavesResult;

    /// <summary>Address of an int that gets the result; 0: none.</summary>
    public nint StoreAt;
}
