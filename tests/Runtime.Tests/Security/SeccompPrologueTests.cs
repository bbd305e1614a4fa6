using System.Buffers.Binary;
using CriShim.Runtime.Security;

namespace CriShim.Runtime.Tests.Security;

public sealed class SeccompPrologueTests
{
    private const uint X64 = 0xC000003E;
    private const uint I386 = 0x40000003;
    private const uint Answer = 0x00050026;

    [Theory]
    [InlineData(X64, 100, false)]
    [InlineData(X64, 300, false)]
    [InlineData(X64, 301, true)]
    [InlineData(X64, 0x40000000 + 301, false)]
    [InlineData(I386, 301, false)]
    public void Build_Call_IsAnsweredOnlyAboveTheHighestKnown(uint architecture, uint number, bool answered) =>
        Assert.Equal(answered ? Answer : null, Run(SeccompPrologue.Build(300, Answer), architecture, number));

    /// <summary>Classic BPF, as far as the prologue uses it; null when the program falls through.</summary>
    private static uint? Run(byte[] program, uint architecture, uint number)
    {
        uint accumulator = 0;
        for (var i = 0; i < program.Length / 8; i++)
        {
            var instruction = program.AsSpan(i * 8, 8);
            var operand = BinaryPrimitives.ReadUInt32LittleEndian(instruction[4..]);
            bool? jump = BinaryPrimitives.ReadUInt16LittleEndian(instruction) switch
            {
                0x15 => accumulator == operand,
                0x25 => accumulator > operand,
                0x35 => accumulator >= operand,
                _ => null,
            };
            if (BinaryPrimitives.ReadUInt16LittleEndian(instruction) == 0x06)
            {
                return operand;
            }

            accumulator = jump is null ? (operand == 4 ? architecture : number) : accumulator;
            i += jump switch { true => instruction[2], false => instruction[3], null => 0 };
        }

        return null;
    }
}
