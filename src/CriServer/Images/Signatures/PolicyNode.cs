using System.Text.Json;

namespace CriShim.CriServer.Images.Signatures;

/// <summary>A value of the policy file that knows its place, for messages.</summary>
/// <param name="Place">As a JSON path: <c>$.transports.docker["example.com"][0]</c>.</param>
internal sealed record PolicyNode(JsonElement Element, string Place, string Name = "")
{
    /// <exception cref="FormatException">Not an object, or one with a key twice.</exception>
    public List<PolicyNode> Members()
    {
        Require(JsonValueKind.Object, "an object");
        var members = Element.EnumerateObject().Select(p => new PolicyNode(p.Value, PlaceOf(p.Name), p.Name)).ToList();
        return members.DistinctBy(m => m.Name).Count() == members.Count ? members : throw Wrong("has a key twice");
    }

    public List<PolicyNode> Items()
    {
        Require(JsonValueKind.Array, "an array");
        return [.. Element.EnumerateArray().Select((item, index) => new PolicyNode(item, $"{Place}[{index}]", Name))];
    }

    public string Text()
    {
        Require(JsonValueKind.String, "a string");
        return Element.GetString()!;
    }

    public FormatException Wrong(string what, Exception? cause = null) => new($"{Place} {what}", cause);

    public FormatException Unknown() => Wrong("is not known");

    private void Require(JsonValueKind kind, string expected)
    {
        if (Element.ValueKind != kind)
        {
            throw Wrong($"is not {expected}");
        }
    }

    private string PlaceOf(string name) =>
        name.Length > 0 && name.All(char.IsAsciiLetterOrDigit) ? $"{Place}.{name}" : $"{Place}[\"{name}\"]";
}
