using CriShim.E2e.Fixtures;
using CriShim.TestKit;

namespace CriShim.E2e.Images;

/// <summary>A server as of <see cref="ServerFixture"/>, and its commands for people.</summary>
public sealed class CommandFixture : IAsyncLifetime
{
    public ServerFixture Servers { get; } = new();

    public string Scratch => Servers.Server.Scratch;

    public Task InitializeAsync() => Servers.InitializeAsync();

    public Task DisposeAsync() => Servers.DisposeAsync();

    /// <summary>Runs <c>crishim image …</c> against the server.</summary>
    public CommandResult Image(params string[] arguments) =>
        Command.Run(Binaries.Server, ["image", .. arguments, "--address", "unix://" + Servers.Server.SocketPath]);

    /// <summary>Its output; it must succeed.</summary>
    public string ImageOutput(params string[] arguments)
    {
        var result = Image(arguments);
        Assert.True(result.ExitCode == 0, $"{string.Join(' ', arguments)}: {result.ExitCode}: {result.Error}");
        return result.Output;
    }

    /// <summary>Its error text; it must fail.</summary>
    public string ImageError(params string[] arguments)
    {
        var result = Image(arguments);
        Assert.Equal(1, result.ExitCode);
        return result.Error;
    }

    /// <summary>skopeo, with loopback registries in plain HTTP and no policy of its own.</summary>
    public static void Skopeo(string from, string to, params string[] flags) => Command.Output(
        "skopeo", ["--insecure-policy", "copy", "--quiet", "--src-tls-verify=false", "--dest-tls-verify=false", .. flags, from, to]);
}
