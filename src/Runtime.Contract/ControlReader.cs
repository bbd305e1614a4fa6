using System.Runtime.InteropServices;
using System.Text.Json;
using CriShim.Oci.RuntimeSpec;

namespace CriShim.Runtime.Contract;

/// <summary>
/// The runtime's side of <see cref="ControlCodec"/>: reads requests without the serializer, whose metadata takes milliseconds to come up
/// and would stay in the memory of every supervisor.
/// </summary>
public static class ControlReader
{
    private static readonly JsonDocumentOptions s_options = new() { MaxDepth = 32 };

    /// <summary>Throws <see cref="RuntimeException"/> (InvalidArgument) when the bytes are no request.</summary>
    public static ControlMessage Read(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            using var document = JsonDocument.Parse(bytes, s_options);
            return ReadRequest(document.RootElement);
        }
        catch (JsonException e)
        {
            throw new RuntimeException(RuntimeErrorKind.InvalidArgument, $"failed to read control message: {e.Message}", e);
        }
    }

    private static ControlMessage ReadRequest(JsonElement e)
    {
        var sequence = e.Long("sequence") ?? 0;
        return e.RequiredText("type") switch
        {
            "create" => ReadCreate(e) with { Sequence = sequence },
            "start" => new StartRequest { Sequence = sequence },
            "kill" => new KillRequest(e.Int("signal") ?? 0, e.Bool("all") ?? false) { Sequence = sequence },
            "reopen-log" => new ReopenLogRequest { Sequence = sequence },
            "exec" => ReadExec(e) with { Sequence = sequence },
            "exec-kill" => new ExecKillRequest(e.RequiredText("execId")) { Sequence = sequence },
            "attach" => ReadAttach(e) with { Sequence = sequence },
            "resize" => new ResizeRequest(e.Int("rows") ?? 0, e.Int("columns") ?? 0) { Sequence = sequence },
            "connect" => new ConnectRequest(e.Int("port") ?? 0) { Sequence = sequence },
            "dump" => ReadDump(e) with { Sequence = sequence },
            "release" => new ReleaseRequest(e.Bool("discard") ?? true) { Sequence = sequence },
            "sandbox" => ReadSandbox(e) with { Sequence = sequence },
            var type => throw new JsonException($"\"{type}\" is no request"),
        };
    }

    private static CreateRequest ReadCreate(JsonElement e) => new(
        e.RequiredText("containerId"),
        e.RequiredText("folder"),
        e.Text("logPath"),
        e.Int("maxLogLineBytes") ?? 0,
        e.Bool("openStdin") ?? false,
        e.Bool("stdinOnce") ?? false,
        e.Text("logFolder"),
        e.Object("runtime", ReadRuntime));

    private static ExternalRuntime ReadRuntime(JsonElement e) => new(e.RequiredText("binary"), e.Text("root"), e.Texts("arguments"));

    private static ExecRequest ReadExec(JsonElement e)
    {
        var process = e.Get("process") ?? throw new JsonException("\"process\" is missing");
        return new ExecRequest(e.RequiredText("execId"), SpecReader.ReadProcess(process), e.Bool("outlivesServer") ?? false)
        {
            ProcessJson = JsonMarshal.GetRawUtf8Value(process).ToArray(),
        };
    }

    private static AttachRequest ReadAttach(JsonElement e) =>
        new(e.RequiredText("attachId"), e.Bool("stdin") ?? false, e.Bool("stdout") ?? false, e.Bool("stderr") ?? false);

    private static DumpRequest ReadDump(JsonElement e) => new(
        e.RequiredText("containerId"),
        e.RequiredText("folder"),
        e.Int("initPid") ?? 0,
        e.RequiredText("cgroupPath"),
        e.RequiredText("imagePath"),
        e.RequiredText("workPath"),
        e.RequiredText("criu"));

    private static SandboxRequest ReadSandbox(JsonElement e) => new(
        e.RequiredText("sandboxId"),
        e.TextMap("pins") ?? throw new JsonException("\"pins\" is missing"),
        e.Text("hostname"),
        e.TextMap("sysctls"),
        e.List("uidMappings", SpecReader.ReadIdMapping),
        e.List("gidMappings", SpecReader.ReadIdMapping),
        e.Text("cgroupPath"),
        e.Text("sharedMemoryPath"),
        e.Long("sharedMemoryBytes") ?? 0)
    {
        MountLabel = e.Text("mountLabel"),
    };
}
