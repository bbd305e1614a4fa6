using CriShim.CriServer.Errors;

namespace CriShim.CriServer.Tests.Networking;

public sealed class PodNetworkTests : IDisposable
{
    private readonly PluginFolder _plugins = new();

    public void Dispose() => _plugins.Dispose();

    [Fact]
    public async Task AttachAsync_Chain_PassesResultsOnAndRecordsTheLast()
    {
        _plugins.Config("1.0.0", "one", "two");
        _plugins.Plugin("one", PluginFolder.Result("10.1.0.2"));
        _plugins.Plugin("two", PluginFolder.Result("10.1.0.3"));

        var attachment = await _plugins.Network().AttachAsync(_plugins.Request, null, default);

        Assert.Equal(["10.1.0.3"], attachment.Ips);
        Assert.StartsWith($"ADD one netns={_plugins.Netns} args=IgnoreUnknown=1;K8S_POD_NAMESPACE=ns;K8S_POD_NAME=pod;K8S_POD_INFRA_CONTAINER_ID=s1;K8S_POD_UID=uid ", _plugins.Calls[0], StringComparison.Ordinal);
        Assert.DoesNotContain("prevResult", _plugins.Calls[0], StringComparison.Ordinal);
        Assert.Contains("10.1.0.2", _plugins.Calls[1], StringComparison.Ordinal);
        Assert.Contains("\"hostPort\":8081", _plugins.Calls[1], StringComparison.Ordinal);
        Assert.DoesNotContain("\"hostPort\":0", _plugins.Calls[1], StringComparison.Ordinal);
        Assert.Contains("10.1.0.3", File.ReadAllText(_plugins.RecordPath), StringComparison.Ordinal);
    }

    [Fact]
    public async Task DetachAsync_NetnsAndConfigGone_UsesTheCachedOnesInReverseOrder()
    {
        _plugins.Config("1.0.0", "one", "two");
        _plugins.Plugin("one", PluginFolder.Result("10.1.0.2"));
        _plugins.Plugin("two", PluginFolder.Result("10.1.0.3"));
        await _plugins.Network().AttachAsync(_plugins.Request, null, default);
        File.Delete(_plugins.Netns);
        Directory.Delete(_plugins.Configs, recursive: true);

        var restarted = _plugins.Network();
        await restarted.RecoverAsync(["s1"], default);
        await restarted.DetachAsync(_plugins.Request, default);
        await restarted.DetachAsync(_plugins.Request, default);

        Assert.Equal(4, _plugins.Calls.Count);
        Assert.StartsWith("DEL two netns= ", _plugins.Calls[2], StringComparison.Ordinal);
        Assert.StartsWith("DEL one netns= ", _plugins.Calls[3], StringComparison.Ordinal);
        Assert.All(_plugins.Calls.Skip(2), call => Assert.Contains("\"prevResult\":{\"cniVersion\":\"1.0.0\",\"ips\":[{\"address\":\"10.1.0.3/24\"}]}", call, StringComparison.Ordinal));
        Assert.False(File.Exists(_plugins.RecordPath));
    }

    [Fact]
    public async Task DetachAsync_OldVersion_PassesNoResult()
    {
        _plugins.Config("0.3.1", "one");
        _plugins.Plugin("one", PluginFolder.Result("10.1.0.2"));
        var network = _plugins.Network();
        await network.AttachAsync(_plugins.Request, null, default);

        await network.DetachAsync(_plugins.Request, default);

        Assert.DoesNotContain("prevResult", _plugins.Calls[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task AttachAsync_PluginFails_TellsWhatItSaidAndUndoes()
    {
        _plugins.Config("1.0.0", "one", "two");
        _plugins.Plugin("one", PluginFolder.Result("10.1.0.2"));
        _plugins.Plugin("two", """echo '{"code":11,"msg":"try again","details":"busy"}'; exit 1""");

        var error = await Assert.ThrowsAsync<CriException>(() => _plugins.Network().AttachAsync(_plugins.Request, null, default));

        Assert.Matches("""^failed to set up network of sandbox "s1": plugin "two" ADD failed after \d+ ms: code 11: try again; busy$""", error.Message);
        Assert.Equal(["ADD one", "ADD two", "DEL two", "DEL one"], _plugins.Calls.Select(call => call[..7]));
        Assert.False(File.Exists(_plugins.RecordPath));
    }

    [Fact]
    public async Task AttachAsync_CleanUpFailsToo_KeepsTheRecordForDetach()
    {
        _plugins.Config("1.0.0", "one");
        _plugins.Plugin("one", "echo oops >&2; exit 3", "exit 4");
        var network = _plugins.Network();

        var error = await Assert.ThrowsAsync<CriException>(() => network.AttachAsync(_plugins.Request, null, default));

        Assert.EndsWith("exit code 3: oops", error.Message, StringComparison.Ordinal);
        Assert.True(File.Exists(_plugins.RecordPath));
        await Assert.ThrowsAsync<CriException>(() => network.DetachAsync(_plugins.Request, default));
        _plugins.Plugin("one", "");
        await network.DetachAsync(_plugins.Request, default);
        Assert.False(File.Exists(_plugins.RecordPath));
    }

    [Fact]
    public async Task AttachAsync_PluginHangs_IsKilledWithItsChildren()
    {
        _plugins.Config("1.0.0", "one");
        _plugins.Plugin("one", "sleep 300");

        var error = await Assert.ThrowsAsync<CriException>(() => _plugins.Network(timeoutSeconds: 1).AttachAsync(_plugins.Request, null, default));

        Assert.EndsWith("plugin \"one\" ADD was killed after 1 s", error.Message, StringComparison.Ordinal);
        Assert.Equal("DEL one", _plugins.Calls[^1][..7]);
    }

    [Fact]
    public async Task AttachAsync_CallerLeaves_PluginIsKilledAndUndone()
    {
        _plugins.Config("1.0.0", "one");
        _plugins.Plugin("one", "sleep 300");
        using var caller = new CancellationTokenSource(TimeSpan.FromMilliseconds(300));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _plugins.Network().AttachAsync(_plugins.Request, null, caller.Token));

        Assert.Equal(["ADD one", "DEL one"], _plugins.Calls.Select(call => call[..7]));
        Assert.False(File.Exists(_plugins.RecordPath));
    }

    [Fact]
    public async Task AttachAsync_RunningPlugin_IntentIsOnDisk()
    {
        _plugins.Config("1.0.0", "one");
        _plugins.Plugin("one", $"test -f {_plugins.RecordPath} && " + PluginFolder.Result("10.1.0.2"));

        Assert.Equal(["10.1.0.2"], (await _plugins.Network().AttachAsync(_plugins.Request, null, default)).Ips);
    }

    [Fact]
    public async Task AttachAsync_Twice_AnswersFromTheRecord()
    {
        _plugins.Config("1.0.0", "one");
        _plugins.Plugin("one", PluginFolder.Result("10.1.0.2"));
        var network = _plugins.Network();
        await network.AttachAsync(_plugins.Request, null, default);

        await network.AttachAsync(_plugins.Request, null, default);

        Assert.Single(_plugins.Calls);
    }

    [Fact]
    public async Task AttachAsync_NameThatWouldAddArguments_IsRefused()
    {
        _plugins.Config("1.0.0", "one");
        _plugins.Plugin("one", PluginFolder.Result("10.1.0.2"));

        var error = await Assert.ThrowsAsync<CriException>(
            () => _plugins.Network().AttachAsync(_plugins.Request with { PodName = "a;IP=1.2.3.4" }, null, default));

        Assert.Equal(CriErrorKind.InvalidArgument, error.Kind);
        Assert.Empty(_plugins.Calls);
    }

    [Fact]
    public async Task RecoverAsync_SandboxUnknown_IsDisconnectedAndGarbageCollected()
    {
        _plugins.Config("1.1.0", "one");
        _plugins.Plugin("one", PluginFolder.Result("10.1.0.2"));
        await _plugins.Network().AttachAsync(_plugins.Request, null, default);
        await _plugins.Network().AttachAsync(_plugins.Request with { SandboxId = "s2" }, null, default);

        var restarted = _plugins.Network();
        await restarted.RecoverAsync(["s2"], default);

        Assert.Equal(["ADD", "ADD", "DEL", "GC "], _plugins.Calls.Select(call => call[..3]));
        Assert.Contains("""
            "cni.dev/valid-attachments":[{"containerID":"s2","ifname":"eth0"}]
            """.Trim(), _plugins.Calls[3], StringComparison.Ordinal);
        Assert.False(File.Exists(_plugins.RecordPath));
        Assert.Equal(1, restarted.Status().Attachments);
    }

    [Fact]
    public async Task RecoverAsync_CorruptRecord_IsPutAside()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_plugins.RecordPath)!);
        File.WriteAllText(_plugins.RecordPath, "{ \"sandboxId\": ");

        await _plugins.Network().RecoverAsync(["s1"], default);

        Assert.True(File.Exists(_plugins.RecordPath + ".corrupt"));
    }

    [Fact]
    public void Status_PluginMissing_IsNotReadyUntilItIsThere()
    {
        _plugins.Config("1.0.0", "one");
        var network = _plugins.Network();
        Assert.False(network.Status().Ready);
        Assert.Contains("one", network.Status().Message, StringComparison.Ordinal);

        _plugins.Plugin("one", "");

        Assert.True(network.Status().Ready);
        Assert.Contains("\"plugins\":[\"one\"]", network.StatusJson(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Status_NoConfig_FollowsTheBuiltInBridge()
    {
        Assert.True(_plugins.Network(builtInBridge: true).Status().Ready);
        var without = _plugins.Network();
        Assert.False(without.Status().Ready);

        var error = await Assert.ThrowsAsync<CriException>(() => without.AttachAsync(_plugins.Request, null, default));

        Assert.Equal(CriErrorKind.Unavailable, error.Kind);
    }

    [Fact]
    public void Status_OnlyABrokenConfig_DoesNotFallBackToTheBridge()
    {
        File.WriteAllText(Path.Combine(_plugins.Configs, "10-broken.conf"), "{");

        Assert.False(_plugins.Network(builtInBridge: true).Status().Ready);
    }
}
