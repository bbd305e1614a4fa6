using System.Buffers.Binary;

namespace CriShim.Runtime.Security;

/// <summary>Classic BPF before the compiled filter: calls with a number above the highest that the profile knows get their own answer.</summary>
internal static class SeccompPrologue
{
    private const ushort LoadWord = 0x20;
    private const ushort JumpIfEqual = 0x15;
    private const ushort JumpIfGreater = 0x25;
    private const ushort JumpIfGreaterOrEqual = 0x35;
    private const ushort Return = 0x06;

    // struct seccomp_data: nr, arch.
    private const uint NumberOffset = 0;
    private const uint ArchitectureOffset = 4;
    private const uint AUDIT_ARCH_X86_64 = 0xC000003E;
    private const uint X32Bit = 0x40000000;

    /// <summary>Leaves other architectures and the x32 numbers to the filter.</summary>
    public static byte[] Build(int highestKnown, uint answer) =>
    [
        .. Instruction(LoadWord, 0, 0, ArchitectureOffset),
        .. Instruction(JumpIfEqual, 0, 4, AUDIT_ARCH_X86_64),
        .. Instruction(LoadWord, 0, 0, NumberOffset),
        .. Instruction(JumpIfGreaterOrEqual, 2, 0, X32Bit),
        .. Instruction(JumpIfGreater, 0, 1, (uint)highestKnown),
        .. Instruction(Return, 0, 0, answer),
    ];

    private static byte[] Instruction(ushort code, byte whenTrue, byte whenFalse, uint operand)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteUInt16LittleEndian(bytes, code);
        bytes[2] = whenTrue;
        bytes[3] = whenFalse;
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(4), operand);
        return bytes;
    }
}
