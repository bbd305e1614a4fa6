using System.Text;
using System.Text.Json;

namespace CriShim.CriServer.State;

/// <summary>The JSON text of a verbose status, which clients such as crictl show under "info".</summary>
internal static class VerboseInfo
{
    public static string Write(Action<Utf8JsonWriter> members)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            members(json);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
    }
}
