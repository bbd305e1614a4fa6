using System.Globalization;
using System.Text;

namespace CriShim.CriServer.Images.Toml;

/// <summary>The characters and words of a TOML document.</summary>
internal sealed class TomlScanner(string text)
{
    private const char End = '\0';
    private int _position;
    private int _line = 1;

    /// <summary>The next character, NUL at the end.</summary>
    public char Peek() => _position < text.Length ? text[_position] : End;

    public TomlException Error(string problem) => new(_line, problem);

    /// <summary>Past blanks, comments and line ends; false at the end of the document.</summary>
    public bool SkipToContent()
    {
        while (true)
        {
            SkipBlanks();
            switch (Peek())
            {
                case '#': SkipComment(); break;
                case '\n': _line++; _position++; break;
                case '\r' when _position + 1 < text.Length && text[_position + 1] == '\n': _position++; break;
                default: return _position < text.Length;
            }
        }
    }

    public void SkipBlanks()
    {
        while (Peek() is ' ' or '\t')
        {
            _position++;
        }
    }

    public bool TryTake(char c)
    {
        if (Peek() != c || _position >= text.Length)
        {
            return false;
        }

        _position++;
        return true;
    }

    public void Expect(char c)
    {
        if (!TryTake(c))
        {
            throw Error($"expected '{c}'");
        }
    }

    /// <summary>Nothing but blanks and a comment may be left in the line.</summary>
    public void ExpectLineEnd()
    {
        SkipBlanks();
        if (Peek() == '#')
        {
            SkipComment();
        }

        TryTake('\r');
        if (_position < text.Length && Peek() != '\n')
        {
            throw Error("expected the end of the line");
        }
    }

    public string ReadBareKey()
    {
        var start = _position;
        while (char.IsAsciiLetterOrDigit(Peek()) || Peek() is '_' or '-')
        {
            _position++;
        }

        return _position > start ? text[start.._position] : throw Error("expected a key");
    }

    /// <summary>A run of characters that ends at a blank, a comma, a bracket, a comment or the line's end.</summary>
    public string ReadWord()
    {
        var start = _position;
        while (_position < text.Length && Peek() is not (' ' or '\t' or ',' or ']' or '}' or '#' or '\r' or '\n'))
        {
            _position++;
        }

        return _position > start ? text[start.._position] : throw Error("expected a value");
    }

    /// <summary>"basic" with escapes, or 'literal'.</summary>
    public string ReadString()
    {
        var quote = Peek();
        if (string.CompareOrdinal(text, _position, new string(quote, 3), 0, 3) == 0)
        {
            throw Error("strings of several lines are not supported");
        }

        _position++;
        var value = new StringBuilder();
        while (Peek() != quote || _position >= text.Length)
        {
            if (_position >= text.Length || Peek() == '\n')
            {
                throw Error("string is not closed");
            }

            var c = text[_position++];
            if (c == '\\' && quote == '"')
            {
                ReadEscape(value);
            }
            else
            {
                value.Append(c);
            }
        }

        _position++;
        return value.ToString();
    }

    private void ReadEscape(StringBuilder value)
    {
        var c = Peek();
        _position++;
        switch (c)
        {
            case 'b': value.Append('\b'); break;
            case 't': value.Append('\t'); break;
            case 'n': value.Append('\n'); break;
            case 'f': value.Append('\f'); break;
            case 'r': value.Append('\r'); break;
            case '"' or '\\': value.Append(c); break;
            case 'u': value.Append(ReadRune(4)); break;
            case 'U': value.Append(ReadRune(8)); break;
            default: throw Error("invalid escape in a string");
        }
    }

    private string ReadRune(int digits)
    {
        if (_position + digits > text.Length
            || !int.TryParse(text.AsSpan(_position, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code)
            || !Rune.TryCreate(code, out var rune))
        {
            throw Error("invalid escape in a string");
        }

        _position += digits;
        return rune.ToString();
    }

    private void SkipComment()
    {
        while (_position < text.Length && Peek() != '\n')
        {
            _position++;
        }
    }
}
