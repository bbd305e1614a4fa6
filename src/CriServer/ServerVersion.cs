using System.Reflection;

namespace CriShim.CriServer;

/// <summary>Name and version that clients see.</summary>
internal static class ServerVersion
{
    public const string RuntimeName = "crishim";

    public const string ApiVersion = "v1";

    /// <summary>Semantic version without build data.</summary>
    public static string Text { get; } = typeof(ServerVersion).Assembly
        .GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0.0.0";
}
