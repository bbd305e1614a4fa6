using CriShim.Linux;
using CriShim.TestKit;

namespace CriShim.E2e.Fixtures;

/// <summary>A test that needs a kernel with AppArmor and its parser; skipped without, as on a machine in `make test`. `make test-vm` has both.</summary>
public sealed class AppArmorFactAttribute : FactAttribute
{
    public AppArmorFactAttribute()
    {
        Skip = !new SecurityModules().HasAppArmor ? "this kernel runs without AppArmor"
            : Command.Find("apparmor_parser") is null ? "apparmor_parser is not installed"
            : null;
    }
}
