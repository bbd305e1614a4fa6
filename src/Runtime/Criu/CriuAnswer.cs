namespace CriShim.Runtime.Criu;

/// <summary>criu's criu_resp.</summary>
/// <param name="Pid">Of the restored init, or of the process that a notification is about.</param>
/// <param name="Notification">What criu is about to do; null in the last answer.</param>
internal sealed record CriuAnswer(bool Success, int Pid, string? Notification, string? Error)
{
    private const int Notify = 6;

    /// <summary>Throws <see cref="FormatException"/>.</summary>
    public static CriuAnswer Read(ReadOnlySpan<byte> message)
    {
        var (type, success, pid, errno) = (0L, false, 0, 0L);
        string? notification = null, error = null;
        var reader = new ProtoReader(message);
        for (var member = reader.Next(); member != 0; member = reader.Next())
        {
            switch (member)
            {
                case 1:
                    type = reader.Number;
                    break;
                case 2:
                    success = reader.Number != 0;
                    break;
                case 4:
                    (_, pid) = ReadTextAndPid(reader.Bytes, pidMember: 1);
                    break;
                case 5:
                    (notification, pid) = ReadTextAndPid(reader.Bytes, pidMember: 2);
                    break;
                case 7:
                    errno = reader.Number;
                    break;
                case 9:
                    error = reader.Text;
                    break;
                default:
                    break;
            }
        }

        error ??= errno != 0 ? $"errno {errno}" : null;
        return new CriuAnswer(success, pid, type == Notify ? notification ?? "" : null, error);
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
