namespace CriShim.Runtime.Commands;

internal static class CreateCommand
{
    public static int Run(CommandContext context)
    {
        var options = CreateOptions.Parse(context.Words, "create");
        using var container = ContainerMaker.Make(context, options, withGate: true);
        return 0;
    }
}
