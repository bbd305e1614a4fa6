using CriShim.E2e.Fixtures;

namespace CriShim.E2e.Isolation;

/// <summary>A server with CDI folders of its own.</summary>
public sealed class CdiFixture : ServerFixture
{
    private readonly string _folder = Directory.CreateTempSubdirectory("crishim-cdi-").FullName;

    public string Folder => Path.Combine(_folder, "cdi");

    protected override string Configuration() => $$$"""{"containers": {"cdiFolders": ["{{{Path.Combine(_folder, "none")}}}", "{{{Folder}}}"]}}""";

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}
