using System.Diagnostics;
using System.Text.Json.Nodes;
using CriShim.Cri.V1;

namespace CriShim.TestKit;

/// <summary>A published crishim with root, state, socket and configuration of its own.</summary>
public sealed class ServerProcess : IAsyncDisposable
{
    private readonly TempFolder _folder;
    private readonly string _configuration;
    private Process _process;

    private ServerProcess(TempFolder folder, string configuration, string? root)
    {
        Root = root ?? folder.Combine("root");
        _folder = folder;
        _configuration = WithDefaults(configuration, folder);
        SocketPath = folder.Combine("c.sock");
        LogPath = folder.Combine("server.log");
        _process = Launch();
        Client = new CriClient(SocketPath);
    }

    public string SocketPath { get; }

    public string LogPath { get; }

    public string Root { get; }

    public string State => _folder.Combine("state");

    public int ProcessId => _process.Id;

    public CriClient Client { get; private set; }

    /// <summary>A folder for a test's own files, gone with the server.</summary>
    public string Scratch => Directory.CreateDirectory(_folder.Combine("scratch")).FullName;

    /// <param name="configuration">Text of config.json.</param>
    /// <param name="root">Folder of what outlives a reboot; one of the server's own unless told.</param>
    /// <exception cref="InvalidOperationException">It ended or does not answer; the message has its log.</exception>
    public static async Task<ServerProcess> StartAsync(string configuration = "{}", string? root = null)
    {
        var folder = new TempFolder("crishim-server-");
        try
        {
            var server = new ServerProcess(folder, configuration, root);
            await server.WaitUntilReadyAsync();
            return server;
        }
        catch
        {
            folder.Dispose();
            throw;
        }
    }

    /// <summary>Ends the server by <paramref name="signal"/> (SIGKILL unless told) and starts it again on the same folders.</summary>
    public async Task RestartAsync(int signal = 9)
    {
        await StopAsync(signal);
        await RestartAfterStopAsync();
    }

    /// <summary>Starts the server again after <see cref="StopAsync"/>.</summary>
    public async Task RestartAfterStopAsync()
    {
        _process = Launch();
        Client = new CriClient(SocketPath);
        await WaitUntilReadyAsync();
    }

    /// <summary>Ends the server; its containers live on.</summary>
    public async Task StopAsync(int signal = 15)
    {
        Client.Dispose();
        Command.Run("/bin/kill", $"-{signal}", _process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture));
        using var limit = new CancellationTokenSource(Patience.Seconds(30));
        await _process.WaitForExitAsync(limit.Token);
        _process.Dispose();
    }

    public string Log() => File.Exists(LogPath) ? File.ReadAllText(LogPath) : "";

    public async ValueTask DisposeAsync()
    {
        await RemoveAllPodsAsync();
        await StopAsync();
        _folder.Dispose();
    }

    /// <summary>Removes every sandbox, and so every container.</summary>
    public async Task RemoveAllPodsAsync()
    {
        var pods = await Client.RuntimeAsync<ListPodSandboxResponse>(new ListPodSandboxRequest());
        foreach (var pod in pods.Items)
        {
            await Client.RuntimeAsync<StopPodSandboxResponse>(new StopPodSandboxRequest { PodSandboxId = pod.Id });
            await Client.RuntimeAsync<RemovePodSandboxResponse>(new RemovePodSandboxRequest { PodSandboxId = pod.Id });
        }
    }

    /// <summary>
    /// What the test does not say itself: the cgroup driver that the environment asks for, no CNI configuration of the machine's (podman's
    /// package has one), and a bridge that no other server has.
    /// </summary>
    private static string WithDefaults(string configuration, TempFolder folder)
    {
        var root = JsonNode.Parse(configuration)!.AsObject();
        if (Environment.GetEnvironmentVariable("CRISHIM_CGROUP_DRIVER") is { Length: > 0 } driver)
        {
            SetDefault(root, "runtime", "cgroupDriver", driver);
        }

        SetDefault(root, "network", "configFolder", folder.Combine("net.d"));
        SetDefault(root, "network", "bridgeName", $"crishim{Environment.ProcessId}");
        return root.ToJsonString();
    }

    private static void SetDefault(JsonObject root, string area, string key, string value)
    {
        var options = root[area] as JsonObject ?? [];
        root[area] = options;
        options[key] ??= value;
    }

    private Process Launch()
    {
        var config = _folder.Combine("config.json");
        File.WriteAllText(config, _configuration);
        var arguments = new[] { "serve", "--config", config, "--listen", "unix://" + SocketPath, "--root", Root, "--state", State };

        // Through sh, so that the log is the server's own file and goes on when this process ends.
        var command = $"exec '{Binaries.Server}' {string.Join(' ', arguments.Select(argument => $"'{argument}'"))} >>'{LogPath}' 2>&1 </dev/null";
        return Process.Start(new ProcessStartInfo("/bin/sh", ["-c", command])) ?? throw new InvalidOperationException("crishim did not start");
    }

    private async Task WaitUntilReadyAsync()
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                await Client.RuntimeAsync<VersionResponse>(new VersionRequest(), Patience.Seconds(5));
                return;
            }
            catch (HttpRequestException) when (clock.Elapsed < Patience.Seconds(20) && !_process.HasExited)
            {
                await Task.Delay(5);
            }
            catch (HttpRequestException e)
            {
                throw new InvalidOperationException($"crishim does not answer; its log:\n{Log()}", e);
            }
        }
    }
}
