namespace CriShim.CriServer.Specs;

/// <summary>AppArmor on this host.</summary>
/// <param name="Enabled">The kernel runs with it.</param>
/// <param name="DefaultProfile">Loaded, for containers that ask for the runtime's default or for nothing; null: there is none.</param>
/// <param name="Problem">Why there is no default profile; empty where there is one.</param>
internal sealed record AppArmorFacts(bool Enabled, string? DefaultProfile, string Problem)
{
    public static readonly AppArmorFacts Absent = new(false, null, "AppArmor is not enabled on this host");
}

/// <summary>What the host's SELinux policy gives containers.</summary>
internal sealed record SelinuxDefaults(SelinuxLabel Process, SelinuxLabel File);
