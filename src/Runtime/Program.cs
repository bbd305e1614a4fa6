using CriShim.Linux;
using CriShim.Runtime.Commands;
using CriShim.Runtime.Sandboxes;

// It is executed by descriptor (the server, a pod's creator), which says nothing to people who look at processes.
OwnProcess.SetName("crishim-runtime\0"u8);

// Roles that nobody calls by hand first: a supervisor is on the path of every start.
return args switch
{
    ["supervise"] => SuperviseCommand.Run(),
    ["sandbox"] => SandboxCommand.Run(),
    ["dump"] => DumpCommand.Run(),
    ["dial"] => DialCommand.Run(null),
    ["dial", var networkNamespace] => DialCommand.Run(networkNamespace),
    ["pause"] => PauseProcess.Run(),
    _ => OciCommands.Run(args),
};
