using System.Text;
using CriShim.Cri.V1;
using Google.Protobuf.Collections;

namespace CriShim.CriServer.Sandboxes;

/// <summary>The text of a pod's generated files. Host texts are passed in, so that these are pure functions.</summary>
internal static class SandboxFileText
{
    /// <summary>hosts(5): localhost, and the pod's host name at each of its addresses.</summary>
    public static string Hosts(string hostname, IEnumerable<string> addresses)
    {
        var text = new StringBuilder()
            .Append("127.0.0.1\tlocalhost\n")
            .Append("::1\tlocalhost ip6-localhost ip6-loopback\n")
            .Append("fe00::0\tip6-localnet\n")
            .Append("ff00::0\tip6-mcastprefix\n")
            .Append("ff02::1\tip6-allnodes\n")
            .Append("ff02::2\tip6-allrouters\n");
        foreach (var address in addresses)
        {
            text.Append(address).Append('\t').Append(hostname).Append('\n');
        }

        return text.ToString();
    }

    /// <summary>resolv.conf(5) from what the client asks; where it asks nothing, the host's.</summary>
    public static string ResolvConf(DNSConfig? dns, string hostText)
    {
        if (dns is null || (dns.Servers.Count == 0 && dns.Searches.Count == 0 && dns.Options.Count == 0))
        {
            return hostText;
        }

        var text = new StringBuilder();
        AddLine(text, "search", dns.Searches);
        foreach (var server in dns.Servers)
        {
            text.Append("nameserver ").Append(server).Append('\n');
        }

        AddLine(text, "options", dns.Options);
        return text.ToString();
    }

    private static void AddLine(StringBuilder text, string keyword, RepeatedField<string> words)
    {
        if (words.Count > 0)
        {
            text.Append(keyword).Append(' ').AppendJoin(' ', words).Append('\n');
        }
    }
}
