using System.Buffers;
using System.Text.Json;

namespace CriShim.Runtime.Contract;

/// <summary>The runtime's side of <see cref="ControlCodec"/>: writes replies, events and records without the serializer.</summary>
public static class ControlWriter
{
    /// <summary>Throws <see cref="ArgumentException"/> for a message that only the server sends.</summary>
    public static byte[] Write(ControlMessage message) => Build(writer =>
    {
        writer.WriteString("type", TypeOf(message));
        WriteBody(writer, message);
        writer.WriteNumber("sequence", message.Sequence);
    });

    /// <summary>Content of <see cref="StateLayout.ExitRecordFile"/>.</summary>
    public static byte[] Write(ExitRecord record) => Build(writer => WriteMembers(writer, record));

    /// <summary>Content of <see cref="StateLayout.SupervisorRecordFile"/>.</summary>
    public static byte[] Write(SupervisorRecord record) => Build(writer => WriteMembers(writer, record));

    private static string TypeOf(ControlMessage message) => message switch
    {
        OkReply => "ok",
        ErrorReply => "error",
        CreatedReply => "created",
        ExecStartedReply => "exec-started",
        SandboxReply => "sandbox-ready",
        ExitedEvent => "exited",
        ExecExitedEvent => "exec-exited",
        AttachEndedEvent => "attach-ended",
        HeldEvent => "held",
        _ => throw new ArgumentException("not a reply or an event", nameof(message)),
    };

    private static void WriteBody(Utf8JsonWriter writer, ControlMessage message)
    {
        switch (message)
        {
            case ErrorReply reply:
                WriteObject(writer, "error", reply.Error, WriteMembers);
                break;
            case CreatedReply reply:
                WriteObject(writer, "supervisor", reply.Supervisor, WriteMembers);
                break;
            case ExecStartedReply reply:
                writer.WriteString("execId", reply.ExecId);
                writer.WriteNumber("pid", reply.Pid);
                break;
            case SandboxReply reply:
                writer.WriteNumber("initPid", reply.InitPid);
                writer.WriteNumber("initStartTime", reply.InitStartTime);
                break;
            case ExitedEvent exited:
                WriteObject(writer, "exit", exited.Exit, WriteMembers);
                break;
            case ExecExitedEvent exited:
                writer.WriteString("execId", exited.ExecId);
                writer.WriteNumber("exitCode", exited.ExitCode);
                writer.WriteNumber("signal", exited.Signal);
                break;
            case AttachEndedEvent ended:
                writer.WriteString("attachId", ended.AttachId);
                writer.WriteString("error", ended.Error);
                break;
        }
    }

    private static void WriteMembers(Utf8JsonWriter writer, RuntimeError error)
    {
        writer.WriteString("kind", NameOf(error.Kind));
        writer.WriteString("message", error.Message);
        if (error.Step is not null)
        {
            writer.WriteString("step", error.Step);
        }

        writer.WriteNumber("errno", error.Errno);
        if (error.Call is not null)
        {
            writer.WriteString("call", error.Call);
        }
    }

    private static void WriteMembers(Utf8JsonWriter writer, ExitRecord record)
    {
        writer.WriteNumber("exitCode", record.ExitCode);
        writer.WriteNumber("signal", record.Signal);
        writer.WriteBoolean("oomKilled", record.OomKilled);
        writer.WriteNumber("startedAt", record.StartedAt);
        writer.WriteNumber("finishedAt", record.FinishedAt);
    }

    private static void WriteMembers(Utf8JsonWriter writer, SupervisorRecord record)
    {
        writer.WriteNumber("supervisorPid", record.SupervisorPid);
        writer.WriteNumber("supervisorStartTime", record.SupervisorStartTime);
        writer.WriteNumber("initPid", record.InitPid);
        writer.WriteNumber("initStartTime", record.InitStartTime);
    }

    /// <summary>By hand: Enum.ToString needs metadata that the runtime is built without.</summary>
    private static string NameOf(RuntimeErrorKind kind) => kind switch
    {
        RuntimeErrorKind.InvalidArgument => nameof(RuntimeErrorKind.InvalidArgument),
        RuntimeErrorKind.NotFound => nameof(RuntimeErrorKind.NotFound),
        RuntimeErrorKind.AlreadyExists => nameof(RuntimeErrorKind.AlreadyExists),
        RuntimeErrorKind.FailedPrecondition => nameof(RuntimeErrorKind.FailedPrecondition),
        RuntimeErrorKind.ResourceExhausted => nameof(RuntimeErrorKind.ResourceExhausted),
        RuntimeErrorKind.Unavailable => nameof(RuntimeErrorKind.Unavailable),
        RuntimeErrorKind.Unimplemented => nameof(RuntimeErrorKind.Unimplemented),
        RuntimeErrorKind.DeadlineExceeded => nameof(RuntimeErrorKind.DeadlineExceeded),
        _ => nameof(RuntimeErrorKind.Unknown),
    };

    private static void WriteObject<T>(Utf8JsonWriter writer, string name, T value, Action<Utf8JsonWriter, T> writeMembers)
    {
        writer.WriteStartObject(name);
        writeMembers(writer, value);
        writer.WriteEndObject();
    }

    private static byte[] Build(Action<Utf8JsonWriter> writeMembers)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writeMembers(writer);
            writer.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }
}
