using System.Text;
using System.Text.Json;
using CriShim.Oci;
using CriShim.Oci.RuntimeSpec;

namespace CriShim.Runtime.Tests.Oci;

public sealed class SpecReaderTests
{
    private const string Full = """
        {"ociVersion":"1.2.0","process":{"terminal":true,"consoleSize":{"height":1,"width":2},"user":{"uid":3,"gid":4,"umask":18,
        "additionalGids":[5,6]},"args":["a","b"],"env":["K=v\u00e9"],"cwd":"/w","capabilities":{"bounding":["CAP_KILL"],"ambient":[]},
        "rlimits":[{"type":"RLIMIT_NOFILE","hard":18446744073709551615,"soft":7}],"noNewPrivileges":true,"oomScoreAdj":-998},
        "root":{"path":"r","readonly":true},"hostname":"h","domainname":"d","mounts":[{"destination":"/proc","type":"proc","source":"proc",
        "options":["ro"],"uidMappings":[{"containerID":0,"hostID":1,"size":2}]}],"hooks":{"poststop":[{"path":"/p","args":["x"],"timeout":3}]},
        "annotations":{"k":"v"},"linux":{"namespaces":[{"type":"pid"},{"type":"network","path":"/n"}],
        "devices":[{"path":"/dev/x","type":"c","major":1,"minor":3,"fileMode":438,"uid":0,"gid":0}],"cgroupsPath":"/c",
        "resources":{"devices":[{"allow":false,"access":"rwm"}],"memory":{"limit":-1},"cpu":{"shares":2,"quota":-1,"cpus":"0"},
        "pids":{"limit":10},"blockIO":{"weight":10,"throttleReadIOPSDevice":[{"major":1,"minor":2,"rate":3}]},"unified":{"a":"b"}},
        "rootfsPropagation":"private","seccomp":{"defaultAction":"SCMP_ACT_ERRNO","architectures":["SCMP_ARCH_X86_64"],
        "syscalls":[{"names":["read"],"action":"SCMP_ACT_ALLOW","args":[{"index":0,"value":1,"op":"SCMP_CMP_EQ"}]}]},
        "sysctl":{"net.x":"1"},"maskedPaths":["/m"],"readonlyPaths":["/r"],"personality":{"domain":"LINUX32"}}}
        """;

    [Fact]
    public void Read_FullDocument_EqualsWhatTheSerializerReads()
    {
        var expected = JsonSerializer.Deserialize(Full, OciJsonContext.Default.Spec)!;

        var spec = SpecReader.Read(Encoding.UTF8.GetBytes(Full));

        Assert.Equal(JsonSerializer.Serialize(expected, OciJsonContext.Default.Spec), JsonSerializer.Serialize(spec, OciJsonContext.Default.Spec));
    }

    [Fact]
    public void Read_EnvThatIsNotUtf8_KeepsItsBytes()
    {
        byte[] json = [.. "{\"process\":{\"env\":[\"A="u8, 0xFF, 0xFE, .. "\"]}}"u8];

        var spec = SpecReader.Read(json);

        Assert.Equal([(byte)'A', (byte)'=', 0xFF, 0xFE], spec.Process!.Env![0]);
    }

    [Theory]
    [InlineData("""{"process":{"args":"sh"}}""", "args")]
    [InlineData("""{"process":{"user":{"uid":-1}}}""", "uid")]
    [InlineData("""{"mounts":[{"type":"proc"}]}""", "destination")]
    [InlineData("""{"linux":{"namespaces":[1]}}""", "object")]
    public void Read_WrongType_NamesTheMember(string json, string member)
    {
        var error = Assert.Throws<JsonException>(() => SpecReader.Read(Encoding.UTF8.GetBytes(json)));

        Assert.Contains(member, error.Message, StringComparison.Ordinal);
    }
}
