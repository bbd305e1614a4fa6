using CriShim.Cri.V1;
using Google.Protobuf.Reflection;

namespace CriShim.CriServer.Tests.Protos;

/// <summary>The generated code against cri-v1.tsv, a table of the CRI: kind, parent, name, number, type, options.</summary>
public class CriProtocolTests
{
    private const string Package = "runtime.v1.";

    private static readonly string[] s_table =
        [.. File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Protos", "cri-v1.tsv")).Skip(1).Order(StringComparer.Ordinal)];

    [Fact]
    public void Descriptors_OfTheGeneratedCode_AreThoseOfTheTable()
    {
        var generated = Rows(ApiReflection.Descriptor).Order(StringComparer.Ordinal).ToArray();
        Assert.Equal([], s_table.Except(generated));
        Assert.Equal([], generated.Except(s_table));
        Assert.Equal(s_table.Length, generated.Length);
    }

    [Theory]
    [InlineData("rpc", 43)]
    [InlineData("message", 175)]
    [InlineData("field", 478)]
    [InlineData("value", 95)]
    public void Table_OfTheCri_IsWhole(string kind, int count) =>
        Assert.Equal(count, s_table.Count(row => row.StartsWith($"{kind}\t", StringComparison.Ordinal)));

    private static IEnumerable<string> Rows(FileDescriptor file) =>
        file.Services.SelectMany(Rows).Concat(file.MessageTypes.SelectMany(Rows)).Concat(file.EnumTypes.SelectMany(Rows));

    private static IEnumerable<string> Rows(ServiceDescriptor service) => service.Methods.Select(method =>
        Row("rpc", service.Name, method.Name, "", $"{Side(method.InputType, method.IsClientStreaming)} -> {Side(method.OutputType, method.IsServerStreaming)}"));

    private static string Side(MessageDescriptor message, bool streaming) => $"{(streaming ? "stream " : "")}{message.Name}";

    private static IEnumerable<string> Rows(MessageDescriptor message) =>
        new[] { Row("message", Name(message)) }
            .Concat(message.Fields.InDeclarationOrder().Select(field =>
                Row("field", Name(message), field.Name, $"{field.FieldNumber}", Label(field), Options(field))))
            .Concat(message.EnumTypes.SelectMany(Rows))
            .Concat(message.NestedTypes.Where(nested => nested.GetOptions() is not { MapEntry: true }).SelectMany(Rows));

    private static IEnumerable<string> Rows(EnumDescriptor type) =>
        new[] { Row("enum", Name(type)) }
            .Concat(type.Values.Select(value => Row("value", Name(type), value.Name, $"{value.Number}")));

    private static string Label(FieldDescriptor field) => field switch
    {
        { IsMap: true } => $"map<{Type(field.MessageType.FindFieldByNumber(1)!)},{Type(field.MessageType.FindFieldByNumber(2)!)}>",
        { IsRepeated: true } => $"repeated {Type(field)}",
        { HasPresence: true, FieldType: not FieldType.Message } => $"optional {Type(field)}",
        _ => Type(field),
    };

    private static string Type(FieldDescriptor field) => field.FieldType switch
    {
        FieldType.Message => field.MessageType.Name,
        FieldType.Enum => field.EnumType.Name,
        var scalar => scalar.ToString().ToLowerInvariant(),
    };

    private static string Options(FieldDescriptor field)
    {
        var options = field.GetOptions();
        return string.Join(' ', new[]
        {
            options is { Deprecated: true } ? "deprecated=true" : "",
            options is { DebugRedact: true } ? "debug_redact=true" : "",
        }.Where(option => option.Length > 0));
    }

    private static string Name(IDescriptor descriptor) => descriptor.FullName[Package.Length..];

    private static string Row(string kind, string parent, string name = "", string number = "", string type = "", string options = "") =>
        string.Join('\t', kind, parent, name, number, type, options);
}
