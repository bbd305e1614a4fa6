using CriShim.E2e.Fixtures;
using CriShim.TestKit;

namespace CriShim.E2e.Isolation;

/// <summary>A server with CDI folders of its own.</summary>
public sealed class CdiFixture : ServerFixture
{
    private readonly TempFolder _folder = new("crishim-cdi-");

    public string Folder => _folder.Combine("cdi");

    protected override string Configuration() => $$$"""{"containers": {"cdiFolders": ["{{{_folder.Combine("none")}}}", "{{{Folder}}}"]}}""";

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        _folder.Dispose();
    }
}
