using CriShim.Cri.V1;
using CriShim.CriServer.Errors;
using ProfileType = CriShim.Cri.V1.SecurityProfile.Types.ProfileType;

namespace CriShim.CriServer.Specs;

/// <summary>A seccomp or AppArmor profile, as the API has both.</summary>
internal static class ProfileRules
{
    /// <exception cref="CriException">InvalidArgument, naming the field: a kind that is unknown, or a profile's name beside another kind.</exception>
    public static void Check(SecurityProfile? profile, string field)
    {
        if (profile is null)
        {
            return;
        }

        TextRules.RequireKnown(profile.ProfileType, $"{field}.profile_type");
        if (profile.ProfileType != ProfileType.Localhost && profile.LocalhostRef.Length > 0)
        {
            throw CriException.InvalidArgument($"{field}.localhost_ref is given with profile_type {profile.ProfileType}");
        }

        if (profile.ProfileType == ProfileType.Localhost)
        {
            TextRules.RequireText(profile.LocalhostRef, $"{field}.localhost_ref");
        }
    }
}
