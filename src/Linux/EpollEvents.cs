namespace CriShim.Linux;

/// <summary>What a descriptor is ready for (epoll_ctl(2)). Error and HangUp are always reported, asked for or not.</summary>
[Flags]
public enum EpollEvents : uint
{
    None = 0,
    Read = 0x1,
    Priority = 0x2,
    Write = 0x4,
    Error = 0x8,
    HangUp = 0x10,
    PeerClosed = 0x2000,

    /// <summary>Not an event: none is reported after the first, until asked for again.</summary>
    OneShot = 0x40000000,
}
