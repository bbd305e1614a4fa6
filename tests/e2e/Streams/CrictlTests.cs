using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using CriShim.Cri.V1;
using CriShim.E2e.Fixtures;
using CriShim.TestKit;

namespace CriShim.E2e.Streams;

/// <summary>The real client of the streaming server.</summary>
public sealed class CrictlTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private const string Spdy = "spdy";
    private const string WebSocket = "websocket";

    /// <summary>Where the server is; and a limit that fits a busy machine better than crictl's own of two seconds.</summary>
    private string[] Global => ["--runtime-endpoint", "unix://" + fixture.Server.SocketPath, "--timeout", "20s"];

    [CrictlTheory]
    [InlineData(Spdy)]
    [InlineData(WebSocket)]
    public async Task Exec_Command_OutputErrorAndCode(string transport)
    {
        await using var pod = await fixture.RunAsync(fixture.Pod(), "sleep", "1000");
        var result = Crictl("exec", "--transport", transport, pod.Container, "/bin/sh", "-c", "echo out; echo err >&2; exit 42");
        Assert.Equal("out\n", result.Output);
        Assert.Contains("err\n", result.Error, StringComparison.Ordinal);
        Assert.Contains("42", result.Error, StringComparison.Ordinal);
        Assert.NotEqual(0, result.ExitCode);
        Assert.Equal(3_000_000, Crictl("exec", "--transport", transport, pod.Container, "head", "-c", "3000000", "/dev/zero").Output.Length);
    }

    [CrictlTheory]
    [InlineData(Spdy)]
    [InlineData(WebSocket)]
    public async Task Exec_AtATerminal_HasItsSizeAndFollowsIt(string transport)
    {
        await using var pod = await fixture.RunAsync(fixture.Pod(), "sleep", "1000");
        using var person = new TerminalProcess(
            31, 97, Command.Find("crictl")!, [.. Global, "exec", "-it", "--transport", transport, pod.Container, "/bin/sh"]);
        person.Type("stty size; echo re''ady\n");
        Assert.Contains("31 97", await person.Output.ReadUntilAsync("ready"), StringComparison.Ordinal);
        person.Resize(40, 120);
        person.Type("until [ \"$(stty size)\" = '40 120' ]; do sleep 0.1; done; echo ag''ain\n");
        await person.Output.ReadUntilAsync("again");
        person.Type("exit\n");
        Assert.Equal(0, await person.EndAsync());
    }

    [CrictlTheory]
    [InlineData(Spdy)]
    [InlineData(WebSocket)]
    public async Task Attach_TwoClients_BothFollow(string transport)
    {
        var config = fixture.Pod();
        var sandbox = await fixture.RunPodAsync(config);
        var container = Configs.Container(config, fixture.Image, "main", "/bin/sh", "-c", "while read x; do echo got $x; done; echo over");
        (container.Stdin, container.StdinOnce) = (true, true);
        var id = await fixture.CreateAsync(sandbox, config, container);
        await fixture.StartAsync(id);
        using var watcher = Start("attach", "--transport", transport, id);
        using var writer = Start("attach", "-i", "--transport", transport, id);

        // Attached is who gets output: asked until one does, which the other then has or will have.
        var first = watcher.StandardOutput.ReadLineAsync();
        await Eventually.TrueAsync(() =>
        {
            writer.StandardInput.WriteLine("line");
            writer.StandardInput.Flush();
            return first.Wait(200);
        });
        Assert.Equal("got line", await first);
        Assert.Equal("got line", await writer.StandardOutput.ReadLineAsync());
        writer.StandardInput.Close();
        Assert.EndsWith("over\n", await writer.StandardOutput.ReadToEndAsync(), StringComparison.Ordinal);
        Assert.EndsWith("over\n", await watcher.StandardOutput.ReadToEndAsync(), StringComparison.Ordinal);
        await fixture.RemovePodAsync(sandbox);
    }

    [CrictlTheory]
    [InlineData("")]
    public async Task Logs_Followed_EndWithTheContainer(string _)
    {
        await using var pod = await fixture.RunAsync(fixture.Pod(), "/bin/sh", "-c", "for i in 1 2 3 4 5; do echo line $i; sleep 0.2; done");
        Assert.Equal("line 1\nline 2\nline 3\nline 4\nline 5\n", Crictl("logs", "-f", pod.Container).Output);
    }

    [CrictlTheory]
    [InlineData(Spdy)]
    [InlineData(WebSocket)]
    public async Task PortForward_HostNetworkPod_ConnectsManyTimes(string transport)
    {
        await using var pod = await fixture.RunAsync(fixture.Pod(NamespaceMode.Node), "sleep", "1000");
        using var target = new TcpListener(IPAddress.Loopback, 0);
        target.Start();
        var (port, local) = (((IPEndPoint)target.LocalEndpoint).Port, FreePort());
        using var forward = Start("port-forward", "--transport", transport, pod.Sandbox, $"{local}:{port}");
        await forward.StandardOutput.ReadLineAsync();
        for (var i = 0; i < 5; i++)
        {
            using var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, local);
            using var served = await target.AcceptTcpClientAsync().WaitAsync(Patience.Seconds(10));
            var data = new byte[1_000_000];
            var sending = client.GetStream().WriteAsync(data).AsTask();
            await served.GetStream().ReadExactlyAsync(new byte[data.Length]);
            await sending;
            await served.GetStream().WriteAsync("bye"u8.ToArray());
            await client.GetStream().ReadExactlyAsync(new byte[3]);
        }

        forward.Kill();
    }

    [CrictlTheory]
    [InlineData(Spdy)]
    [InlineData(WebSocket)]
    public async Task PortForward_NobodyListens_SaysSo(string transport)
    {
        await using var pod = await fixture.RunAsync(fixture.Pod(NamespaceMode.Node), "sleep", "1000");
        var local = FreePort();
        using var forward = Start("port-forward", "--transport", transport, pod.Sandbox, $"{local}:{FreePort()}");
        var errors = forward.StandardError.BaseStream.ReadUntilAsync("connection refused");
        await forward.StandardOutput.ReadLineAsync();
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, local);
        await errors;
        forward.Kill();
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private CommandResult Crictl(params string[] arguments) => Command.Run("crictl", [.. Global, .. arguments]);

    private Process Start(params string[] arguments) =>
        Process.Start(new ProcessStartInfo("crictl", [.. Global, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
}
