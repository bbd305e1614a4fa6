using CriShim.Cgroups.Devices;
using CriShim.Linux;
using CriShim.Oci.RuntimeSpec;
using static CriShim.Linux.LibC.Files;

namespace CriShim.Cgroups.V2;

/// <summary>
/// Devices in v2: no controller, but a BPF program that the kernel asks for each open and mknod (cgroup-v2.rst, "Device
/// controller"). The hierarchy needs no controllers for it, so it works on a hybrid too.
/// </summary>
internal static class DevicesController
{
    /// <param name="inUse">True when programs may be attached already: the new one takes their place.</param>
    public static void Apply(string path, IReadOnlyList<DeviceRuleSpec> specs, bool inUse)
    {
        var program = DeviceProgram.Build(DeviceRule.FromSpec(specs));
        try
        {
            using var folder = Fd.Open(path, O_RDONLY | O_DIRECTORY);
            using var loaded = BpfProgram.Load(BpfProgramType.CgroupDevice, program);
            if (inUse)
            {
                loaded.ReplaceAllOn(folder, BpfAttachType.CgroupDevice);
            }
            else
            {
                loaded.AttachTo(folder, BpfAttachType.CgroupDevice);
            }
        }
        catch (LinuxException error)
        {
            throw new CgroupException($"failed to set device rules of cgroup \"{path}\": {error.Message}", error.Errno, error);
        }
    }
}
