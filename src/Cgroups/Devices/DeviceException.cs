namespace CriShim.Cgroups.Devices;

/// <summary>A device, or a range of them, that a v1 device list treats differently from its default.</summary>
/// <param name="Type">'c' or 'b'.</param>
/// <param name="Major">Or <see cref="DeviceRule.Any"/>.</param>
/// <param name="Minor">Or <see cref="DeviceRule.Any"/>.</param>
internal readonly record struct DeviceException(char Type, long Major, long Minor, DeviceAccess Access)
{
    public bool IsSameDevice(DeviceException other) => Type == other.Type && Major == other.Major && Minor == other.Minor;

    /// <summary>As devices.allow, devices.deny and devices.list have it: "c 1:3 rwm".</summary>
    public override string ToString() =>
        $"{Type} {Text(Major)}:{Text(Minor)} "
        + ((Access & DeviceAccess.Read) != 0 ? "r" : "")
        + ((Access & DeviceAccess.Write) != 0 ? "w" : "")
        + ((Access & DeviceAccess.Mknod) != 0 ? "m" : "");

    private static string Text(long number) => number == DeviceRule.Any ? "*" : number.ToString();
}
