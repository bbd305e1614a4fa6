using CriShim.TestKit;

namespace CriShim.E2e.Fixtures;

/// <summary>A theory that needs crictl in the PATH; skipped without.</summary>
public sealed class CrictlTheoryAttribute : TheoryAttribute
{
    public CrictlTheoryAttribute()
    {
        if (Command.Find("crictl") is null)
        {
            Skip = "crictl is not installed";
        }
    }
}
