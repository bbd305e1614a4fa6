namespace CriShim.Spdy;

/// <summary>Types of control frames (SPDY/3.1 section 2.6). What is not here is skipped.</summary>
internal enum FrameType : ushort
{
    SynStream = 1,
    SynReply = 2,
    RstStream = 3,
    Settings = 4,
    Ping = 6,
    GoAway = 7,
    Headers = 8,
    WindowUpdate = 9,
}

/// <summary>Bits of a frame's flags; of a data frame only <see cref="Fin"/>.</summary>
[Flags]
internal enum FrameFlags : byte
{
    None = 0,

    /// <summary>The sender's half of the stream ends with this frame.</summary>
    Fin = 1,

    /// <summary>SYN_STREAM: the other side does not send.</summary>
    Unidirectional = 2,
}

/// <summary>Why a stream is reset (section 2.6.3).</summary>
public enum ResetStatus : uint
{
    ProtocolError = 1,
    InvalidStream = 2,
    RefusedStream = 3,
    Cancel = 5,
    InternalError = 6,
    FlowControlError = 7,
}

/// <summary>Why a connection ends (section 2.6.6).</summary>
internal enum GoAwayStatus : uint
{
    Ok = 0,
    ProtocolError = 1,
    InternalError = 2,
}
