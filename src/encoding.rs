//! Bytes given as JSON or PEM that cannot be either: their encoding is named in the error.

/// A property of bytes that are not a usable text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// Nothing, or nothing but white space.
    Empty,
    /// UTF-16, with a byte order mark or without.
    Utf16,
    /// UTF-8 with a byte order mark.
    ByteOrderMark,
    /// DER or BER: keys and certificates are sequences.
    Der,
}

impl Encoding {
    /// The encoding of `bytes`, unless they may be a text.
    pub(crate) fn of(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => Some(Self::Utf16),
            [0xEF, 0xBB, 0xBF, ..] => Some(Self::ByteOrderMark),
            // A long length: no UTF-8 text has such a byte after an ASCII character.
            [0x30, 0x80..=0x84, ..] => Some(Self::Der),
            [0x30, length, contents @ ..] if usize::from(*length) == contents.len() => {
                Some(Self::Der)
            }
            // RFC 4627 section 3: JSON begins with two ASCII characters, and so does PEM.
            [0, 1..=0x7F, 0, 1..=0x7F, ..] | [1..=0x7F, 0, 1..=0x7F, 0, ..] => Some(Self::Utf16),
            _ if bytes.trim_ascii().is_empty() => Some(Self::Empty),
            _ => None,
        }
    }
}
