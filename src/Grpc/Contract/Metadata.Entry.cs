using System.Buffers;
using System.Text;

namespace Grpc.Core;

public sealed partial class Metadata
{
    /// <summary>One key and its value: text, or bytes when the key ends in "-bin".</summary>
    public sealed class Entry
    {
        private static readonly SearchValues<char> s_keyCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789._-");

        private readonly string? _value;
        private readonly byte[]? _valueBytes;

        /// <exception cref="ArgumentException">The key is not a metadata key, or it is one for bytes.</exception>
        public Entry(string key, string value)
        {
            Key = CheckedKey(key);
            if (IsBinary)
            {
                throw new ArgumentException($"key \"{Key}\" is for bytes, not for text", nameof(key));
            }

            ArgumentNullException.ThrowIfNull(value);
            _value = value;
        }

        /// <exception cref="ArgumentException">The key is not a metadata key, or it is one for text.</exception>
        public Entry(string key, byte[] valueBytes)
        {
            Key = CheckedKey(key);
            if (!IsBinary)
            {
                throw new ArgumentException($"key \"{Key}\" lacks the suffix {BinaryHeaderSuffix}", nameof(key));
            }

            ArgumentNullException.ThrowIfNull(valueBytes);
            _valueBytes = valueBytes;
        }

        /// <summary>Lower case.</summary>
        public string Key { get; }

        public bool IsBinary => Key.EndsWith(BinaryHeaderSuffix, StringComparison.Ordinal);

        /// <exception cref="InvalidOperationException">The value is bytes.</exception>
        public string Value => _value ?? throw new InvalidOperationException($"the value of \"{Key}\" is bytes");

        public byte[] ValueBytes => _valueBytes ?? Encoding.ASCII.GetBytes(_value!);

        public override string ToString() => IsBinary ? $"{Key}: {Convert.ToBase64String(_valueBytes!)}" : $"{Key}: {_value}";

        private static string CheckedKey(string key)
        {
            ArgumentException.ThrowIfNullOrEmpty(key);
            var lower = key.ToLowerInvariant();
            return lower.AsSpan().ContainsAnyExcept(s_keyCharacters)
                ? throw new ArgumentException($"\"{key}\" is not a metadata key", nameof(key))
                : lower;
        }
    }
}
