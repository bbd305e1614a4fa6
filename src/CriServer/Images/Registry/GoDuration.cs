using System.Globalization;
using System.Text.RegularExpressions;

namespace CriShim.CriServer.Images.Registry;

/// <summary>A length of time as Go's programs write it: <c>1m30s</c>, <c>500ms</c>, <c>1.5h</c>.</summary>
internal static partial class GoDuration
{
    /// <exception cref="FormatException">Not that form, zero, or more than a day.</exception>
    public static TimeSpan Parse(string text)
    {
        var match = Form().Match(text);
        var total = match.Success
            ? match.Groups["number"].Captures.Zip(match.Groups["unit"].Captures).Sum(part =>
                double.Parse(part.First.ValueSpan, CultureInfo.InvariantCulture) * Seconds(part.Second.Value))
            : 0;
        return total is > 0 and <= 86_400 ? TimeSpan.FromSeconds(total) : throw new FormatException($"invalid duration \"{text}\"");
    }

    private static double Seconds(string unit) => unit switch { "ms" => 0.001, "s" => 1, "m" => 60, _ => 3600 };

    [GeneratedRegex(@"^(?:(?<number>[0-9]{1,9}(?:\.[0-9]{1,9})?)(?<unit>ms|s|m|h))+\z")]
    private static partial Regex Form();
}
