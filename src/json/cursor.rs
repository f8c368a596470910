//! The grammar: values, strings and numbers. RFC 8259 sections 2 to 7.

use super::{Array, Holds, MAX_DEPTH, Number, Quoted, Span, Spelling, Value, number, string};
use crate::JsonError;

/// A text and a position in it.
pub(super) struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    #[inline]
    pub(super) fn of(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// At the start of `span`, with `text` ending where `span` does. Positions stay those in `text`.
    pub(super) fn within(text: &'a str, span: Span) -> Self {
        let end = usize::try_from(span.end).unwrap_or_default();
        let text = text.get(..end).unwrap_or_default();
        Self { text, at: usize::try_from(span.start).unwrap_or(end) }
    }

    #[inline]
    pub(super) fn text(&self) -> &'a str {
        self.text
    }

    #[inline]
    pub(super) fn place(&self) -> usize {
        self.at
    }

    /// Enters the object that the text begins with. Returns whether there is one.
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

    /// Whether an object is next, and then the beginning of another.
    #[cold]
    pub(super) fn has_two_objects(&mut self) -> bool {
        matches!(self.value(MAX_DEPTH), Ok(Value::Object)) && self.open_object()
    }

    /// Whether another member follows. If not, the cursor is past the object. A comma is allowed
    /// only between members.
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
    // Measured: if this is not inlined, a whole token takes 2.5 % more instructions.
    #[inline(always)]
    pub(super) fn name(&mut self) -> Result<Quoted, JsonError> {
        let name = self.string()?;
        self.skip_space();
        self.expect(b':')?;
        Ok(name)
    }

    /// The value that begins here, nested at most `levels` deep.
    #[inline]
    pub(super) fn value(&mut self, levels: u8) -> Result<Value, JsonError> {
        self.skip_space();
        match self.peek() {
            Some(b'"') => self.string().map(Value::String),
            Some(b'0'..=b'9' | b'-') => self.number().map(Value::Number),
            _ => self.other_value(levels),
        }
    }

    /// The start of the next element of a valid array. The cursor is before its `[` or after an
    /// element.
    pub(super) fn next_element(&mut self) -> Option<usize> {
        // Skips `[` or `,`.
        self.skip_space();
        self.at = self.at.wrapping_add(1);
        self.skip_space();
        (self.peek()? != b']').then_some(self.at)
    }

    /// Checks that only white space is left.
    pub(super) fn end(&mut self) -> Result<(), JsonError> {
        self.skip_space();
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(JsonError::Syntax),
        }
    }

    /// The span from `start`, an earlier position of the cursor, to here.
    #[inline]
    pub(super) fn span_from(&self, start: usize) -> Span {
        span(start, self.at)
    }

    #[inline]
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Steps over `byte` if it is next. Returns whether it was.
    #[inline]
    fn take(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        // Measured: added as a number, `is_next` delays the next position until the byte is loaded, and
        // this crate's part of a token takes 5 % longer.
        if is_next {
            self.at = self.at.wrapping_add(1);
        }
        is_next
    }

    #[inline]
    fn expect(&mut self, byte: u8) -> Result<(), JsonError> {
        if self.peek() != Some(byte) {
            return Err(JsonError::Syntax);
        }
        self.at = self.at.wrapping_add(1);
        Ok(())
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
            if !self.skip_plain_strings() {
                match self.value(levels)? {
                    Value::String(Quoted { spelling: Spelling::Plain, .. }) => {}
                    Value::String(_) => holds = holds.max(Holds::Strings),
                    _ => holds = Holds::Others,
                }
            }
            self.skip_space();
            if !self.take(b',') {
                break;
            }
        }
        self.expect(b']')?;
        Ok(Array { span: self.span_from(start), holds })
    }

    /// Skips strings without escapes, each with a comma right after it, up to the first that has none.
    /// Returns whether that one was skipped too; if not, the next element is another value. Long arrays
    /// consist of such strings, and the position stays in a register.
    fn skip_plain_strings(&mut self) -> bool {
        let bytes = self.text.as_bytes();
        while bytes.get(self.at) == Some(&b'"') {
            let end = string::plain_end(bytes, self.at.wrapping_add(1));
            match bytes.get(end..).and_then(|rest| rest.first_chunk()) {
                Some(b"\",") => self.at = end.wrapping_add(2),
                Some([b'"', _]) => {
                    self.at = end.wrapping_add(1);
                    return true;
                }
                _ => return false,
            }
        }
        false
    }

    /// A string, validated but not unescaped. RFC 8259 section 7.
    #[inline]
    pub(super) fn string(&mut self) -> Result<Quoted, JsonError> {
        let bytes = self.text.as_bytes();
        if bytes.get(self.at) != Some(&b'"') {
            return Err(JsonError::Syntax);
        }
        let start = self.at.wrapping_add(1);
        let mut end = string::plain_end(bytes, start);
        let mut spelling = Spelling::Plain;
        if bytes.get(end) != Some(&b'"') {
            end = string::end_of_escaped(bytes, end)?;
            spelling = Spelling::WithEscapes;
        }
        self.at = end.wrapping_add(1);
        Ok(Quoted { span: span(start, end), spelling })
    }

    /// A number whose nearest double is finite. RFC 8259 section 6.
    fn number(&mut self) -> Result<Number, JsonError> {
        let start = self.at;
        let negative = self.take(b'-');
        let first_digit = self.at;
        let (digits, integer) = match self.take(b'0') {
            true => (1, 0),
            false => self.digits()?,
        };
        let is_integer = !matches!(self.peek(), Some(b'.' | b'e' | b'E'));
        if is_integer && !negative && digits <= EXACT_DIGITS {
            return Ok(Number::Integer(integer));
        }
        if self.take(b'.') {
            self.digits()?;
        }
        let significand = self.span_from(first_digit);
        let exponent = match self.take(b'e') || self.take(b'E') {
            true => self.exponent()?,
            false => 0,
        };
        match number::is_finite(significand.within(self.text), exponent) {
            true => Ok(Number::Other(self.span_from(start))),
            false => Err(JsonError::Syntax),
        }
    }

    /// An exponent, the part after `e`. One that does not fit its type is clamped.
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

    /// One or more digits: their count, and their value if there are at most [`EXACT_DIGITS`].
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

#[inline]
fn span(start: usize, end: usize) -> Span {
    // Every text has a length limit far below 4 GiB.
    let narrow = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    Span { start: narrow(start), end: narrow(end) }
}

/// A double represents every integer of this many decimal digits exactly.
const EXACT_DIGITS: usize = 15;
