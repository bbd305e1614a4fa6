using CriShim.E2e.Fixtures;
using CriShim.E2e.Streams;
using CriShim.TestKit;

namespace CriShim.E2e.Handlers;

/// <summary>A server whose handler "other" is another OCI runtime: runc, or what CRISHIM_OCI_RUNTIME names.</summary>
public sealed class HandlerFixture() : StreamsFixture(new HandlerServer(), HandlerServer.Name)
{
    public const string Name = HandlerServer.Name;

    /// <summary>The runtime's own program.</summary>
    public static string Program { get; } = Environment.GetEnvironmentVariable("CRISHIM_OCI_RUNTIME") ?? Command.Find("runc") ?? "";

    /// <summary>Those that work: crun wants a machine with one version of cgroups.</summary>
    public static IReadOnlyList<string> Working { get; } = Command.Find("crun") is not null && !V1FactAttribute.HasV1 ? [Name, "own-states", "crun"] : [Name, "own-states"];

    /// <summary>Where it keeps its states.</summary>
    public string States => ((HandlerServer)Server).States;

    private sealed class HandlerServer : ServerFixture
    {
        public const string Name = "other";

        private readonly string _folder = Directory.CreateTempSubdirectory("crishim-handler-").FullName;

        private static string Crun => Working.Contains("crun") ? $$"""
            "crun": {"binary": "{{Command.Find("crun")}}" },
            """ : "";

        public string States => Path.Combine(_folder, "states");

        protected override string Configuration() => $$$"""
            {"runtime": {"handlers": {
               "{{{Name}}}": {"binary": "{{{Program}}}", "root": "{{{States}}}" },
               "own-states": {"binary": "{{{Program}}}" },
               {{{Crun}}}
               "missing": {"binary": "/no/such/runtime" } } } }
            """;

        public override async Task DisposeAsync()
        {
            await base.DisposeAsync();
            Directory.Delete(_folder, recursive: true);
        }
    }
}
