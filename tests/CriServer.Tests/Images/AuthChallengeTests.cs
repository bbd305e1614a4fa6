using CriShim.CriServer.Images.Registry;

namespace CriShim.CriServer.Tests.Images;

public class AuthChallengeTests
{
    [Fact]
    public void ParseAll_Bearer_HasItsParameters()
    {
        var challenge = Assert.Single(AuthChallenge.ParseAll(
            "Bearer realm=\"https://auth.io/token\",service=\"r.io\",scope=\"repository:a/b:pull,push\""));
        Assert.True(challenge.IsBearer);
        Assert.Equal("https://auth.io/token", challenge["realm"]);
        Assert.Equal("repository:a/b:pull,push", challenge["scope"]);
    }

    [Fact]
    public void ParseAll_TwoChallenges_AreTwo()
    {
        var challenges = AuthChallenge.ParseAll("Basic realm=\"a, \\\"b\\\"\", BEARER Realm = x , service=y");
        Assert.Equal(["Basic", "BEARER"], challenges.Select(c => c.Scheme));
        Assert.Equal("a, \"b\"", challenges[0]["realm"]);
        Assert.Equal(("x", "y"), (challenges[1]["realm"], challenges[1]["service"]));
    }

    [Theory]
    [InlineData("")]
    [InlineData("=x")]
    [InlineData("a=\"unclosed")]
    public void ParseAll_Rubbish_IsNone(string header) => Assert.DoesNotContain(AuthChallenge.ParseAll(header), c => c.IsBearer || c.IsBasic);
}
