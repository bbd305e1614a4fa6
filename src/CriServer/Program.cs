using CriShim.CriServer.Commands;

return await CrishimCommand.RunAsync(args, Console.Out, Console.Error);
