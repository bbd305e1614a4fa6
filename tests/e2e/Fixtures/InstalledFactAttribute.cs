using CriShim.TestKit;

namespace CriShim.E2e.Fixtures;

/// <summary>A test that needs programs of the machine; skipped, by name, where one is not installed.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class InstalledFactAttribute : FactAttribute
{
    public InstalledFactAttribute(params string[] programs) =>
        Skip = programs.FirstOrDefault(program => Command.Find(program) is null) is { } missing ? $"{missing} is not installed" : null;
}
