namespace CriShim.CriServer.Tests.Fakes;

/// <summary>A test that only root can run: devices, trusted attributes, foreign owners.</summary>
public sealed class RootFactAttribute : FactAttribute
{
    public RootFactAttribute() => Skip = TarBuilder.IsRoot ? null : "needs root";
}
