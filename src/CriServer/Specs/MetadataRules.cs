using CriShim.CriServer.Errors;

namespace CriShim.CriServer.Specs;

/// <summary>Names, labels and annotations. All failures are InvalidArgument and name the field.</summary>
internal static class MetadataRules
{
    private const int MaximumName = 253; // of a Kubernetes object

    public static void CheckName(string name, string field)
    {
        TextRules.RequireText(name, field);
        if (name.Length > MaximumName)
        {
            throw CriException.InvalidArgument($"{field} is longer than {MaximumName} characters");
        }
    }

    /// <summary>Label values are words; annotation values may be whole documents with lines.</summary>
    public static void CheckLabels(IEnumerable<KeyValuePair<string, string>> labels)
    {
        foreach (var (key, value) in labels)
        {
            TextRules.RequireText(key, "a key in labels");
            TextRules.RefuseControlCharacters(value, $"labels[{TextRules.Printable(key)}]");
        }
    }

    public static void CheckAnnotations(IEnumerable<KeyValuePair<string, string>> annotations)
    {
        foreach (var (key, value) in annotations)
        {
            TextRules.RequireText(key, "a key in annotations");
            TextRules.RefuseNul(value, $"annotations[{TextRules.Printable(key)}]");
        }
    }
}
