using System.Text;
using CriShim.CriServer.Streaming.Channels;
using CriShim.CriServer.Streaming.RemoteCommand;
using CriShim.CriServer.Streaming.Targets;

namespace CriShim.CriServer.Tests.Streaming;

public sealed class TerminalSizesTests
{
    [Theory]
    [InlineData("""{"Width":80,"Height":24}{"Width":100,"Height":30}""", "80x24 100x30")]
    [InlineData("""{"width":80,"height":24}""" + "\n" + """{"Height":30,"Width":100}""", "80x24 100x30")]
    [InlineData("""{"Width":0,"Height":0}{"Width":100,"Height":30}""", "100x30")] // not laid out yet
    [InlineData("""{"Width":80,"Height":24}nonsense}{"Width":100,"Height":30}""", "80x24")]
    [InlineData("""{"Width":80,"Height":70000}""", "")]
    [InlineData("""{"Width":80""", "")]
    [InlineData("", "")]
    public async Task Next_WhatClientsSend_IsTheSizes(string sent, string sizes)
    {
        foreach (var pieceLength in new[] { 1, 7, 1000 })
        {
            var reader = new TerminalSizes(new Pieces(sent, pieceLength));
            var read = new List<string>();
            while (await reader.NextAsync(CancellationToken.None) is TerminalSize size)
            {
                read.Add($"{size.Columns}x{size.Rows}");
            }

            Assert.Equal(sizes, string.Join(' ', read));
        }
    }

    [Fact]
    public async Task Next_EndlessMessage_IsTheEnd() =>
        Assert.Null(await new TerminalSizes(new Pieces(new string('{', 100_000), 1000)).NextAsync(CancellationToken.None));

    /// <summary>A client's text, a few bytes at a time.</summary>
    private sealed class Pieces(string text, int pieceLength) : IInputChannel
    {
        private ReadOnlyMemory<byte> _rest = Encoding.ASCII.GetBytes(text);

        public ValueTask<int> ReadAsync(Memory<byte> target, CancellationToken cancellationToken)
        {
            var piece = _rest[..Math.Min(Math.Min(pieceLength, target.Length), _rest.Length)];
            piece.CopyTo(target);
            _rest = _rest[piece.Length..];
            return ValueTask.FromResult(piece.Length);
        }
    }
}
