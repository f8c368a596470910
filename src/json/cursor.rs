//! The grammar: values, strings and numbers. RFC 8259 sections 2 to 7.

use alloc::{borrow::Cow, boxed::Box, string::String};

use super::{Array, Holds, MAX_DEPTH, Span, Text, Value};
use crate::JsonError;

/// A place in a text.
pub(super) struct Cursor<'a> {
    pub(super) text: &'a str,
    pub(super) at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    #[inline]
    pub(super) fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// The text from here on, which may begin inside of a character.
    #[inline]
    pub(super) fn rest(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    #[inline]
    pub(super) fn advance(&mut self, bytes: usize) {
        self.at = self.at.wrapping_add(bytes);
    }

    #[inline]
    pub(super) fn skip_space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.advance(1);
        }
    }

    #[inline]
    pub(super) fn expect(&mut self, text: &str) -> Result<(), JsonError> {
        match self.rest().starts_with(text.as_bytes()) {
            true => {
                self.advance(text.len());
                Ok(())
            }
            false => Err(JsonError::Syntax),
        }
    }

    /// Why a text that does not begin with an object is refused.
    #[cold]
    pub(super) fn not_object(&mut self) -> JsonError {
        let read = self.value(MAX_DEPTH).and_then(|_| self.end());
        read.err().unwrap_or(JsonError::NotObject)
    }

    pub(super) fn end(&mut self) -> Result<(), JsonError> {
        self.skip_space();
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(JsonError::Syntax),
        }
    }

    /// From `start`, where the cursor has been, to here.
    #[inline]
    pub(super) fn span_from(&self, start: usize) -> Span {
        // No text is longer than its limit, which is far below 4 GiB.
        let narrow = |at: usize| at.try_into().unwrap_or(u32::MAX);
        Span { start: narrow(start), end: narrow(self.at) }
    }

    /// A member's name and the colon after it.
    pub(super) fn name(&mut self) -> Result<Cow<'a, str>, JsonError> {
        let name = match self.string()? {
            Text::Plain(span) => Cow::Borrowed(span.within(self.text)),
            Text::Unescaped(characters) => Cow::Owned(characters.into()),
        };
        self.skip_space();
        self.expect(":")?;
        self.skip_space();
        Ok(name)
    }

    /// The value that begins here, in which `levels` more may be opened.
    pub(super) fn value(&mut self, levels: u8) -> Result<Value, JsonError> {
        self.skip_space();
        match self.peek().ok_or(JsonError::Syntax)? {
            b'"' => self.string().map(Value::String),
            b'{' => self.object(levels).map(|()| Value::Object),
            b'[' => {
                let start = self.at;
                let holds = self.array(levels)?;
                Ok(Value::Array(Array { span: self.span_from(start), holds }))
            }
            b't' => self.expect("true").map(|()| Value::Bool),
            b'f' => self.expect("false").map(|()| Value::Bool),
            b'n' => self.expect("null").map(|()| Value::Null),
            _ => self.number().map(Value::Number),
        }
    }

    fn object(&mut self, levels: u8) -> Result<(), JsonError> {
        let levels = levels.checked_sub(1).ok_or(JsonError::TooDeep)?;
        self.advance(1);
        self.skip_space();
        if self.peek() == Some(b'}') {
            self.advance(1);
            return Ok(());
        }
        loop {
            self.skip_space();
            self.name()?;
            self.value(levels)?;
            self.skip_space();
            match self.peek() {
                Some(b',') => self.advance(1),
                Some(b'}') => break,
                _ => return Err(JsonError::Syntax),
            }
        }
        self.advance(1);
        Ok(())
    }

    fn array(&mut self, levels: u8) -> Result<Holds, JsonError> {
        let levels = levels.checked_sub(1).ok_or(JsonError::TooDeep)?;
        let mut holds = Holds::PlainStrings;
        self.advance(1);
        self.skip_space();
        if self.peek() == Some(b']') {
            self.advance(1);
            return Ok(holds);
        }
        loop {
            holds = match (self.value(levels)?, holds) {
                (Value::String(Text::Plain(_)), holds) => holds,
                (Value::String(Text::Unescaped(_)), Holds::PlainStrings) => Holds::Strings,
                (Value::String(Text::Unescaped(_)), holds) => holds,
                _ => Holds::Others,
            };
            self.skip_space();
            match self.peek() {
                Some(b',') => self.advance(1),
                Some(b']') => break,
                _ => return Err(JsonError::Syntax),
            }
        }
        self.advance(1);
        Ok(holds)
    }

    /// RFC 8259 section 7.
    fn string(&mut self) -> Result<Text, JsonError> {
        self.expect("\"")?;
        let start = self.at;
        self.plain_characters();
        let span = self.span_from(start);
        match self.peek() {
            Some(b'"') => {
                self.advance(1);
                Ok(Text::Plain(span))
            }
            _ => self.escaped(span.within(self.text)).map(Text::Unescaped),
        }
    }

    /// The rest of a string that begins with `plain`.
    #[cold]
    fn escaped(&mut self, plain: &str) -> Result<Box<str>, JsonError> {
        let mut characters = String::from(plain);
        loop {
            let start = self.at;
            self.plain_characters();
            characters.push_str(self.span_from(start).within(self.text));
            match *self.rest() {
                [b'"', ..] => {
                    self.advance(1);
                    return Ok(characters.into());
                }
                [b'\\', escape, ..] => {
                    self.advance(2);
                    characters.push(match escape {
                        b'"' | b'\\' | b'/' => char::from(escape),
                        b'b' => '\u{8}',
                        b'f' => '\u{c}',
                        b'n' => '\n',
                        b'r' => '\r',
                        b't' => '\t',
                        b'u' => self.code_point()?,
                        _ => return Err(JsonError::Syntax),
                    });
                }
                _ => return Err(JsonError::Syntax),
            }
        }
    }

    /// Up to a quotation mark, a backslash, a control character or the end, eight bytes at a time.
    #[inline]
    fn plain_characters(&mut self) {
        let mut rest = self.rest();
        while let Some((chunk, after)) = rest.split_first_chunk::<8>() {
            let stops = stops(u64::from_le_bytes(*chunk));
            if stops != 0 {
                let plain = usize::try_from(stops.trailing_zeros() / 8).unwrap_or_default();
                self.at = self.text.len().wrapping_sub(rest.len()).wrapping_add(plain);
                return;
            }
            rest = after;
        }
        let plain = rest.iter().take_while(|byte| !matches!(byte, b'"' | b'\\' | ..0x20)).count();
        self.at = self.text.len().wrapping_sub(rest.len()).wrapping_add(plain);
    }

    /// What follows `\u`: four digits, or a surrogate pair.
    fn code_point(&mut self) -> Result<char, JsonError> {
        let unit = u32::from(self.code_unit()?);
        let code_point = match unit {
            0xD800..=0xDBFF => {
                self.expect("\\u")?;
                let low = u32::from(self.code_unit()?).checked_sub(0xDC00);
                let low = low.filter(|low| *low < 0x400).ok_or(JsonError::Syntax)?;
                0x10000_u32.saturating_add((unit & 0x3FF) << 10 | low)
            }
            unit => unit,
        };
        // A low surrogate without a high one is no character.
        char::from_u32(code_point).ok_or(JsonError::Syntax)
    }

    fn code_unit(&mut self) -> Result<u16, JsonError> {
        let digits = self.rest().first_chunk::<4>().ok_or(JsonError::Syntax)?;
        self.advance(4);
        digits.iter().try_fold(0_u16, |unit, digit| {
            let digit = char::from(*digit).to_digit(16).and_then(|digit| u16::try_from(digit).ok());
            Ok(unit << 4 | digit.ok_or(JsonError::Syntax)?)
        })
    }

    /// RFC 8259 section 6, as the nearest double, which is finite.
    fn number(&mut self) -> Result<f64, JsonError> {
        let start = self.at;
        let negative = self.peek() == Some(b'-');
        if negative {
            self.advance(1);
        }
        let (digits, integer) = match self.peek() {
            Some(b'0') => {
                self.advance(1);
                (1, 0)
            }
            _ => self.digits()?,
        };
        let mut plain = !negative && digits <= EXACT_DIGITS;
        if self.peek() == Some(b'.') {
            self.advance(1);
            self.digits()?;
            plain = false;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.advance(1);
            if let Some(b'+' | b'-') = self.peek() {
                self.advance(1);
            }
            self.digits()?;
            plain = false;
        }
        if plain {
            #[expect(clippy::as_conversions, reason = "exact: fewer than 53 bits")]
            return Ok(integer as f64);
        }
        let number = self.span_from(start).within(self.text).parse::<f64>();
        number.ok().filter(|number| number.is_finite()).ok_or(JsonError::Syntax)
    }

    /// One or more digits: how many, and the number they are if there are at most [`EXACT_DIGITS`].
    fn digits(&mut self) -> Result<(usize, u64), JsonError> {
        let start = self.at;
        let mut number = 0_u64;
        while let Some(digit @ b'0'..=b'9') = self.peek() {
            number = number.wrapping_mul(10).wrapping_add(u64::from(digit & 0xF));
            self.advance(1);
        }
        match self.at.saturating_sub(start) {
            0 => Err(JsonError::Syntax),
            digits => Ok((digits, number)),
        }
    }
}

/// In `word`, the top bit of each byte that ends a run of plain characters. Bits above the lowest one
/// may be wrong, because subtraction borrows upwards.
#[inline]
fn stops(word: u64) -> u64 {
    let below = |word: u64, least: u64| word.wrapping_sub(ONES.wrapping_mul(least)) & !word & TOPS;
    // With the bit of 2 turned over, `"` comes right after the control characters.
    below(word ^ ONES.wrapping_mul(2), 0x21) | below(word ^ ONES.wrapping_mul(0x5C), 1)
}

/// So many decimal digits fit a double exactly.
const EXACT_DIGITS: usize = 15;

const ONES: u64 = 0x0101_0101_0101_0101;
const TOPS: u64 = 0x8080_8080_8080_8080;
