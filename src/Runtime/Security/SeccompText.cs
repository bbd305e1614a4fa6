using System.Text;
using CriShim.Oci.RuntimeSpec;

namespace CriShim.Runtime.Security;

/// <summary>A profile as text that is equal exactly for equal profiles.</summary>
internal static class SeccompText
{
    private const string FormatVersion = "crishim-seccomp 1";

    public static string Of(SeccompSpec profile)
    {
        var text = new StringBuilder(16 * 1024);
        Add(text, [FormatVersion, profile.DefaultAction, $"{profile.DefaultErrnoRet}", profile.ListenerPath ?? ""]);
        Add(text, profile.Architectures ?? []);
        Add(text, profile.Flags ?? []);
        foreach (var rule in profile.Syscalls ?? [])
        {
            Add(text, [rule.Action, $"{rule.ErrnoRet}"]);
            Add(text, rule.Names);
            foreach (var argument in rule.Args ?? [])
            {
                Add(text, [$"{argument.Index} {argument.Value} {argument.ValueTwo}", argument.Op]);
            }
        }

        return text.Append("end\n").ToString();
    }

    /// <summary>A count, then each with its length: no word can look like two.</summary>
    private static void Add(StringBuilder text, IReadOnlyList<string> words)
    {
        text.Append(words.Count);
        foreach (var word in words)
        {
            text.Append(' ').Append(word.Length).Append(':').Append(word);
        }

        text.Append('\n');
    }
}
