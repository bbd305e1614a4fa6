using System.Runtime.InteropServices;
using CriShim.Linux;

namespace CriShim.Runtime.Tests.Fakes;

/// <summary>Runs the few BPF instructions that a device program is made of, as the kernel would (RFC 9669).</summary>
internal static class DeviceProgramMachine
{
    public static bool Allows(BpfInstruction[] program, char type, uint major, uint minor, string access)
    {
        var bits = (uint)access.Sum(letter => letter switch { 'm' => 1, 'r' => 2, _ => 4 });
        uint[] context = [(bits << 16) | (type == 'b' ? 1u : 2u), major, minor];
        var registers = new uint[11];
        for (var at = 0; ; at++)
        {
            var bytes = MemoryMarshal.AsBytes(program.AsSpan(at, 1));
            var destination = bytes[1] & 15;
            var source = bytes[1] >> 4;
            var offset = BitConverter.ToInt16(bytes[2..]);
            var immediate = BitConverter.ToUInt32(bytes[4..]);
            switch (bytes[0])
            {
                case 0x61: registers[destination] = context[offset / 4]; break;
                case 0xB4: registers[destination] = immediate; break;
                case 0xBC: registers[destination] = registers[source]; break;
                case 0x54: registers[destination] &= immediate; break;
                case 0x74: registers[destination] >>= (int)immediate; break;
                case 0x16: at += registers[destination] == immediate ? offset : 0; break;
                case 0x56: at += registers[destination] != immediate ? offset : 0; break;
                case 0x95: return registers[0] == 1;
                default: throw new InvalidOperationException($"unknown instruction {bytes[0]:X2}");
            }
        }
    }
}
