namespace CriShim.Cgroups.Systemd;

/// <summary>A property of a unit, (sv) on the bus.</summary>
/// <param name="Name">As on the bus; systemd.resource-control(5) and others have most of them.</param>
/// <param name="Signature">The value's type.</param>
/// <param name="WriteValue">Writes the value.</param>
internal sealed record SystemdProperty(string Name, string Signature, Action<DBusWriter> WriteValue)
{
    /// <summary>A systemd that does not know it does without.</summary>
    public bool IsOptional { get; init; }

    public static SystemdProperty Text(string name, string value) => new(name, "s", writer => writer.String(value));

    public static SystemdProperty Flag(string name, bool value) => new(name, "b", writer => writer.Boolean(value));

    public static SystemdProperty Number(string name, ulong value) => new(name, "t", writer => writer.UInt64(value));

    public static SystemdProperty Numbers(string name, uint value) =>
        new(name, "au", writer => writer.Array(sizeof(uint), elements => elements.UInt32(value)));

    public static SystemdProperty Bytes(string name, byte[] value) =>
        new(name, "ay", writer => writer.Array(1, elements => elements.Raw(value)));

    public void Write(DBusWriter writer)
    {
        writer.String(Name).Signature(Signature);
        WriteValue(writer);
    }
}
