namespace CriShim.CriServer.Cdi;

/// <summary>Names of devices, <c>vendor/class=device</c> (SPEC.md, "Kind" and "CDI Devices").</summary>
internal static class CdiDeviceName
{
    public static bool IsQualified(string name) =>
        name.Split('=', 2) is [var kind, var device] && IsKind(kind) && IsDevice(device);

    public static bool IsKind(string kind) => kind.Split('/') is [var vendor, var type] && IsName(vendor) && IsName(type);

    public static bool IsDevice(string name) =>
        name.Length > 0 && char.IsAsciiLetterOrDigit(name[0]) && char.IsAsciiLetterOrDigit(name[^1])
        && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.' or ':');

    private static bool IsName(string name) =>
        name.Length > 0 && char.IsAsciiLetter(name[0]) && char.IsAsciiLetterOrDigit(name[^1])
        && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.');
}
