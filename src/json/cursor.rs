//! The grammar: values, strings and numbers. RFC 8259 sections 2 to 7.

use alloc::string::String;

use super::{Array, Holds, MAX_DEPTH, Number, Quoted, Span, Spelling, Value, number};
use crate::JsonError;

/// A place in a text.
pub(super) struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    #[inline]
    pub(super) fn of(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    #[inline]
    pub(super) fn text(&self) -> &'a str {
        self.text
    }

    #[inline]
    pub(super) fn place(&self) -> usize {
        self.at
    }

    /// Whether the text begins with an object, which is then entered.
    #[inline]
    pub(super) fn open_object(&mut self) -> bool {
        self.skip_space();
        self.take(b'{')
    }

    /// Why a text that does not begin with an object is refused.
    #[cold]
    pub(super) fn not_object(&mut self) -> JsonError {
        let read = self.value(MAX_DEPTH).and_then(|_| self.end());
        read.err().unwrap_or(JsonError::NotObject)
    }

    /// Whether the object has one more member, or has been left. Commas are only between members.
    #[inline]
    pub(super) fn has_member(&mut self, is_first: bool) -> Result<bool, JsonError> {
        self.skip_space();
        if self.take(b'}') {
            return Ok(false);
        }
        if !is_first {
            self.expect(b',')?;
            self.skip_space();
        }
        Ok(true)
    }

    /// A member's name and the colon after it.
    #[inline]
    pub(super) fn name(&mut self) -> Result<Quoted, JsonError> {
        let name = self.string()?;
        self.skip_space();
        self.expect(b':')?;
        Ok(name)
    }

    /// The value that begins here, in which `levels` more may be opened.
    #[inline]
    pub(super) fn value(&mut self, levels: u8) -> Result<Value, JsonError> {
        self.skip_space();
        match self.peek() {
            Some(b'"') => self.string().map(Value::String),
            Some(b'0'..=b'9' | b'-') => self.number().map(Value::Number),
            _ => self.other_value(levels),
        }
    }

    /// The start of the next element of a valid array, which begins before this place.
    pub(super) fn next_element(&mut self) -> Option<usize> {
        // Past `[` or `,`.
        self.skip_space();
        self.at = self.at.wrapping_add(1);
        self.skip_space();
        (self.peek()? != b']').then_some(self.at)
    }

    /// Nothing but white space is left.
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
        span(start, self.at)
    }

    #[inline]
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Whether the next byte is this one, which is then behind.
    #[inline]
    fn take(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        self.at = self.at.wrapping_add(usize::from(is_next));
        is_next
    }

    #[inline]
    fn expect(&mut self, byte: u8) -> Result<(), JsonError> {
        match self.take(byte) {
            true => Ok(()),
            false => Err(JsonError::Syntax),
        }
    }

    #[inline]
    fn skip_space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at = self.at.wrapping_add(1);
        }
    }

    /// A value that is neither a string nor a number.
    fn other_value(&mut self, levels: u8) -> Result<Value, JsonError> {
        match self.peek() {
            Some(b'{') => self.object(levels).map(|()| Value::Object),
            Some(b'[') => self.array(levels).map(Value::Array),
            Some(b't') => self.literal("true", Value::Bool),
            Some(b'f') => self.literal("false", Value::Bool),
            Some(b'n') => self.literal("null", Value::Null),
            _ => Err(JsonError::Syntax),
        }
    }

    fn literal(&mut self, name: &str, value: Value) -> Result<Value, JsonError> {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        match rest.starts_with(name.as_bytes()) {
            true => {
                self.at = self.at.wrapping_add(name.len());
                Ok(value)
            }
            false => Err(JsonError::Syntax),
        }
    }

    fn object(&mut self, levels: u8) -> Result<(), JsonError> {
        let levels = levels.checked_sub(1).ok_or(JsonError::TooDeep)?;
        self.expect(b'{')?;
        let mut is_first = true;
        while self.has_member(is_first)? {
            self.name()?;
            self.value(levels)?;
            is_first = false;
        }
        Ok(())
    }

    fn array(&mut self, levels: u8) -> Result<Array, JsonError> {
        let levels = levels.checked_sub(1).ok_or(JsonError::TooDeep)?;
        let start = self.at;
        let mut holds = Holds::PlainStrings;
        self.expect(b'[')?;
        self.skip_space();
        if self.take(b']') {
            return Ok(Array { span: self.span_from(start), holds });
        }
        loop {
            match self.value(levels)? {
                Value::String(Quoted { spelling: Spelling::Plain, .. }) => {}
                Value::String(_) => holds = holds.max(Holds::Strings),
                _ => holds = Holds::Others,
            }
            self.skip_space();
            if !self.take(b',') {
                break;
            }
        }
        self.expect(b']')?;
        Ok(Array { span: self.span_from(start), holds })
    }

    /// RFC 8259 section 7.
    #[inline]
    fn string(&mut self) -> Result<Quoted, JsonError> {
        let bytes = self.text.as_bytes();
        if bytes.get(self.at) != Some(&b'"') {
            return Err(JsonError::Syntax);
        }
        let start = self.at.wrapping_add(1);
        let mut end = plain_end(bytes, start);
        let mut spelling = Spelling::Plain;
        if bytes.get(end) != Some(&b'"') {
            end = end_of_escaped(bytes, end)?;
            spelling = Spelling::WithEscapes;
        }
        self.at = end.wrapping_add(1);
        Ok(Quoted { span: span(start, end), spelling })
    }

    /// RFC 8259 section 6; the nearest double is finite.
    fn number(&mut self) -> Result<Number, JsonError> {
        let start = self.at;
        let negative = self.take(b'-');
        let first_digit = self.at;
        let (digits, integer) = match self.take(b'0') {
            true => (1, 0),
            false => self.digits()?,
        };
        let mut plain = !negative && digits <= EXACT_DIGITS;
        if self.take(b'.') {
            self.digits()?;
            plain = false;
        }
        let significand = self.span_from(first_digit);
        let mut exponent = 0;
        if self.take(b'e') || self.take(b'E') {
            exponent = self.exponent()?;
            plain = false;
        }
        if plain {
            return Ok(Number::Integer(integer));
        }
        match number::is_finite(significand.within(self.text), exponent) {
            true => Ok(Number::Other(self.span_from(start))),
            false => Err(JsonError::Syntax),
        }
    }

    /// What follows `e`. One that is too large for its type is the largest.
    fn exponent(&mut self) -> Result<i64, JsonError> {
        let negative = self.take(b'-');
        let _sign = negative || self.take(b'+');
        let start = self.at;
        self.digits()?;
        let digits = self.span_from(start).within(self.text).bytes();
        let exponent = digits.fold(0_i64, |exponent, digit| {
            exponent.saturating_mul(10).saturating_add(i64::from(digit & 0xF))
        });
        Ok(if negative { exponent.saturating_neg() } else { exponent })
    }

    /// One or more digits: how many, and the number they are if there are at most [`EXACT_DIGITS`].
    #[inline]
    fn digits(&mut self) -> Result<(usize, u64), JsonError> {
        let (start, mut at, mut number) = (self.at, self.at, 0_u64);
        while let Some(digit @ b'0'..=b'9') = self.text.as_bytes().get(at) {
            number = number.wrapping_mul(10).wrapping_add(u64::from(digit & 0xF));
            at = at.wrapping_add(1);
        }
        self.at = at;
        match at.wrapping_sub(start) {
            0 => Err(JsonError::Syntax),
            digits => Ok((digits, number)),
        }
    }
}

/// The characters that `escaped`, the inside of a valid string, stands for.
#[cold]
pub(super) fn unescaped(escaped: &str) -> String {
    let mut characters = String::with_capacity(escaped.len());
    let mut rest = escaped;
    while let Some((plain, escape)) = rest.split_once('\\') {
        characters.push_str(plain);
        let Some((character, length)) = escape_at(escape.as_bytes(), 0) else { break };
        characters.push(character);
        rest = escape.get(length..).unwrap_or_default();
    }
    characters.push_str(rest);
    characters
}

/// Where a string ends that has a backslash at `at`, or whatever else is not a plain character.
#[cold]
fn end_of_escaped(bytes: &[u8], at: usize) -> Result<usize, JsonError> {
    let mut at = at;
    loop {
        at = plain_end(bytes, at);
        match bytes.get(at) {
            Some(b'"') => return Ok(at),
            Some(b'\\') => {
                let (_, length) = escape_at(bytes, at.wrapping_add(1)).ok_or(JsonError::Syntax)?;
                at = at.wrapping_add(1).wrapping_add(length);
            }
            _ => return Err(JsonError::Syntax),
        }
    }
}

/// What follows a backslash at `at`: the character it stands for, and its length.
fn escape_at(bytes: &[u8], at: usize) -> Option<(char, usize)> {
    let character = match bytes.get(at)? {
        byte @ (b'"' | b'\\' | b'/') => char::from(*byte),
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => {
            let digits = bytes.get(at.wrapping_add(1)..)?;
            let unit = code_unit(digits)?;
            if !(0xD800..0xDC00).contains(&unit) {
                // A low surrogate without a high one is no character.
                return char::from_u32(unit).map(|character| (character, 5));
            }
            let low = code_unit(digits.get(4..)?.strip_prefix(b"\\u")?)?.checked_sub(0xDC00)?;
            let pair = (low < 0x400).then_some((unit & 0x3FF) << 10 | low)?;
            return char::from_u32(pair.wrapping_add(0x10000)).map(|character| (character, 11));
        }
        _ => return None,
    };
    Some((character, 1))
}

/// The number that the first four hexadecimal digits are.
fn code_unit(digits: &[u8]) -> Option<u32> {
    let digits = digits.first_chunk::<4>()?;
    digits.iter().try_fold(0, |unit, digit| Some(unit << 4 | char::from(*digit).to_digit(16)?))
}

/// The first place from `start` on with a quotation mark, a backslash, a control character or the end
/// of the text, looked for eight bytes at a time.
#[inline]
fn plain_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start;
    while let Some(chunk) = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        let stops = stops(u64::from_le_bytes(*chunk));
        if stops != 0 {
            let plain = usize::try_from(stops.trailing_zeros() / 8).unwrap_or_default();
            return at.wrapping_add(plain);
        }
        at = at.wrapping_add(8);
    }
    while !matches!(bytes.get(at), None | Some(b'"' | b'\\' | ..0x20)) {
        at = at.wrapping_add(1);
    }
    at
}

/// In `word`, the top bit of each byte that ends a run of plain characters. Bits above the lowest one
/// may be wrong, because subtraction borrows upwards.
#[inline]
fn stops(word: u64) -> u64 {
    let below = |word: u64, least: u64| word.wrapping_sub(ONES.wrapping_mul(least)) & !word & TOPS;
    // With the bit of 2 turned over, `"` comes right after the control characters.
    below(word ^ ONES.wrapping_mul(2), 0x21) | below(word ^ ONES.wrapping_mul(0x5C), 1)
}

#[inline]
fn span(start: usize, end: usize) -> Span {
    // No text is longer than its limit, which is far below 4 GiB.
    let narrow = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    Span { start: narrow(start), end: narrow(end) }
}

/// So many decimal digits fit a double exactly.
const EXACT_DIGITS: usize = 15;

const ONES: u64 = 0x0101_0101_0101_0101;
const TOPS: u64 = 0x8080_8080_8080_8080;
