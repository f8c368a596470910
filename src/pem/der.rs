//! A reader of DER: one encoding for each value. ITU-T X.690 section 10.

use super::DerError;

/// A reader of the elements in `0`, one after the other.
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn new(der: &'a [u8]) -> Self {
        Self(der)
    }

    /// Reads the next element, which must have this tag: its contents.
    pub(super) fn contents(&mut self, tag: u8) -> Result<&'a [u8], DerError> {
        match self.element()? {
            (found, contents) if found == tag => Ok(contents),
            _ => Err(DerError::Type),
        }
    }

    /// Reads the elements in the next element, which must have this tag, with `read`. There must be no
    /// more of them.
    pub(super) fn elements<T, E: From<DerError>>(
        &mut self,
        tag: u8,
        read: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut inner = Self(self.contents(tag)?);
        let value = read(&mut inner)?;
        inner.end()?;
        Ok(value)
    }

    /// The next element with its tag and length.
    pub(super) fn whole(&mut self, tag: u8) -> Result<&'a [u8], DerError> {
        let before = self.0;
        self.contents(tag)?;
        let bytes = before.len().saturating_sub(self.0.len());
        before.get(..bytes).ok_or(DerError::Truncated)
    }

    /// A positive INTEGER without its sign octet. X.690 section 8.3.
    pub(super) fn positive_integer(&mut self) -> Result<&'a [u8], DerError> {
        match self.contents(INTEGER)? {
            // The sign octet must be needed.
            [0, number @ ..] if matches!(number, [0x80..=0xFF, ..]) => Ok(number),
            number @ [1..=0x7F, ..] => Ok(number),
            _ => Err(DerError::Integer),
        }
    }

    /// A BIT STRING of whole octets. X.690 section 8.6.
    pub(super) fn octets_in_bits(&mut self) -> Result<&'a [u8], DerError> {
        match self.contents(BIT_STRING)? {
            [0, octets @ ..] => Ok(octets),
            _ => Err(DerError::UnusedBits),
        }
    }

    /// Whether the next element has this tag.
    pub(super) fn is_next(&self, tag: u8) -> bool {
        self.0.first() == Some(&tag)
    }

    /// Whether the next element is the version of a private key. No modulus is so small.
    pub(super) fn starts_with_version(&self) -> bool {
        matches!(self.0, [INTEGER, 1, 0 | 1, ..])
    }

    /// Takes all that is left.
    pub(super) fn rest(&mut self) -> &'a [u8] {
        core::mem::take(&mut self.0)
    }

    /// Refuses any byte that is left.
    pub(super) fn end(self) -> Result<(), DerError> {
        match self.0 {
            [] => Ok(()),
            _ => Err(DerError::TrailingBytes),
        }
    }

    /// The tag and the contents of the next element.
    fn element(&mut self) -> Result<(u8, &'a [u8]), DerError> {
        let (length, rest) = match self.0 {
            [_, length @ ..=0x7F, rest @ ..] => (usize::from(*length), rest),
            // Section 10.1: the definite form in the least number of octets.
            [_, 0x81, length @ 0x80..=0xFF, rest @ ..] => (usize::from(*length), rest),
            [_, 0x82, high @ 1..=0xFF, low, rest @ ..] => {
                (usize::from(u16::from_be_bytes([*high, *low])), rest)
            }
            [_] | [] | [_, 0x81] | [_, 0x82] | [_, 0x82, _] => return Err(DerError::Truncated),
            _ => return Err(DerError::Length),
        };
        let tag = self.0.first().copied().ok_or(DerError::Truncated)?;
        let (contents, rest) = rest.split_at_checked(length).ok_or(DerError::Truncated)?;
        self.0 = rest;
        Ok((tag, contents))
    }
}

pub(super) const INTEGER: u8 = 0x02;
pub(super) const BIT_STRING: u8 = 0x03;
pub(super) const OBJECT_IDENTIFIER: u8 = 0x06;
pub(super) const SEQUENCE: u8 = 0x30;
