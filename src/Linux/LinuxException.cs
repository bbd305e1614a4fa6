using System.Runtime.InteropServices;

namespace CriShim.Linux;

/// <summary>A system call that failed: which, on what, and the kernel's error number.</summary>
public sealed class LinuxException : IOException
{
    public LinuxException(Errno errno, string call, string? subject = null)
        : base(Describe(errno, call, subject), (int)errno)
    {
        Errno = errno;
        Call = call;
        Subject = subject;
    }

    public Errno Errno { get; }

    /// <summary>The system call's name, as in its man page.</summary>
    public string Call { get; }

    /// <summary>The path, fd or other object the call was made on.</summary>
    public string? Subject { get; }

    private static string Describe(Errno errno, string call, string? subject)
    {
        var text = Marshal.GetPInvokeErrorMessage((int)errno).ToLowerInvariant();
        return subject is null ? $"{call}: {text}" : $"{call} {subject}: {text}";
    }
}
