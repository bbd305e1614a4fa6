using CriShim.TestKit;

namespace CriShim.E2e.Fixtures;

/// <summary>A test that needs a program in the PATH; skipped without, as in the guest of `make test-vm`, which has no compiler.</summary>
public sealed class ProgramFactAttribute : FactAttribute
{
    public ProgramFactAttribute(string program)
    {
        if (Command.Find(program) is null)
        {
            Skip = $"{program} is not installed";
        }
    }
}
