using CriShim.Cri.V1;
using CriShim.CriServer.Commands.Parsing;
using Grpc.Core;

namespace CriShim.CriServer.Commands.Images;

/// <summary><c>crishim image rm REF…</c>.</summary>
internal static class RemoveCommand
{
    private static readonly Flag s_force = new("--force", "an image that is not there is no error", Short: "-f");

    public static readonly CommandSyntax Syntax = new(
        "REF...", "Remove images.", 1, int.MaxValue, [s_force, .. CommandContext.ServerFlags],
        "By whatever name, digest or id: an image goes with all its names. Containers that use it keep their files.");

    public static async Task<int> RunAsync(CommandContext context)
    {
        using var server = context.Connect();
        var exitCode = 0;
        foreach (var name in context.Arguments.Words)
        {
            try
            {
                await RemoveAsync(server, name, context);
            }
            catch (RpcException e)
            {
                // The others go all the same.
                await context.Error.WriteLineAsync($"crishim: {e.Status.Detail}");
                exitCode = 1;
            }
        }

        return exitCode;
    }

    private static async Task RemoveAsync(GrpcServer.Client.GrpcClient server, string name, CommandContext context)
    {
        var spec = new ImageSpec { Image = name };
        var found = await server.CallAsync(ImageCalls.Status, new ImageStatusRequest { Image = spec }, CancellationToken.None);
        if (found.Image is null)
        {
            if (!context.Arguments.Has(s_force.Name))
            {
                throw new RpcException(new Status(StatusCode.NotFound, $"image \"{name}\" not found"));
            }

            return;
        }

        await server.CallAsync(ImageCalls.Remove, new RemoveImageRequest { Image = spec }, CancellationToken.None);
        foreach (var gone in found.Image.RepoTags.Concat(found.Image.RepoDigests).Append(found.Image.Id))
        {
            await context.Output.WriteLineAsync($"removed {gone}");
        }
    }
}
