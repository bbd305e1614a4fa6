using Google.Protobuf.Collections;

namespace CriShim.CriServer.State;

/// <summary>A filter's label selector: every pair must be there as it is.</summary>
internal static class LabelSelector
{
    public static bool Matches(MapField<string, string> selector, MapField<string, string> labels)
    {
        foreach (var (key, value) in selector)
        {
            if (!labels.TryGetValue(key, out var actual) || actual != value)
            {
                return false;
            }
        }

        return true;
    }
}
