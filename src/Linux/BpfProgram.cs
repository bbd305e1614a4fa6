using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Bpf;

namespace CriShim.Linux;

/// <summary>enum bpf_prog_type.</summary>
public enum BpfProgramType
{
    CgroupDevice = 15,
}

/// <summary>enum bpf_attach_type.</summary>
public enum BpfAttachType
{
    CgroupDevice = 6,
}

/// <summary>
/// A loaded BPF program (bpf(2)). Attached, it lives as long as its cgroup; the descriptor may be closed. Errors:
/// <see cref="LinuxException"/>; a program that the verifier refuses has the end of its log in the text.
/// </summary>
public sealed unsafe class BpfProgram : IDisposable
{
    private const int MostAttached = 64;
    private const int LogSize = 16 * 1024;
    private const int LogShown = 512;

    private readonly SafeFileHandle _fd;

    private BpfProgram(SafeFileHandle fd) => _fd = fd;

    public static BpfProgram Load(BpfProgramType type, ReadOnlySpan<BpfInstruction> instructions)
    {
        var fd = Load(type, instructions, default);
        if (!fd.IsInvalid)
        {
            return new BpfProgram(fd);
        }

        var errno = Check.LastErrno;
        fd.Dispose();
        if (errno is not (Errno.EINVAL or Errno.EACCES))
        {
            throw new LinuxException(errno, "bpf", "BPF_PROG_LOAD");
        }

        // Again with a log, which costs time that a good program need not spend.
        var log = new byte[LogSize];
        Load(type, instructions, log).Dispose();
        var end = Array.IndexOf(log, (byte)0) is var zero && zero >= 0 ? zero : log.Length;
        var text = System.Text.Encoding.ASCII.GetString(log, Math.Max(0, end - LogShown), Math.Min(end, LogShown)).Trim();
        throw new LinuxException(errno, "bpf", $"BPF_PROG_LOAD ({text})");
    }

    /// <summary>Adds the program to a cgroup that has none yet, or is to have several.</summary>
    public void AttachTo(SafeFileHandle cgroup, BpfAttachType type) => Attach(cgroup, type, BPF_F_ALLOW_MULTI, null);

    /// <summary>
    /// Puts the program in the place of all that are attached to this cgroup itself. At no moment is none attached.
    /// </summary>
    public void ReplaceAllOn(SafeFileHandle cgroup, BpfAttachType type)
    {
        var ids = Attached(cgroup, type);
        if (ids.Length == 1)
        {
            using var old = OpenById(ids[0]);
            Attach(cgroup, type, BPF_F_ALLOW_MULTI | BPF_F_REPLACE, old);
            return;
        }

        AttachTo(cgroup, type);
        foreach (var id in ids)
        {
            using var old = OpenById(id);
            Detach(cgroup, type, old);
        }
    }

    /// <summary>Ids of the programs attached to the cgroup itself.</summary>
    public static uint[] Attached(SafeFileHandle cgroup, BpfAttachType type)
    {
        using var target = new HeldFd(cgroup);
        var ids = stackalloc uint[MostAttached];
        var attr = new bpf_attr_query { target_fd = target.Value, attach_type = (uint)type, prog_ids = ids, prog_cnt = MostAttached };

        // SAFETY: ids has prog_cnt places; the kernel writes no more than that, and prog_cnt.
        Check.Result(bpf(BPF_PROG_QUERY, &attr, (uint)sizeof(bpf_attr_query)), "bpf", "BPF_PROG_QUERY");
        return new ReadOnlySpan<uint>(ids, (int)attr.prog_cnt).ToArray();
    }

    public void Dispose() => _fd.Dispose();

    private static SafeFileHandle Load(BpfProgramType type, ReadOnlySpan<BpfInstruction> instructions, Span<byte> log)
    {
        // SAFETY: the kernel reads insn_cnt instructions and the license during the call and writes up to log_size bytes; all are
        // fixed for its length.
        fixed (BpfInstruction* first = instructions)
        fixed (byte* license = "MIT\0"u8)
        fixed (byte* text = log)
        {
            var attr = new bpf_attr_load
            {
                prog_type = (uint)type,
                insn_cnt = (uint)instructions.Length,
                insns = first,
                license = license,
                log_level = log.IsEmpty ? 0u : 1u,
                log_size = (uint)log.Length,
                log_buf = text,
            };
            return bpf_fd(BPF_PROG_LOAD, &attr, (uint)sizeof(bpf_attr_load));
        }
    }

    private static SafeFileHandle OpenById(uint id)
    {
        var attr = new bpf_attr_get_id { prog_id = id };

        // SAFETY: attr outlives the call.
        return Check.Result(bpf_fd(BPF_PROG_GET_FD_BY_ID, &attr, (uint)sizeof(bpf_attr_get_id)), "bpf", "BPF_PROG_GET_FD_BY_ID");
    }

    private static void Detach(SafeFileHandle cgroup, BpfAttachType type, SafeFileHandle program)
    {
        using var target = new HeldFd(cgroup);
        using var attached = new HeldFd(program);
        var attr = new bpf_attr_attach { target_fd = target.Value, attach_bpf_fd = attached.Value, attach_type = (uint)type };

        // SAFETY: attr outlives the call.
        Check.Result(bpf(BPF_PROG_DETACH, &attr, (uint)sizeof(bpf_attr_attach)), "bpf", "BPF_PROG_DETACH");
    }

    private void Attach(SafeFileHandle cgroup, BpfAttachType type, uint flags, SafeFileHandle? replaced)
    {
        using var target = new HeldFd(cgroup);
        using var program = new HeldFd(_fd);
        using var old = new HeldFd(replaced);
        var attr = new bpf_attr_attach
        {
            target_fd = target.Value,
            attach_bpf_fd = program.Value,
            attach_type = (uint)type,
            attach_flags = flags,
            replace_bpf_fd = old.Value,
        };

        // SAFETY: attr outlives the call.
        Check.Result(bpf(BPF_PROG_ATTACH, &attr, (uint)sizeof(bpf_attr_attach)), "bpf", "BPF_PROG_ATTACH");
    }

    /// <summary>A descriptor's number, kept from being closed while a struct carries it.</summary>
    private readonly ref struct HeldFd
    {
        private readonly SafeFileHandle? _handle;

        public HeldFd(SafeFileHandle? handle)
        {
            var held = false;
            handle?.DangerousAddRef(ref held);
            _handle = handle;
            Value = handle is null ? 0 : (uint)handle.DangerousGetHandle();
        }

        public uint Value { get; }

        public void Dispose() => _handle?.DangerousRelease();
    }
}
