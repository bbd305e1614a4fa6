using static CriShim.Linux.LibC.Pipes;
using static CriShim.Linux.LibC.Seccomp;

namespace CriShim.Linux;

/// <summary>Compiles a seccomp(2) filter with libseccomp. Throws <see cref="LinuxException"/>.</summary>
public sealed class SeccompFilter : IDisposable
{
    private readonly nint _context;

    /// <param name="defaultAction">SECCOMP_RET_… with its data.</param>
    public SeccompFilter(uint defaultAction)
    {
        _context = seccomp_init(defaultAction);
        if (_context == 0)
        {
            throw new LinuxException(Errno.EINVAL, "seccomp_init");
        }

        Require(seccomp_attr_set(_context, SCMP_FLTATR_CTL_NNP, 0), "seccomp_attr_set");

        // A binary tree over the numbers: a filter is run at every system call.
        Require(seccomp_attr_set(_context, SCMP_FLTATR_CTL_OPTIMIZE, 2), "seccomp_attr_set");
    }

    /// <summary>One test of an argument; ValueTwo is the second operand of the masked comparison.</summary>
    public readonly record struct Comparison(uint Argument, int Operator, ulong Value, ulong ValueTwo);

    /// <summary>The system call's number on this machine, or null where libseccomp does not know it.</summary>
    public static int? Resolve(string systemCall) =>
        seccomp_syscall_resolve_name(systemCall) is var number && number != __NR_SCMP_ERROR ? number : null;

    /// <summary>Name as libseccomp's: "x86_64". False when it is unknown.</summary>
    public bool AddArchitecture(string name)
    {
        var token = seccomp_arch_resolve_name(name);
        if (token == 0)
        {
            return false;
        }

        if (seccomp_arch_exist(_context, token) != 0)
        {
            Require(seccomp_arch_add(_context, token), "seccomp_arch_add", name);
        }

        return true;
    }

    public unsafe void AddRule(uint action, int systemCall, ReadOnlySpan<Comparison> comparisons, string subject)
    {
        Span<scmp_arg_cmp> arguments = stackalloc scmp_arg_cmp[comparisons.Length];
        for (var i = 0; i < arguments.Length; i++)
        {
            var (argument, comparison, value, valueTwo) = comparisons[i];
            arguments[i] = new scmp_arg_cmp { arg = argument, op = comparison, datum_a = value, datum_b = valueTwo };
        }

        // SAFETY: count is the array's.
        fixed (scmp_arg_cmp* pointer = arguments)
        {
            Require(seccomp_rule_add_array(_context, action, systemCall, (uint)arguments.Length, pointer), "seccomp_rule_add_array", subject);
        }
    }

    /// <summary>The program: struct sock_filter, 8 bytes each.</summary>
    public byte[] Export()
    {
        using var memory = Check.Result(memfd_create("seccomp", MFD_CLOEXEC), "memfd_create");
        Require(seccomp_export_bpf(_context, (int)memory.DangerousGetHandle()), "seccomp_export_bpf");
        var program = new byte[RandomAccess.GetLength(memory)];
        Check.Result(pread(memory, program, program.Length, 0), "pread");
        return program;
    }

    public void Dispose() => seccomp_release(_context);

    private static void Require(int result, string call, string? subject = null)
    {
        if (result < 0)
        {
            throw new LinuxException((Errno)(-result), call, subject);
        }
    }
}
