namespace CriShim.Cgroups.Systemd;

/// <summary>A method call (D-Bus specification, "Message Types").</summary>
/// <param name="Destination">The service's name on the bus.</param>
/// <param name="Path">The object.</param>
/// <param name="Interface">Whose method it is.</param>
/// <param name="Member">The method.</param>
internal sealed record DBusCall(string Destination, string Path, string Interface, string Member)
{
    /// <summary>Types of the arguments.</summary>
    public string Signature { get; init; } = "";

    /// <summary>The arguments.</summary>
    public DBusWriter Body { get; init; } = new();

    public byte[] Marshal(uint serial)
    {
        (byte Field, string Type, string Value)[] fields =
        [
            (DBusMessage.FieldPath, "o", Path),
            (DBusMessage.FieldInterface, "s", Interface),
            (DBusMessage.FieldMember, "s", Member),
            (DBusMessage.FieldDestination, "s", Destination),
            (DBusMessage.FieldSignature, "g", Signature),
        ];
        var message = new DBusWriter()
            .Byte((byte)'l').Byte(DBusMessage.MethodCall).Byte(0).Byte(1)
            .UInt32((uint)Body.Length)
            .UInt32(serial)
            .Structs(fields.Where(field => field.Value.Length > 0), (writer, field) =>
            {
                writer.Byte(field.Field).Signature(field.Type);
                _ = field.Type == "g" ? writer.Signature(field.Value) : writer.String(field.Value);
            });
        message.Align(8);
        return message.Raw(Body.Written).Written.ToArray();
    }
}
