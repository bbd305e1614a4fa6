using CriShim.Linux;

namespace CriShim.Runtime.Tests.Linux;

public sealed class EpollLoopTests : IDisposable
{
    private readonly EpollLoop _loop = new();
    private readonly PipePair _pipe = PipePair.Create();

    public void Dispose()
    {
        _loop.Dispose();
        _pipe.Dispose();
    }

    [Fact]
    public void RunOnce_ReadableDescriptor_CallsBack()
    {
        var seen = EpollEvents.None;
        _loop.Add(_pipe.Reader, EpollEvents.Read, events => seen = events);
        _loop.RunOnce(0);
        Assert.Equal(EpollEvents.None, seen);
        Fd.WriteAll(_pipe.Writer, "x"u8);
        _loop.RunOnce(1000);
        Assert.Equal(EpollEvents.Read, seen);
    }

    [Fact]
    public void RunOnce_WriterGone_ReportsHangUp()
    {
        var seen = EpollEvents.None;
        _loop.Add(_pipe.Reader, EpollEvents.Read, events => seen = events);
        _pipe.Writer.Dispose();
        _loop.RunOnce(1000);
        Assert.True(seen.HasFlag(EpollEvents.HangUp));
    }

    [Fact]
    public void Remove_FromAnotherCallbackOfTheRound_DropsItsEvent()
    {
        using var other = PipePair.Create();
        var calls = 0;
        void OnEither(EpollEvents events)
        {
            calls++;
            _loop.Remove(_pipe.Reader);
            _loop.Remove(other.Reader);
        }

        _loop.Add(_pipe.Reader, EpollEvents.Read, OnEither);
        _loop.Add(other.Reader, EpollEvents.Read, OnEither);
        Fd.WriteAll(_pipe.Writer, "x"u8);
        Fd.WriteAll(other.Writer, "x"u8);
        _loop.RunOnce(1000);
        Assert.Equal(1, calls);
    }

    [Fact]
    public void Modify_ToNothing_StaysSilent()
    {
        var calls = 0;
        _loop.Add(_pipe.Reader, EpollEvents.Read, _ => calls++);
        Fd.WriteAll(_pipe.Writer, "x"u8);
        _loop.Modify(_pipe.Reader, EpollEvents.None);
        _loop.RunOnce(0);
        Assert.Equal(0, calls);
    }

    [Fact]
    public void Timer_Due_CallsOnce()
    {
        var calls = 0;
        var timer = _loop.CreateTimer(() => calls++);
        timer.Start(TimeSpan.FromMilliseconds(5));
        Assert.True(timer.IsRunning);

        // A wait may end early: the .NET runtime interrupts threads by signals.
        for (var i = 0; i < 100 && calls == 0; i++)
        {
            _loop.RunOnce(1000);
        }

        _loop.RunOnce(1);
        Assert.Equal(1, calls);
        Assert.False(timer.IsRunning);
    }

    [Fact]
    public void Timer_StoppedByAnotherInTheSameRound_IsNotCalled()
    {
        var calls = 0;
        LoopTimer? first = null;
        LoopTimer? second = null;
        first = _loop.CreateTimer(() => { calls++; second!.Stop(); });
        second = _loop.CreateTimer(() => { calls++; first.Stop(); });
        first.Start(TimeSpan.Zero);
        second.Start(TimeSpan.Zero);
        _loop.RunOnce(100);
        _loop.RunOnce(0);
        Assert.Equal(1, calls);
    }

    [Fact]
    public async Task Post_FromAnotherThread_WakesTheLoop()
    {
        var ran = 0;
        var loop = Task.Factory.StartNew(_loop.Run, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        for (var i = 0; i < 1000; i++)
        {
            _loop.Post(() => ran++);
        }

        _loop.Post(_loop.Stop);
        await loop.WaitAsync(TimeSpan.FromSeconds(10), CancellationToken.None);
        Assert.Equal(1000, ran);
    }

    [Fact]
    public void RunOnce_SteadyState_AllocatesNothing()
    {
        var buffer = new byte[8];
        _loop.Add(_pipe.Reader, EpollEvents.Read, _ => Fd.Read(_pipe.Reader, buffer));
        void Round()
        {
            Fd.WriteAll(_pipe.Writer, "x"u8);
            _loop.RunOnce(1000);
        }

        for (var i = 0; i < 100; i++)
        {
            Round();
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            Round();
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
