using CriShim.Cgroups.Devices;
using CriShim.Oci.RuntimeSpec;

namespace CriShim.Cgroups.V1;

/// <summary>devices of v1 (the kernel's Documentation/admin-guide/cgroup-v1/devices.rst).</summary>
internal static class DevicesController
{
    private const string AllowFile = "devices.allow";
    private const string DenyFile = "devices.deny";
    private const string Everything = "a";

    /// <summary>For a new group: everything denied (or allowed), then the exceptions.</summary>
    public static void ApplyFirst(ControlFolder folder, IReadOnlyList<DeviceRuleSpec> rules) =>
        Replace(folder, DeviceList.FromRules(DeviceRule.FromSpec(rules)));

    /// <summary>For a group in use: only what differs is written, what is added first, so that no device in use is denied meanwhile.</summary>
    public static void Update(ControlFolder folder, IReadOnlyList<DeviceRuleSpec> rules)
    {
        var wanted = DeviceList.FromRules(DeviceRule.FromSpec(rules));
        var current = DeviceList.Parse(folder.Read("devices.list") ?? "");
        if (wanted.AllowedByDefault || current.AllowedByDefault)
        {
            Replace(folder, wanted);
            return;
        }

        folder.WriteEach(AllowFile, wanted.ExceptionsNotIn(current));
        folder.WriteEach(DenyFile, current.ExceptionsNotIn(wanted));
    }

    private static void Replace(ControlFolder folder, DeviceList wanted)
    {
        folder.Write(wanted.AllowedByDefault ? AllowFile : DenyFile, Everything);
        folder.WriteEach(wanted.AllowedByDefault ? DenyFile : AllowFile, wanted.Exceptions());
    }
}
