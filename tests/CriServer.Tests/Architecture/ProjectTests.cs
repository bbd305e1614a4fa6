using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace CriShim.CriServer.Tests.Architecture;

/// <summary>Holds the table of projects: who may reference whom, and that unsafe code is in one place.</summary>
public sealed partial class ProjectTests
{
    private static readonly Dictionary<string, string[]> s_allowed = new()
    {
        ["CriServer"] = ["Cri", "Grpc", "Spdy", "Runtime.Contract", "Cgroups", "Oci", "Linux"],
        ["Runtime"] = ["Runtime.Contract", "Cgroups", "Oci", "Linux"],
        ["Runtime.Contract"] = ["Oci"],
        ["Cgroups"] = ["Linux", "Oci"],
        ["Linux"] = [],
        ["Oci"] = [],
        ["Grpc"] = [],
        ["Spdy"] = [],
        ["Cri"] = ["Grpc"],
    };

    private static string Source { get; } = Path.Combine(Root(), "src");

    public static TheoryData<string> Projects => [.. s_allowed.Keys];

    [Fact]
    public void Table_HasEveryProject() =>
        Assert.Equal(s_allowed.Keys.Order(), Directory.GetDirectories(Source).Select(p => Path.GetFileName(p)!).Order());

    [Theory]
    [MemberData(nameof(Projects))]
    public void Project_ReferencesOnlyWhatItMay(string project)
    {
        var references = ProjectFile(project).Descendants("ProjectReference")
            .Select(r => Path.GetFileNameWithoutExtension((string)r.Attribute("Include")!));
        Assert.Empty(references.Except(s_allowed[project]));
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void Project_OnlyLinuxHasUnsafeCode(string project) =>
        Assert.Equal(project == "Linux", ProjectFile(project).Descendants("AllowUnsafeBlocks").Any(e => e.Value == "true"));

    [Theory]
    [InlineData("Runtime", "Microsoft.AspNetCore.App")]
    [InlineData("Runtime", "Grpc.Tools")]
    [InlineData("Runtime", "Google.Protobuf")]
    [InlineData("Grpc", "Google.Protobuf")]
    public void Project_DoesWithout(string project, string name) => Assert.DoesNotContain(name, ProjectFile(project).ToString(), StringComparison.Ordinal);

    [Fact]
    public void Sources_DeclareNativeCallsByLibraryImport_InLinuxOnly()
    {
        foreach (var file in Sources())
        {
            var text = File.ReadAllText(file);
            Assert.False(DllImport().IsMatch(text), $"{file} has a DllImport");
            Assert.True(file.StartsWith(Path.Combine(Source, "Linux"), StringComparison.Ordinal) || !LibraryImport().IsMatch(text), $"{file} has a LibraryImport");
        }
    }

    [Fact]
    public void Runtime_IsNotAsynchronous() =>
        Assert.All(Sources().Where(f => f.StartsWith(Path.Combine(Source, "Runtime") + "/", StringComparison.Ordinal)), file =>
            Assert.False(AsyncMethod().IsMatch(File.ReadAllText(file)), $"{file} has an async method"));

    private static IEnumerable<string> Sources() => Directory.EnumerateFiles(Source, "*.cs", SearchOption.AllDirectories)
        .Where(f => !f.Contains("/obj/", StringComparison.Ordinal) && !f.Contains("/bin/", StringComparison.Ordinal));

    private static XDocument ProjectFile(string project) => XDocument.Load(Path.Combine(Source, project, project + ".csproj"));

    private static string Root()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "CriShim.sln")))
        {
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("CriShim.sln is in no folder above the tests");
        }

        return folder;
    }

    [GeneratedRegex(@"\[\s*DllImport")]
    private static partial Regex DllImport();

    [GeneratedRegex(@"\[\s*LibraryImport")]
    private static partial Regex LibraryImport();

    [GeneratedRegex(@"\basync\s+(Task|ValueTask|void)\b")]
    private static partial Regex AsyncMethod();
}
