namespace CriShim.CriServer.RuntimeClient;

/// <summary>Where crishim-runtime is.</summary>
internal static class RuntimeBinary
{
    private const string Name = "crishim-runtime";

    /// <param name="configured">Empty: beside this program's own executable.</param>
    public static string Find(string configured) =>
        configured.Length > 0 ? configured : Path.Combine(Path.GetDirectoryName(Environment.ProcessPath) ?? "/usr/bin", Name);
}
