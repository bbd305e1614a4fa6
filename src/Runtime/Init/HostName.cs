using System.Text;
using CriShim.Linux;
using static CriShim.Linux.LibC.Processes;

namespace CriShim.Runtime.Init;

/// <summary>sethostname(2) and setdomainname(2) in the calling process's UTS namespace.</summary>
internal static class HostName
{
    public static void Set(string name)
    {
        var bytes = Encoding.UTF8.GetBytes(name);
        Check.Result(sethostname(bytes, (nuint)bytes.Length), "sethostname", name);
    }

    public static void SetDomain(string name)
    {
        var bytes = Encoding.UTF8.GetBytes(name);
        Check.Result(setdomainname(bytes, (nuint)bytes.Length), "setdomainname", name);
    }
}
