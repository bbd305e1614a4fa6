using System.Globalization;

namespace CriShim.CriServer.Images.Toml;

/// <summary>
/// Reads the part of TOML 1.0 that registry host files are written in: tables, bare and quoted keys, dotted keys, basic and literal
/// strings on one line, integers, booleans, arrays and inline tables. Everything else is refused, with its line.
/// </summary>
internal sealed class TomlReader
{
    private const int MaxNesting = 32;

    private readonly TomlScanner _scanner;
    private int _nesting;

    private TomlReader(string text) => _scanner = new TomlScanner(text);

    /// <exception cref="TomlException">Not TOML, or TOML that is beyond the subset.</exception>
    public static TomlTable Parse(string text) => new TomlReader(text).ReadDocument();

    private TomlTable ReadDocument()
    {
        var root = new TomlTable { Defined = true };
        var current = root;
        while (_scanner.SkipToContent())
        {
            if (_scanner.TryTake('['))
            {
                current = ReadHeader(root);
            }
            else
            {
                ReadEntry(current);
            }

            _scanner.ExpectLineEnd();
        }

        return root;
    }

    private TomlTable ReadHeader(TomlTable root)
    {
        if (_scanner.Peek() == '[')
        {
            throw _scanner.Error("arrays of tables are not supported");
        }

        var table = Descend(root, ReadKey());
        _scanner.SkipBlanks();
        _scanner.Expect(']');
        if (table.Defined)
        {
            throw _scanner.Error("table is defined twice");
        }

        table.Defined = true;
        return table;
    }

    private void ReadEntry(TomlTable table)
    {
        var path = ReadKey();
        _scanner.SkipBlanks();
        _scanner.Expect('=');
        _scanner.SkipBlanks();
        var value = ReadValue();
        if (!Descend(table, path[..^1]).TryAdd(path[^1], value))
        {
            throw _scanner.Error($"key \"{path[^1]}\" is set twice");
        }
    }

    private TomlTable Descend(TomlTable table, List<string> path)
    {
        foreach (var key in path)
        {
            table.TryAdd(key, new TomlTable());
            table = table[key] as TomlTable ?? throw _scanner.Error($"\"{key}\" is not a table");
        }

        return table;
    }

    private List<string> ReadKey()
    {
        var path = new List<string>();
        do
        {
            _scanner.SkipBlanks();
            path.Add(_scanner.Peek() is '"' or '\'' ? _scanner.ReadString() : _scanner.ReadBareKey());
            _scanner.SkipBlanks();
        }
        while (_scanner.TryTake('.'));
        return path;
    }

    private object ReadValue()
    {
        if (++_nesting > MaxNesting)
        {
            throw _scanner.Error("values are nested too deeply");
        }

        object value = _scanner.Peek() switch
        {
            '"' or '\'' => _scanner.ReadString(),
            '[' => ReadArray(),
            '{' => ReadInlineTable(),
            _ => ReadScalar(_scanner.ReadWord()),
        };
        _nesting--;
        return value;
    }

    private List<object> ReadArray()
    {
        _scanner.Expect('[');
        var items = new List<object>();
        while (true)
        {
            _scanner.SkipToContent();
            if (_scanner.TryTake(']'))
            {
                return items;
            }

            items.Add(ReadValue());
            _scanner.SkipToContent();
            if (!_scanner.TryTake(','))
            {
                _scanner.Expect(']');
                return items;
            }
        }
    }

    private TomlTable ReadInlineTable()
    {
        _scanner.Expect('{');
        var table = new TomlTable { Defined = true };
        _scanner.SkipBlanks();
        if (_scanner.TryTake('}'))
        {
            return table;
        }

        do
        {
            ReadEntry(table);
            _scanner.SkipBlanks();
        }
        while (_scanner.TryTake(','));
        _scanner.Expect('}');
        return table;
    }

    private object ReadScalar(string word) => word switch
    {
        "true" => true,
        "false" => false,
        _ when long.TryParse(word, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) => number,
        _ => throw _scanner.Error($"invalid value \"{word}\""),
    };
}
