using CriShim.Cri.V1;
using CriShim.CriServer.Specs;
using CriShim.Linux;
using static CriShim.Linux.LibC.Files;

namespace CriShim.CriServer.Tests.Specs;

public sealed class UserResolverTests : IDisposable
{
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("crishim-test-");

    public UserResolverTests()
    {
        _root.CreateSubdirectory("etc");
        Write("passwd", "root:x:0:0:root:/root:/bin/sh\n# comment\n\nbroken\nwww-data:x:33:34:www:/var/www:\nbig:x:4294967295:0::/:\n1000:x:7:7::/seven:/bin/sh\nalice:x:1000:1000::/home/alice:/bin/sh");
        Write("group", "root:x:0:\nusers:x:100:alice\nextra:x:50000:bob,alice\nbad:x:-1:alice\nweb:x:34:www-data");
    }

    public void Dispose() => _root.Delete(recursive: true);

    [Theory]
    [InlineData("", 0, 0, "0", "/root")]
    [InlineData("0", 0, 0, "0", "/root")]
    [InlineData("1002", 1002, 0, "0", "/")]
    [InlineData("www-data", 33, 34, "34", "/var/www")]
    [InlineData("1003:users", 1003, 100, "100", "/")]
    [InlineData("www-data:100", 33, 100, "100 34", "/var/www")]
    [InlineData("33:7", 33, 7, "7 34", "/var/www")]
    [InlineData(":users", 0, 100, "100", "/root")]
    [InlineData("1000", 1000, 1000, "1000 100 50000", "/home/alice")]
    public void Resolve_ImageUser_IsFound(string user, uint uid, uint gid, string groups, string home)
    {
        var resolved = Resolve(null, user);
        Assert.Equal((uid, gid, groups, home), (resolved.Uid, resolved.Gid, string.Join(' ', resolved.Groups), resolved.Home));
    }

    [Theory]
    [InlineData("nobody")]
    [InlineData("big")]
    [InlineData("www-data:nogroup")]
    [InlineData("2147483648")]
    [InlineData("99999999999999999999")]
    [InlineData("-1")]
    [InlineData("+0")]
    [InlineData("0:4294967296")]
    [InlineData("a:b:c")]
    [InlineData("1:2:3")]
    [InlineData("root\nx")]
    public void Resolve_BadImageUser_IsRefused(string user) => Given.Refused(() => Resolve(null, user));

    [Fact]
    public void Resolve_RunAsUser_WinsOverImage() => Assert.Equal(1000U, Resolve(As(1000), "www-data").Uid);

    [Fact]
    public void Resolve_RunAsUsername_IsLookedUpInTheImage() =>
        Assert.Equal(33U, Resolve(new LinuxContainerSecurityContext { RunAsUsername = "www-data" }, "").Uid);

    [Fact]
    public void Resolve_RunAsUsernameOfDigits_IsANumber() =>
        Assert.Equal(1000U, Resolve(new LinuxContainerSecurityContext { RunAsUsername = "1000" }, "").Uid);

    [Fact]
    public void Resolve_RunAsGroup_IsThePrimaryGroup()
    {
        var context = As(33);
        context.RunAsGroup = new Int64Value { Value = 9 };
        Assert.Equal([9U, 34U], Resolve(context, "").Groups);
    }

    [Fact]
    public void Resolve_GroupWithoutUser_IsRefused() =>
        Assert.Contains("run_as_group", Given.Refused(() => Resolve(new LinuxContainerSecurityContext { RunAsGroup = new Int64Value() }, "33")).Message);

    [Fact]
    public void Resolve_UserAndUsername_IsRefused()
    {
        var context = As(1);
        context.RunAsUsername = "root";
        Given.Refused(() => Resolve(context, ""));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(2147483648)]
    [InlineData(4294967296)]
    public void Resolve_RunAsUserOutOfRange_IsRefused(long uid) => Given.Refused(() => Resolve(As(uid), ""));

    [Theory]
    [InlineData(SupplementalGroupsPolicy.Merge, "1000 1234 100 50000")]
    [InlineData(SupplementalGroupsPolicy.Strict, "1000 1234")]
    public void Resolve_SupplementalGroups_FollowThePolicy(SupplementalGroupsPolicy policy, string expected)
    {
        var context = As(1000);
        context.SupplementalGroups.Add(1234);
        context.SupplementalGroupsPolicy = policy;
        Assert.Equal(expected, string.Join(' ', Resolve(context, "").Groups));
    }

    [Fact]
    public void Resolve_SupplementalGroupOutOfRange_IsRefused() =>
        Given.Refused(() => Resolve(new LinuxContainerSecurityContext { SupplementalGroups = { -5 } }, ""));

    [Fact]
    public void Resolve_NoFiles_NumbersStillWork()
    {
        File.Delete(Etc("passwd"));
        File.Delete(Etc("group"));
        Assert.Equal(new[] { 5U }, Resolve(null, "7:5").Groups);
    }

    [Fact]
    public void Resolve_PasswdIsALinkOutOfTheRoot_StaysInside()
    {
        // The link means /etc/real of the image, not of the host.
        File.Move(Etc("passwd"), Etc("real"));
        File.CreateSymbolicLink(Etc("passwd"), "/../../../../etc/real");
        Assert.Equal(33U, Resolve(null, "www-data").Uid);
    }

    [Fact]
    public void Resolve_PasswdIsAFolder_IsRefused()
    {
        File.Delete(Etc("passwd"));
        Directory.CreateDirectory(Etc("passwd"));
        Assert.Contains("not a regular file", Given.Refused(() => Resolve(null, "www-data")).Message);
    }

    [Fact]
    public void Resolve_PasswdIsAPipe_IsRefusedAndDoesNotHang()
    {
        File.Delete(Etc("passwd"));
        using (var etc = Fd.Open(Etc(""), O_RDONLY | O_DIRECTORY))
        {
            Check.Result(mknodat(etc, "passwd", S_IFIFO | 0x1a4, 0), "mknodat");
        }

        Assert.Contains("not a regular file", Given.Refused(() => Resolve(null, "www-data")).Message);
    }

    [Fact]
    public void Resolve_PasswdIsTooLarge_IsRefused()
    {
        using (var file = File.OpenWrite(Etc("passwd")))
        {
            var line = new byte[1024];
            line[^1] = (byte)'\n';
            for (var i = 0; i <= 10 * 1024; i++)
            {
                file.Write(line);
            }
        }

        Assert.Contains("larger", Given.Refused(() => Resolve(null, "nobody")).Message);
    }

    [Fact]
    public void Resolve_PasswdWithoutLineEnds_IsRefused()
    {
        File.WriteAllBytes(Etc("passwd"), new byte[100_000]);
        Assert.Contains("line", Given.Refused(() => Resolve(null, "nobody")).Message);
    }

    [Fact]
    public void Resolve_HomeThatIsNoPath_IsRoot()
    {
        Write("passwd", "a:x:1:1::home:/bin/sh\n");
        Assert.Equal("/", Resolve(null, "a").Home);
    }

    [Fact]
    public void ToContainerUser_HasAllNumbers()
    {
        var user = new ResolvedUser(1, 2, [2, 3], "/").ToContainerUser().Linux;
        Assert.Equal((1L, 2L), (user.Uid, user.Gid));
        Assert.Equal([2L, 3L], user.SupplementalGroups);
    }

    private static LinuxContainerSecurityContext As(long uid) => new() { RunAsUser = new Int64Value { Value = uid } };

    private ResolvedUser Resolve(LinuxContainerSecurityContext? context, string imageUser)
    {
        using var root = Fd.Open(_root.FullName, O_PATH | O_DIRECTORY);
        return UserResolver.Resolve(root, context, imageUser);
    }

    private string Etc(string name) => Path.Combine(_root.FullName, "etc", name);

    private void Write(string name, string text) => File.WriteAllText(Etc(name), text);
}
