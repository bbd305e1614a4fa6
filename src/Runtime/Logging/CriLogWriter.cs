using CriShim.Linux;

namespace CriShim.Runtime.Logging;

/// <summary>
/// The log file that kubelet reads: a record is `TIME stdout|stderr F|P text\n`, F for a line's end, P for a part of a line with more to
/// come (CRI log format: kubernetes/cri-api constants.go).
/// <list type="bullet">
/// <item>A line longer than the limit becomes P records and an F.</item>
/// <item>What a stream leaves without a newline at its end becomes a P record, as containerd and conmon write it: `kubectl logs` then
/// prints exactly what the program wrote; an F would add a newline that was never there.</item>
/// <item>All records of one read have one time and are one write(2), so a reader sees whole lines in the order they were read.</item>
/// <item>Where the file takes no more (full disk), records are dropped and counted, a torn record is completed first once there is
/// space again, and the program is never held up.</item>
/// </list>
/// Nothing is allocated per read. Use: fill <see cref="ReadSpace"/> from the pipe, then <see cref="Commit"/>.
/// </summary>
internal sealed class CriLogWriter : IDisposable
{
    public const int DefaultMaxLineBytes = 16 * 1024;

    private const int LimitMaxLineBytes = 1024 * 1024;
    private const int HeaderBytes = 40;
    private const int TagOffset = HeaderBytes - 2;

    private readonly string? _path;
    private readonly LogPlace? _place;
    private readonly int _maxLineBytes;
    private readonly TimeProvider _time;
    private readonly RuntimeLog _problems;
    private readonly LineBuffer[] _streams;
    private readonly NativeBuffer _output;
    private readonly byte[] _header = new byte[HeaderBytes];
    private AppendFile? _file;
    private int _filled;
    private bool _startsTorn;
    private bool _refused;
    private bool _used;

    /// <param name="path">Absolute; null: what is read is thrown away.</param>
    /// <param name="maxLineBytes">Not positive: the default. At most 1 MiB.</param>
    /// <param name="folder">As <see cref="LogPlace"/> has it.</param>
    public CriLogWriter(string? path, int maxLineBytes, TimeProvider time, RuntimeLog problems, string? folder = null)
    {
        _path = path;
        _maxLineBytes = maxLineBytes <= 0 ? DefaultMaxLineBytes : Math.Min(maxLineBytes, LimitMaxLineBytes);
        _time = time;
        _problems = problems;
        _place = path is null ? null : new LogPlace(path, folder);
        _file = _place?.Open();
        _streams = [new LineBuffer(_maxLineBytes), new LineBuffer(_maxLineBytes)];

        // Room for a torn record and a whole one, so that a record always fits after a flush.
        _output = new NativeBuffer(2 * (HeaderBytes + _maxLineBytes + 1) + 2 * LineBuffer.ReadBytes);
    }

    /// <summary>Records that the file did not take.</summary>
    public long DroppedRecords { get; private set; }

    /// <summary>Where the next bytes of the stream go.</summary>
    public Span<byte> ReadSpace(LogStream stream) => _streams[(int)stream].Free;

    /// <summary>Takes the first <paramref name="count"/> bytes of <see cref="ReadSpace"/> and writes all records that are complete.</summary>
    public void Commit(LogStream stream, int count)
    {
        var buffer = _streams[(int)stream];
        var text = buffer.Filled(count);
        StampHeader(stream);
        _used = true;

        // The held bytes were scanned when they came.
        var scanned = buffer.Held;
        var rest = text;
        while (rest[scanned..].IndexOf((byte)'\n') is var found and >= 0)
        {
            AppendLine(rest[..(scanned + found)], ended: true);
            rest = rest[(scanned + found + 1)..];
            scanned = 0;
        }

        var kept = AppendLine(rest, ended: false);
        buffer.Keep(text, kept);
        Flush();
    }

    /// <summary>The stream's end: writes what is left of a line.</summary>
    public void End(LogStream stream)
    {
        var buffer = _streams[(int)stream];
        if (buffer.Held > 0)
        {
            StampHeader(stream);
            AppendRecord(buffer.Filled(0), (byte)'P');
            buffer.Keep(default, 0);
        }

        Flush();
    }

    /// <summary>
    /// Goes on in a new file at the same path, made if it is missing; the change is between two records. When it cannot be opened the
    /// old file stays in use. Throws <see cref="LinuxException"/>.
    /// </summary>
    public void Reopen()
    {
        if (_place is null)
        {
            return;
        }

        var opened = _place.Open();
        Flush();
        if (_startsTorn)
        {
            // The rest of a torn record belongs to the old file, which took no more of it.
            _filled = 0;
            _startsTorn = false;
            DroppedRecords++;
        }

        _file?.Dispose();
        _file = opened;
    }

    /// <summary>Gives back the memory of past reads. For when nothing has come for a while.</summary>
    public void DiscardMemory()
    {
        if (!_used)
        {
            return;
        }

        foreach (var stream in _streams)
        {
            stream.Discard();
        }

        if (_filled == 0)
        {
            _output.Discard();
        }

        _used = false;
    }

    public void Dispose()
    {
        _file?.Dispose();
        _output.Dispose();
        foreach (var stream in _streams)
        {
            stream.Dispose();
        }
    }

    private void StampHeader(LogStream stream)
    {
        LogTimestamp.Format(_time.GetUtcNow().UtcDateTime, _header);
        (stream == LogStream.Stdout ? " stdout F "u8 : " stderr F "u8).CopyTo(_header.AsSpan(LogTimestamp.Length));
    }

    /// <summary>Appends a line's records; answers how many bytes at its end are not written because the line goes on.</summary>
    private int AppendLine(ReadOnlySpan<byte> line, bool ended)
    {
        while (line.Length > _maxLineBytes)
        {
            AppendRecord(line[.._maxLineBytes], (byte)'P');
            line = line[_maxLineBytes..];
        }

        if (!ended)
        {
            return line.Length;
        }

        AppendRecord(line, (byte)'F');
        return 0;
    }

    private void AppendRecord(ReadOnlySpan<byte> text, byte tag)
    {
        var length = HeaderBytes + text.Length + 1;
        if (_filled + length > _output.Length)
        {
            Flush();
        }

        var record = _output.Span.Slice(_filled, length);
        _header[TagOffset] = tag;
        _header.CopyTo(record);
        text.CopyTo(record[HeaderBytes..]);
        record[^1] = (byte)'\n';
        _filled += length;
    }

    private void Flush()
    {
        var pending = _output.Span[.._filled];
        var errno = Errno.None;
        var written = _file is null ? pending.Length : _file.Write(pending, out errno);
        if (written < pending.Length)
        {
            KeepTornRecord(pending, written);
            ReportDrops(errno);
        }
        else if (_filled > 0)
        {
            _filled = 0;
            _startsTorn = false;
            ReportDrops(Errno.None);
        }
    }

    /// <summary>Drops what was not written, but for the rest of a record that the file has the beginning of.</summary>
    private void KeepTornRecord(Span<byte> pending, int written)
    {
        var rest = pending[written..];
        var torn = written == 0 ? _startsTorn : pending[written - 1] != '\n';
        _filled = torn ? rest.IndexOf((byte)'\n') + 1 : 0;
        DroppedRecords += rest[_filled..].Count((byte)'\n');
        rest[.._filled].CopyTo(pending);
        _startsTorn = torn;
    }

    /// <summary>One message when the file stops taking records, one when it goes on.</summary>
    private void ReportDrops(Errno errno)
    {
        if (_refused == (errno != Errno.None))
        {
            return;
        }

        _refused = !_refused;
        _problems.Error(_refused
            ? $"failed to write log \"{_path}\": {new LinuxException(errno, "write").Message}"
            : $"log \"{_path}\" takes records again; {DroppedRecords} were dropped in all");
    }
}
