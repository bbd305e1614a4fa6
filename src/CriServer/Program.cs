using System.CommandLine;
using CriShim.CriServer.Commands;

return await CrishimCommand.Create()
    .Parse(args)
    // The host ends the server on SIGTERM and SIGINT in its own order.
    .InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null });
