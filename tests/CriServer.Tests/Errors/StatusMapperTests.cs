using CriShim.CriServer.Errors;
using CriShim.Linux;
using CriShim.Runtime.Contract;
using Grpc.Core;

namespace CriShim.CriServer.Tests.Errors;

public sealed class StatusMapperTests
{
    [Theory]
    [InlineData(CriErrorKind.InvalidArgument, StatusCode.InvalidArgument)]
    [InlineData(CriErrorKind.NotFound, StatusCode.NotFound)]
    [InlineData(CriErrorKind.AlreadyExists, StatusCode.AlreadyExists)]
    [InlineData(CriErrorKind.FailedPrecondition, StatusCode.FailedPrecondition)]
    [InlineData(CriErrorKind.ResourceExhausted, StatusCode.ResourceExhausted)]
    [InlineData(CriErrorKind.Unavailable, StatusCode.Unavailable)]
    [InlineData(CriErrorKind.Unimplemented, StatusCode.Unimplemented)]
    [InlineData(CriErrorKind.DeadlineExceeded, StatusCode.DeadlineExceeded)]
    [InlineData(CriErrorKind.Aborted, StatusCode.Aborted)]
    [InlineData(CriErrorKind.Cancelled, StatusCode.Cancelled)]
    [InlineData(CriErrorKind.Unknown, StatusCode.Unknown)]
    public void ToStatus_EveryKind_HasItsCode(CriErrorKind kind, StatusCode code)
    {
        var status = StatusMapper.ToStatus(new CriException(kind, "text"), deadlinePassed: false);
        Assert.Equal((code, "text"), (status.StatusCode, status.Detail));
    }

    [Fact]
    public void ToKind_EveryRuntimeKind_KeepsItsName()
    {
        foreach (var kind in Enum.GetValues<RuntimeErrorKind>())
        {
            Assert.Equal(kind.ToString(), StatusMapper.ToKind(kind).ToString());
        }
    }

    [Theory]
    [InlineData(true, StatusCode.DeadlineExceeded)]
    [InlineData(false, StatusCode.Cancelled)]
    public void ToStatus_Cancelled_DependsOnTheDeadline(bool passed, StatusCode code) =>
        Assert.Equal(code, StatusMapper.ToStatus(new OperationCanceledException(), passed).StatusCode);

    [Fact]
    public void ToStatus_ErrnoOfALibraryCall_IsNotTheClientsNotFound() =>
        Assert.Equal(StatusCode.Unknown, StatusMapper.ToStatus(new LinuxException(Errno.ENOENT, "mount", "/x"), false).StatusCode);

    [Fact]
    public void ToStatus_RpcException_StaysAsItIs() =>
        Assert.Equal(StatusCode.Unimplemented, StatusMapper.ToStatus(new RpcException(new Status(StatusCode.Unimplemented, "")), false).StatusCode);
}
