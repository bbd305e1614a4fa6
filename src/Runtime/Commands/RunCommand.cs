using CriShim.Runtime.Containers;
using CriShim.Runtime.Contract;

namespace CriShim.Runtime.Commands;

internal static class RunCommand
{
    public static int Run(CommandContext context)
    {
        var options = CreateOptions.Parse(context.Words, "run");
        SignalForwarder? signals = null;
        var container = ContainerMaker.Make(
            context, options, withGate: false, init => signals = options.Detach ? null : new SignalForwarder(init));
        try
        {
            return options.Detach ? StartDetached(container) : RunToEnd(container);
        }
        catch (RuntimeException) when (options.Detach)
        {
            Destroy(context, container, options);
            throw;
        }
        finally
        {
            if (!options.Detach)
            {
                Destroy(context, container, options);
            }

            signals?.Dispose();
            container.Dispose();
        }
    }

    private static int StartDetached(CreatedContainer container)
    {
        container.Start();
        return 0;
    }

    private static int RunToEnd(CreatedContainer container)
    {
        using var relay = container.Console is { } master ? new TerminalRelay(master) : null;
        container.Start();
        relay?.Run(container.PidFd);
        return container.PidFd.Reap().ExitCode;
    }

    private static void Destroy(CommandContext context, CreatedContainer container, CreateOptions options)
    {
        foreach (var failure in ContainerDeleter.Delete(container))
        {
            context.Log.Warning(failure.Message);
        }

        if (!options.Keep)
        {
            context.Store.Remove(options.Id);
        }
    }
}
