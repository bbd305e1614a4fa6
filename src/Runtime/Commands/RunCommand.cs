using CriShim.Runtime.Containers;
using Microsoft.Win32.SafeHandles;

namespace CriShim.Runtime.Commands;

internal static class RunCommand
{
    public static int Execute(string[] args)
    {
        try {
        var bundle = Path.GetFullPath(args[1]);
        var (spec, json) = BundleReader.Read(bundle);
        using var container = ContainerCreator.Create(new ContainerRequest(args[2], bundle, spec, json)
        {
            Stdin = new SafeFileHandle(0, false),
            Stdout = new SafeFileHandle(1, false),
            Stderr = new SafeFileHandle(2, false),
        });
        try {
        container.Start();
        } finally {
        Console.Error.WriteLine(container.PidFd.Reap());
        ContainerDeleter.Delete(container.Id, bundle, spec, container.Cgroup);
        }
        return 0;
        } catch (Contract.RuntimeException e) { Console.Error.WriteLine(e.Error); return 1; }
    }
}
