
using System.Net;
using System.Net.Sockets;
using CriShim.Linux;
using CriShim.Linux.LibC;
using CriShim.TestKit;
using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Files;

namespace CriShim.E2e.Networking;

/// <summary>A network namespace of its own under /run/netns, with its loopback up: what a sandbox process makes for a pod.</summary>
internal sealed class TestNamespace : IDisposable
{
    private readonly string _name = $"cni-test-{Guid.NewGuid():n}"[..20];

    public TestNamespace()
    {
        Command.Output("ip", "netns", "add", _name);
        Command.Output("ip", "-n", _name, "link", "set", "lo", "up");
        Netlink = Run(() => Check.Result(
            Sockets.socket(NetlinkSockets.AF_NETLINK, NetlinkSockets.SOCK_RAW | Sockets.SOCK_CLOEXEC, NetlinkSockets.NETLINK_ROUTE), "socket"));
    }

    public string Path => $"/run/netns/{_name}";

    /// <summary>Random hexadecimal digits, as a sandbox id has.</summary>
    public string Id { get; } = $"{Guid.NewGuid():n}{Guid.NewGuid():n}";

    /// <summary>A NETLINK_ROUTE socket that lives in the namespace.</summary>
    public SafeFileHandle Netlink { get; }

    public void Dispose()
    {
        Netlink.Dispose();
        Command.Output("ip", "netns", "del", _name);
    }

    /// <summary>Runs <paramref name="work"/> on a thread inside; sockets made there stay there.</summary>
    public T Run<T>(Func<T> work)
    {
        T? result = default;
        Exception? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                using var netns = Fd.Open(Path, O_RDONLY);
                Check.Result(Namespaces.setns(netns, (int)Namespaces.CLONE_NEWNET), "setns", Path);
                result = work();
            }
            catch (Exception e)
            {
                failure = e;
            }
        });
        thread.Start();
        thread.Join();
        return failure is null ? result! : throw new InvalidOperationException($"in {_name}: {failure.Message}", failure);
    }

    /// <summary>Answers every connection to <paramref name="port"/> with the client's address as the pod sees it.</summary>
    public IDisposable Serve(int port, AddressFamily family = AddressFamily.InterNetwork)
    {
        var listener = Run(() =>
        {
            var tcp = new TcpListener(family == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, port);
            tcp.Start();
            return tcp;
        });
        _ = Task.Run(async () =>
        {
            while (true)
            {
                using var socket = await listener.AcceptSocketAsync();
                await socket.SendAsync(System.Text.Encoding.ASCII.GetBytes(((IPEndPoint)socket.RemoteEndPoint!).Address.ToString()));
            }
        });
        return listener;
    }

    /// <summary>Connects from inside and reads the answer.</summary>
    public Task<string> AskAsync(string address, int port) =>
        TestClient.AskAsync(Run(() => TestClient.Create(address)), address, port);
}
