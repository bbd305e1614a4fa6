namespace CriShim.Cgroups.Systemd;

/// <summary>An error that a service on the bus answered.</summary>
internal sealed class DBusException(string member, string name, string text)
    : Exception($"{member}: {(text.Length > 0 ? text : name)}")
{
    /// <summary>"org.freedesktop.systemd1.NoSuchUnit".</summary>
    public string Name { get; } = name;
}
