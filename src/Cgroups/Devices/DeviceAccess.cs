namespace CriShim.Cgroups.Devices;

/// <summary>What a rule is about; the bits of BPF_DEVCG_ACC_* (linux/bpf.h).</summary>
[Flags]
internal enum DeviceAccess
{
    None = 0,
    Mknod = 1,
    Read = 2,
    Write = 4,
    All = Mknod | Read | Write,
}
