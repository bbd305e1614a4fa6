using System.Text;
using CriShim.Api.V1;
using CriShim.Linux;
using Microsoft.Win32.SafeHandles;

namespace CriShim.CriServer.Commands.Progress;

/// <summary>Draws a pull on a terminal, each time over what it drew before (ECMA-48: CUU, EL).</summary>
internal sealed class TerminalView : IPullView
{
    private const int StandardError = 2;
    private const int DefaultColumns = 80;
    private const int DefaultRows = 24;
    private static readonly TimeSpan s_leastPause = TimeSpan.FromMilliseconds(100);

    private readonly SafeFileHandle _terminal;
    private readonly TextWriter _output;
    private long _drawnAt;
    private int _drawnLines;
    private PullEvent? _last;
    private bool _isLastDrawn = true;

    private TerminalView(SafeFileHandle terminal, TextWriter output)
    {
        _terminal = terminal;
        _output = output;
    }

    /// <summary>Null where stderr is no terminal that can move its cursor.</summary>
    public static TerminalView? TryOpen(TextWriter output)
    {
        var terminal = new SafeFileHandle(StandardError, ownsHandle: false);
        var canMove = Environment.GetEnvironmentVariable("TERM") is not (null or "" or "dumb");
        return canMove && Terminal.GetSize(terminal) is not null ? new TerminalView(terminal, output) : null;
    }

    public void Show(PullEvent progress)
    {
        _last = progress;
        _isLastDrawn = _drawnLines == 0 || TimeProvider.System.GetElapsedTime(_drawnAt) >= s_leastPause;
        if (_isLastDrawn)
        {
            Draw(progress);
        }
    }

    /// <summary>What was left out for being too soon is drawn now.</summary>
    public void Dispose()
    {
        if (_last is not null && !_isLastDrawn)
        {
            Draw(_last);
        }

        _terminal.Dispose();
    }

    private void Draw(PullEvent progress)
    {
        var size = Terminal.GetSize(_terminal);
        var columns = size is { Columns: > 0 } ? size.Value.Columns : DefaultColumns;
        var rows = size is { Rows: > 0 } ? size.Value.Rows : DefaultRows;
        var lines = ProgressBoard.Draw(progress, columns, rows);
        var text = new StringBuilder();
        if (_drawnLines > 0)
        {
            text.Append($"\x1b[{_drawnLines}A");
        }

        foreach (var line in lines)
        {
            text.Append('\r').Append(line).Append("\x1b[K\n");
        }

        text.Append("\x1b[J"); // lines of a longer picture
        _output.Write(text.ToString());
        _output.Flush();
        _drawnLines = lines.Count;
        _drawnAt = TimeProvider.System.GetTimestamp();
    }
}
