using System.Runtime.InteropServices;

namespace CriShim.Linux;

/// <summary>Registers of the BPF machine. R1 holds the context at the start, R0 the result at the end.</summary>
public enum BpfRegister
{
    R0 = 0,
    R1 = 1,
    R2 = 2,
    R3 = 3,
    R4 = 4,
    R5 = 5,
}

/// <summary>
/// struct bpf_insn of linux/bpf.h (instruction set: RFC 9669), the few instructions that a filter needs. Arithmetic and
/// comparisons are of 32 bits. Jumps count from the instruction behind them.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct BpfInstruction
{
    private const byte LoadWordCode = 0x61; // BPF_LDX | BPF_MEM | BPF_W
    private const byte MoveConstantCode = 0xB4; // BPF_ALU | BPF_MOV | BPF_K
    private const byte MoveRegisterCode = 0xBC; // BPF_ALU | BPF_MOV | BPF_X
    private const byte AndCode = 0x54; // BPF_ALU | BPF_AND | BPF_K
    private const byte ShiftRightCode = 0x74; // BPF_ALU | BPF_RSH | BPF_K
    private const byte JumpIfEqualCode = 0x16; // BPF_JMP32 | BPF_JEQ | BPF_K
    private const byte JumpIfNotEqualCode = 0x56; // BPF_JMP32 | BPF_JNE | BPF_K
    private const byte ExitCode = 0x95; // BPF_JMP | BPF_EXIT

    private readonly byte _code;
    private readonly byte _registers;
    private readonly short _offset;
    private readonly int _immediate;

    private BpfInstruction(byte code, BpfRegister destination = 0, BpfRegister source = 0, short offset = 0, int immediate = 0)
    {
        // dst_reg is the low half of the byte on a little-endian machine.
        _code = code;
        _registers = (byte)((int)destination | ((int)source << 4));
        _offset = offset;
        _immediate = immediate;
    }

    public static BpfInstruction Exit => new(ExitCode);

    /// <summary>destination = *(u32 *)(address + offset).</summary>
    public static BpfInstruction LoadWord(BpfRegister destination, BpfRegister address, short offset) =>
        new(LoadWordCode, destination, address, offset);

    public static BpfInstruction Move(BpfRegister destination, int value) => new(MoveConstantCode, destination, immediate: value);

    public static BpfInstruction Move(BpfRegister destination, BpfRegister source) => new(MoveRegisterCode, destination, source);

    public static BpfInstruction And(BpfRegister destination, int value) => new(AndCode, destination, immediate: value);

    public static BpfInstruction ShiftRight(BpfRegister destination, int bits) => new(ShiftRightCode, destination, immediate: bits);

    public static BpfInstruction JumpIfEqual(BpfRegister register, int value, short skip) =>
        new(JumpIfEqualCode, register, offset: skip, immediate: value);

    public static BpfInstruction JumpIfNotEqual(BpfRegister register, int value, short skip) =>
        new(JumpIfNotEqualCode, register, offset: skip, immediate: value);
}
