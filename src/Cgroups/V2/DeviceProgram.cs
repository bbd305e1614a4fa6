using CriShim.Cgroups.Devices;
using CriShim.Linux;

namespace CriShim.Cgroups.V2;

/// <summary>
/// Compiles device rules to a program of type BPF_PROG_TYPE_CGROUP_DEVICE. Pure. The last rule that speaks about an access decides it, so
/// the rules are tested from the last to the first; each takes the accesses it allows from what is still asked for:
/// <code>
/// r2 = device type, r3 = accesses still asked for, r4 = major, r5 = minor
/// rule:  type, major, minor differ -> next rule
///        allow: r3 &amp;= ~access; nothing left -> return 1        deny: r3 &amp; access -> return 0
/// end:   return 0
/// </code>
/// Input: struct bpf_cgroup_dev_ctx (linux/bpf.h): access_type (low half the type, high half the access), major, minor.
/// </summary>
internal static class DeviceProgram
{
    private const int TypeBlock = 1; // BPF_DEVCG_DEV_BLOCK
    private const int TypeCharacter = 2; // BPF_DEVCG_DEV_CHAR
    private const short AccessTypeOffset = 0;
    private const short MajorOffset = 4;
    private const short MinorOffset = 8;
    private const int TypeMask = 0xFFFF;
    private const int AccessShift = 16;

    public static BpfInstruction[] Build(IReadOnlyList<DeviceRule> rules)
    {
        var program = new List<BpfInstruction>
        {
            BpfInstruction.LoadWord(BpfRegister.R2, BpfRegister.R1, AccessTypeOffset),
            BpfInstruction.Move(BpfRegister.R3, BpfRegister.R2),
            BpfInstruction.And(BpfRegister.R2, TypeMask),
            BpfInstruction.ShiftRight(BpfRegister.R3, AccessShift),
            BpfInstruction.LoadWord(BpfRegister.R4, BpfRegister.R1, MajorOffset),
            BpfInstruction.LoadWord(BpfRegister.R5, BpfRegister.R1, MinorOffset),
        };
        foreach (var rule in rules.Reverse())
        {
            if (rule.IsEverything)
            {
                // Nothing behind it can be reached, and the verifier refuses instructions that cannot.
                Return(program, rule.Allow);
                return [.. program];
            }

            AddRule(program, rule);
        }

        Return(program, allow: false);
        return [.. program];
    }

    private static void AddRule(List<BpfInstruction> program, DeviceRule rule)
    {
        var body = Body(rule);
        var conditions = Conditions(rule);
        for (var i = 0; i < conditions.Count; i++)
        {
            // Jumps count from the next instruction.
            var toNextRule = conditions.Count - i - 1 + body.Count;
            var (register, value) = conditions[i];
            program.Add(BpfInstruction.JumpIfNotEqual(register, value, (short)toNextRule));
        }

        program.AddRange(body);
    }

    private static List<(BpfRegister Register, int Value)> Conditions(DeviceRule rule)
    {
        var conditions = new List<(BpfRegister, int)> { (BpfRegister.R2, rule.Type == 'b' ? TypeBlock : TypeCharacter) };
        if (rule.Major != DeviceRule.Any)
        {
            conditions.Add((BpfRegister.R4, unchecked((int)rule.Major)));
        }

        if (rule.Minor != DeviceRule.Any)
        {
            conditions.Add((BpfRegister.R5, unchecked((int)rule.Minor)));
        }

        return conditions;
    }

    private static List<BpfInstruction> Body(DeviceRule rule)
    {
        var body = new List<BpfInstruction>();
        if (rule.Allow)
        {
            body.Add(BpfInstruction.And(BpfRegister.R3, (int)(DeviceAccess.All & ~rule.Access)));
            body.Add(BpfInstruction.JumpIfNotEqual(BpfRegister.R3, 0, 2));
        }
        else
        {
            body.Add(BpfInstruction.Move(BpfRegister.R1, BpfRegister.R3));
            body.Add(BpfInstruction.And(BpfRegister.R1, (int)rule.Access));
            body.Add(BpfInstruction.JumpIfEqual(BpfRegister.R1, 0, 2));
        }

        Return(body, rule.Allow);
        return body;
    }

    private static void Return(List<BpfInstruction> program, bool allow)
    {
        program.Add(BpfInstruction.Move(BpfRegister.R0, allow ? 1 : 0));
        program.Add(BpfInstruction.Exit);
    }
}
