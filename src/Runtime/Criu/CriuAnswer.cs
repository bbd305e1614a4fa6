namespace CriShim.Runtime.Criu;

/// <summary>criu's criu_resp.</summary>
/// <param name="Pid">Of the restored init, or of the process that a notification is about.</param>
/// <param name="Notification">What criu is about to do; null in the last answer.</param>
internal sealed record CriuAnswer(bool Success, int Pid, string? Notification, string? Error)
{
    private const int Notify = 6;

    /// <summary>To a question for the version: major, minor, sublevel; null otherwise.</summary>
    public Version? Version { get; init; }

    /// <summary>To a question for features: bit N for the feature with number N in criu_features.</summary>
    public int Features { get; init; }

    /// <summary>Throws <see cref="FormatException"/>.</summary>
    public static CriuAnswer Read(ReadOnlySpan<byte> message)
    {
        var (type, errno) = (0L, 0L);
        var answer = new CriuAnswer(false, 0, null, null);
        var reader = new ProtoReader(message);
        for (var member = reader.Next(); member != 0; member = reader.Next())
        {
            switch (member)
            {
                case 1:
                    type = reader.Number;
                    break;
                case 2:
                    answer = answer with { Success = reader.Number != 0 };
                    break;
                case 4:
                    answer = answer with { Pid = ReadTextAndPid(reader.Bytes, pidMember: 1).Pid };
                    break;
                case 5:
                    var (text, pid) = ReadTextAndPid(reader.Bytes, pidMember: 2);
                    answer = answer with { Notification = text, Pid = pid };
                    break;
                case 7:
                    errno = reader.Number;
                    break;
                case 8:
                    answer = answer with { Features = ReadFeatures(reader.Bytes) };
                    break;
                case 9:
                    answer = answer with { Error = reader.Text };
                    break;
                case 10:
                    answer = answer with { Version = ReadVersion(reader.Bytes) };
                    break;
                default:
                    break;
            }
        }

        return answer with
        {
            Notification = type == Notify ? answer.Notification ?? "" : null,
            Error = answer.Error ?? (errno != 0 ? $"errno {errno}" : null),
        };
    }

    private static int ReadFeatures(ReadOnlySpan<byte> message)
    {
        var features = 0;
        var reader = new ProtoReader(message);
        for (var member = reader.Next(); member != 0; member = reader.Next())
        {
            features |= reader.Number != 0 && member < 31 ? 1 << member : 0;
        }

        return features;
    }

    private static Version ReadVersion(ReadOnlySpan<byte> message)
    {
        Span<int> parts = stackalloc int[5];
        parts.Clear();
        var reader = new ProtoReader(message);
        for (var member = reader.Next(); member != 0; member = reader.Next())
        {
            if (member is 1 or 2 or 4)
            {
                parts[member] = (int)Math.Clamp(reader.Number, 0, int.MaxValue);
            }
        }

        return new Version(parts[1], parts[2], parts[4]);
    }

    private static (string? Text, int Pid) ReadTextAndPid(ReadOnlySpan<byte> message, int pidMember)
    {
        string? text = null;
        var pid = 0;
        var reader = new ProtoReader(message);
        for (var member = reader.Next(); member != 0; member = reader.Next())
        {
            if (member == pidMember)
            {
                pid = (int)reader.Number;
            }
            else
            {
                text = reader.Text;
            }
        }

        return (text, pid);
    }
}
