using CriShim.Linux;
using CriShim.Runtime.Commands;
using CriShim.Runtime.Containers;
using CriShim.Runtime.Init;
using CriShim.Runtime.Sandboxes;
using Microsoft.Win32.SafeHandles;

// It is executed by descriptor (the server, the init's creator), which says nothing to people who look at processes.
OwnProcess.SetName("crishim-runtime\0"u8);

// Roles that nobody calls by hand first: the container init is on the path of every start.
return args switch
{
    ["init"] => InitProcess.Run(new InitChannel(new SeqPacketSocket(new SafeFileHandle(InitClone.ChannelFd, ownsHandle: true)))),
    ["supervise"] => SuperviseCommand.Run(),
    ["sandbox"] => SandboxCommand.Run(),
    ["dump"] => DumpCommand.Run(),
    ["dial"] => DialCommand.Run(null),
    ["dial", var networkNamespace] => DialCommand.Run(networkNamespace),
    ["pause"] => PauseProcess.Run(),
    _ => OciCommands.Run(args),
};
