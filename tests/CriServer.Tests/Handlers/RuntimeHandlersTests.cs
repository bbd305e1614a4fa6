using System.Text;
using System.Text.Json;
using CriShim.Cri.V1;
using CriShim.CriServer.Configuration;
using CriShim.CriServer.Errors;
using CriShim.CriServer.Handlers;
using CriShim.CriServer.Tests.Specs;

namespace CriShim.CriServer.Tests.Handlers;

public class RuntimeHandlersTests
{
    private static readonly Dictionary<string, RuntimeHandlerOptions> s_configured = new()
    {
        ["other"] = new RuntimeHandlerOptions { Binary = "/usr/sbin/runc", Arguments = ["--debug"] },
    };

    [Theory]
    [InlineData("")]
    [InlineData("crishim")]
    public void RuntimeOf_BuiltIn_IsNone(string name) => Assert.Null(Handlers().RuntimeOf(name));

    [Fact]
    public void RuntimeOf_Configured_IsWhatTheSettingsSay()
    {
        var runtime = Handlers().RuntimeOf("other")!;
        Assert.Equal(("/usr/sbin/runc", null, "--systemd-cgroup --debug"), (runtime.Binary, runtime.Root, string.Join(' ', runtime.Arguments!)));
    }

    [Fact]
    public void Find_Unknown_IsRefusedByName() => Assert.Contains("\"none\"", Given.Refused(() => Handlers().Find("none")).Message, StringComparison.Ordinal);

    [Fact]
    public async Task Check_WhatTheHandlerCannot_IsRefusedByField()
    {
        var pod = Given.BarePod();
        pod.Linux = new LinuxPodSandboxConfig
        {
            SecurityContext = new LinuxSandboxSecurityContext
            {
                NamespaceOptions = new NamespaceOption { UsernsOptions = new UserNamespace { Mode = NamespaceMode.Pod } },
            },
        };
        var container = Given.BareContainer();
        container.Mounts.Add([new Mount(), new Mount { RecursiveReadOnly = true }]);
        Assert.Contains("userns_options", (await RefusedAsync(() => Handlers().CheckAsync("other", pod))).Message, StringComparison.Ordinal);
        Assert.Contains("mounts[1].recursive_read_only", (await RefusedAsync(() => Handlers().CheckAsync("other", container))).Message, StringComparison.Ordinal);
        await Handlers().CheckAsync("", pod);
        await Handlers().CheckAsync("crishim", container);
    }

    [Fact]
    public void ToMessages_All_HaveTheirFeatures()
    {
        var known = new RuntimeHandlers(s_configured, new RuntimeHandlerFeatures { UserNamespaces = true }, false, _ => Task.FromResult(new RuntimeHandlerFeatures { RecursiveReadOnlyMounts = true }));
        Assert.Equal(
            ["/True/False", "crishim/True/False", "other/False/True"],
            known.ToMessages().Select(handler => $"{handler.Name}/{handler.Features.UserNamespaces}/{handler.Features.RecursiveReadOnlyMounts}"));
    }

    [Theory]
    [InlineData("""{"mountOptions": ["ro", "rro"], "linux": {"namespaces": ["user"], "mountExtensions": {"idmap": {"enabled": true}}}}""", true, true)]
    [InlineData("""{"mountOptions": ["ro", "rro"], "linux": {"namespaces": ["user"]}}""", true, false)]
    [InlineData("""{"mountOptions": ["ro"], "linux": {"namespaces": ["pid"], "mountExtensions": {"idmap": {"enabled": true}}}}""", false, false)]
    [InlineData("""{"mountOptions": null, "linux": []}""", false, false)]
    public void Parse_FeaturesDocument_IsReadAsFarAsItGoes(string json, bool recursive, bool users)
    {
        var features = ExternalFeatures.Parse(Encoding.UTF8.GetBytes(json), userNamespaces: true);
        Assert.Equal((recursive, users), (features.RecursiveReadOnlyMounts, features.UserNamespaces));
        Assert.False(ExternalFeatures.Parse(Encoding.UTF8.GetBytes(json), userNamespaces: false).UserNamespaces);
    }

    [Fact]
    public void Parse_NoDocument_IsAnError() => Assert.ThrowsAny<JsonException>(() => ExternalFeatures.Parse("x"u8.ToArray(), true));

    [Theory]
    [InlineData("crishim", "/bin/x")]
    [InlineData("Upper", "/bin/x")]
    [InlineData("", "/bin/x")]
    [InlineData("good", "relative")]
    public void Validate_HandlerThatCannotBe_IsNamed(string name, string binary)
    {
        var options = new CriServerOptions { Runtime = new RuntimeOptions { Handlers = new Dictionary<string, RuntimeHandlerOptions> { [name] = new() { Binary = binary } } } };
        Assert.Contains($"runtime.handlers.{name}", Assert.Single(OptionsValidator.Validate(options)), StringComparison.Ordinal);
    }

    private static RuntimeHandlers Handlers() => new(s_configured, new RuntimeHandlerFeatures(), true, _ => Task.FromResult(new RuntimeHandlerFeatures()));

    private static Task<CriException> RefusedAsync(Func<Task> act) => Assert.ThrowsAsync<CriException>(act);
}
