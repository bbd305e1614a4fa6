namespace CriShim.Runtime.Commands;

internal static class OciCommands
{
    public static int Run(string[] args)
    {
        return RunCommand.Execute(args);
    }
}
