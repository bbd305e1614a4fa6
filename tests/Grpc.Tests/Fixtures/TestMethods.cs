using System.Text;
using Grpc.Core;

namespace CriShim.GrpcServer.Tests.Fixtures;

/// <summary>A service without protobuf: messages are strings.</summary>
internal sealed class TestMethods
{
    public const string Service = "test.v1.TestService";

    private static readonly Marshaller<string> s_text = Marshallers.Create<string>(
        static (text, context) =>
        {
            var bytes = Encoding.UTF8.GetBytes(text);
            context.SetPayloadLength(bytes.Length);
            System.Buffers.BuffersExtensions.Write(context.GetBufferWriter(), bytes);
            context.Complete();
        },
        static context => Encoding.UTF8.GetString(context.PayloadAsReadOnlySequence()));

    private static readonly Marshaller<string> s_picky = Marshallers.Create<string>(
        static (text, context) => context.Complete(Encoding.UTF8.GetBytes(text)),
        static _ => throw new FormatException("not this one"));

    /// <summary>Completes when a Wait or Flood handler has seen its token fire.</summary>
    public TaskCompletionSource Cancelled { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when a Wait handler has begun.</summary>
    public TaskCompletionSource Waiting { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Messages that Flood has written so far.</summary>
    public int Flooded { get; private set; }

    public ServerServiceDefinition Definition => ServerServiceDefinition.CreateBuilder()
        .AddMethod(Unary("Echo"), (request, _) => Task.FromResult(request))
        .AddMethod(Unary("Picky", s_picky), (request, _) => Task.FromResult(request))
        .AddMethod(Unary("Big"), (request, _) => Task.FromResult(new string('x', int.Parse(request))))
        .AddMethod(Unary("Fail"), FailAsync)
        .AddMethod(Unary("Throw"), (string request, ServerCallContext _) => throw new InvalidOperationException(request))
        .AddMethod(Unary("Wait"), WaitAsync)
        .AddMethod(Unary("Metadata"), MetadataAsync)
        .AddMethod(Unary("Context"), (string _, ServerCallContext context) => Task.FromResult(
            $"{context.Method}|{context.Host}|{context.Peer}|{(context.Deadline == DateTime.MaxValue ? "none" : "some")}"))
        .AddMethod(Streaming("Count"), CountAsync)
        .AddMethod(Streaming("Flood"), FloodAsync)
        .AddMethod(Streaming("Overlap"), OverlapAsync)
        .AddMethod(
            new Method<string, string>(MethodType.ClientStreaming, Service, "Upload", s_text, s_text),
            (IAsyncStreamReader<string> _, ServerCallContext _) => Task.FromResult(""))
        .Build();

    private static Method<string, string> Unary(string name, Marshaller<string>? request = null) =>
        new(MethodType.Unary, Service, name, request ?? s_text, s_text);

    private static Method<string, string> Streaming(string name) => new(MethodType.ServerStreaming, Service, name, s_text, s_text);

    private static Task<string> FailAsync(string request, ServerCallContext context)
    {
        var (code, detail) = (request.Split('|')[0], request.Split('|')[1]);
        var trailers = new Metadata { { "reason", "because" }, { "details-bin", [1, 2, 255] } };
        throw new RpcException(new Status(Enum.Parse<StatusCode>(code), detail), trailers);
    }

    private static async Task<string> MetadataAsync(string request, ServerCallContext context)
    {
        await context.WriteResponseHeadersAsync(new Metadata { { "answer", "42" } });
        context.ResponseTrailers.Add("checksum-bin", [0xde, 0xad]);
        return string.Join('\n', context.RequestHeaders.Select(entry =>
            $"{entry.Key}={(entry.IsBinary ? Convert.ToHexString(entry.ValueBytes) : entry.Value)}"));
    }

    private async Task<string> WaitAsync(string request, ServerCallContext context)
    {
        Waiting.TrySetResult();
        try
        {
            await Task.Delay(Timeout.Infinite, context.CancellationToken);
        }
        finally
        {
            Cancelled.TrySetResult();
        }

        return request;
    }

    private static async Task CountAsync(string request, IServerStreamWriter<string> responses, ServerCallContext context)
    {
        for (var i = 0; i < int.Parse(request); i++)
        {
            await responses.WriteAsync($"message {i}");
        }
    }

    private async Task FloodAsync(string request, IServerStreamWriter<string> responses, ServerCallContext context)
    {
        var message = new string('x', 10_000);
        try
        {
            while (true)
            {
                await responses.WriteAsync(message);
                Flooded++;
            }
        }
        finally
        {
            Cancelled.TrySetResult();
        }
    }

    private static async Task OverlapAsync(string request, IServerStreamWriter<string> responses, ServerCallContext context)
    {
        // Too much for the client's window, so that the first write cannot end before the second one begins.
        var first = responses.WriteAsync(new string('x', 4_000_000));
        await responses.WriteAsync("second");
        await first;
    }
}
