using System.Text.Json;
using CriShim.TestKit;

namespace CriShim.E2e.Fixtures;

/// <summary>A server whose criu is a shell script that the test writes; none until then.</summary>
public sealed class ScriptedCriuFixture : ServerFixture, IDisposable
{
    private readonly TempFolder _folder = new();

    private string Program => _folder.Combine("criu");

    /// <summary>The program from now on; null: there is none.</summary>
    public void Become(string? script)
    {
        File.Delete(Program);
        if (script is not null)
        {
            File.WriteAllText(Program, "#!/bin/sh\n" + script + "\n");
            File.SetUnixFileMode(Program, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    public void Dispose() => _folder.Dispose();

    protected override string Configuration() => $$"""{ "runtime": { "criu": {{JsonSerializer.Serialize(Program)}} } }""";
}
