//! Bytes to a strict JSON object: one reader for header, claims, JWK and JWK Set.
//! RFC 8259, RFC 7515 section 4, RFC 7517 section 4, RFC 7519 section 4.
//!
//! A cursor over the text that builds no tree: the caller pulls one member after the other and takes
//! the values it needs, as spans of the text. Every other value is validated all the same: nested no
//! deeper than [`MAX_DEPTH`], no lone surrogate, no number that overflows.

use alloc::{borrow::Cow, boxed::Box, collections::BTreeSet, string::String, vec::Vec};

use crate::JsonError;

/// The members of one object, in order, and nothing before or after that object.
pub(crate) struct Members<'a> {
    cursor: Cursor<'a>,
    names: Names<'a>,
    next: Next,
}

/// What the cursor stands before.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    FirstMember,
    Value,
    Separator,
    Nothing,
}

impl<'a> Members<'a> {
    /// The object that `text` is.
    #[inline]
    pub(crate) fn of(text: &'a str) -> Result<Self, JsonError> {
        let mut cursor = Cursor::of(text);
        cursor.skip_space();
        match cursor.expect("{") {
            Ok(()) => Ok(Self { cursor, names: Names::default(), next: Next::FirstMember }),
            Err(_) => Err(cursor.not_object()),
        }
    }

    /// The next member's name, or none when the object and the text have ended.
    ///
    /// A repeated name is reported then, since what comes before it may not be JSON at all.
    pub(crate) fn next(&mut self) -> Result<Option<Cow<'a, str>>, JsonError> {
        if self.next == Next::Value {
            self.value()?;
        }
        self.cursor.skip_space();
        match (self.next, self.cursor.peek()) {
            (Next::Nothing, _) => return Ok(None),
            (_, Some(b'}')) => {
                self.cursor.advance(1);
                self.cursor.end()?;
                self.next = Next::Nothing;
                return match self.names.repeated {
                    true => Err(JsonError::DuplicateMember),
                    false => Ok(None),
                };
            }
            (Next::FirstMember, _) => {}
            (_, Some(b',')) => {
                self.cursor.advance(1);
                self.cursor.skip_space();
            }
            _ => return Err(JsonError::Syntax),
        }
        let name = self.cursor.name()?;
        self.names.insert(&name);
        self.next = Next::Value;
        Ok(Some(name))
    }

    /// The value of the member just named.
    pub(crate) fn value(&mut self) -> Result<Value, JsonError> {
        self.next = Next::Separator;
        // One level is the object itself.
        self.cursor.value(MAX_DEPTH.saturating_sub(1))
    }

    /// How many members there have been.
    pub(crate) fn count(&self) -> usize {
        self.names.count
    }
}

/// A JSON value; of an array, only where it is, and of an object nothing.
pub(crate) enum Value {
    Null,
    Bool,
    Number(f64),
    String(Text),
    Array(Array),
    Object,
}

/// An array: where it is, and what it holds.
#[derive(Clone, Copy)]
pub(crate) struct Array {
    span: Span,
    holds: Holds,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Holds {
    /// Nothing but strings, none of which has an escape.
    PlainStrings,
    /// Nothing but strings.
    Strings,
    Others,
}

/// The characters of a JSON string: where they are in the text or, if they were written with
/// escapes, the characters themselves.
#[derive(Clone)]
pub(crate) enum Text {
    Plain(Span),
    Unescaped(Box<str>),
}

impl Text {
    /// The characters, given the text that was read.
    pub(crate) fn within<'t>(&'t self, text: &'t str) -> &'t str {
        match self {
            Self::Plain(span) => span.within(text),
            Self::Unescaped(characters) => characters,
        }
    }

    /// Bytes held beside the text that was read.
    #[cfg(feature = "std")]
    pub(crate) fn extra_bytes(&self) -> usize {
        match self {
            Self::Plain(_) => 0,
            Self::Unescaped(characters) => characters.len(),
        }
    }
}

/// One string, or an array of nothing but strings.
#[derive(Clone)]
pub(crate) enum Texts {
    One(Text),
    /// The array, in which no string has an escape.
    Plain(Span),
    Unescaped(Box<[Box<str>]>),
}

impl Texts {
    /// The strings of an array, which was read from `text`. None if it holds anything else.
    pub(crate) fn of_array(array: Array, text: &str) -> Option<Self> {
        match array.holds {
            Holds::PlainStrings => Some(Self::Plain(array.span)),
            Holds::Strings => {
                let mut elements = Elements::of(array.span.within(text));
                let mut strings: Vec<Box<str>> = Vec::new();
                while let Some(Value::String(string)) = elements.next_value() {
                    strings.push(string.within(elements.cursor.text).into());
                }
                Some(Self::Unescaped(strings.into()))
            }
            Holds::Others => None,
        }
    }

    /// The strings, given the text that was read.
    pub(crate) fn within<'t>(&'t self, text: &'t str) -> impl Iterator<Item = &'t str> {
        let (one, array, unescaped) = match self {
            Self::One(string) => (Some(string.within(text)), "[]", [].as_slice()),
            Self::Plain(array) => (None, array.within(text), [].as_slice()),
            Self::Unescaped(strings) => (None, "[]", &**strings),
        };
        let plain = PlainStrings(Elements::of(array));
        one.into_iter().chain(plain).chain(unescaped.iter().map(|string| &**string))
    }

    pub(crate) fn is_empty(&self, text: &str) -> bool {
        self.within(text).next().is_none()
    }

    /// Bytes held beside the text that was read.
    #[cfg(feature = "std")]
    pub(crate) fn extra_bytes(&self) -> usize {
        match self {
            Self::One(string) => string.extra_bytes(),
            Self::Plain(_) => 0,
            Self::Unescaped(strings) => strings
                .iter()
                .map(|string| string.len().saturating_add(size_of::<Box<str>>()))
                .fold(0, usize::saturating_add),
        }
    }
}

/// The texts of the elements of `array`, which was read from `text`.
pub(crate) fn elements(array: Array, text: &str) -> impl Iterator<Item = &str> {
    let mut elements = Elements::of(array.span.within(text));
    core::iter::from_fn(move || elements.next_text())
}

/// Where something is in the text that was read, in bytes.
#[derive(Clone, Copy)]
pub(crate) struct Span {
    start: u32,
    end: u32,
}

impl Span {
    pub(crate) fn within(self, text: &str) -> &str {
        let range = usize::try_from(self.start).ok().zip(usize::try_from(self.end).ok());
        range.and_then(|(start, end)| text.get(start..end)).unwrap_or_default()
    }
}

/// The elements of an array that has been validated before.
struct Elements<'a> {
    cursor: Cursor<'a>,
}

impl<'a> Elements<'a> {
    fn of(array: &'a str) -> Self {
        Self { cursor: Cursor::of(array) }
    }

    fn next_value(&mut self) -> Option<Value> {
        // Past `[` or `,`.
        self.cursor.skip_space();
        self.cursor.advance(1);
        self.cursor.skip_space();
        match self.cursor.peek()? {
            b']' => None,
            _ => self.cursor.value(MAX_DEPTH).ok(),
        }
    }

    fn next_text(&mut self) -> Option<&'a str> {
        self.cursor.skip_space();
        self.cursor.advance(1);
        self.cursor.skip_space();
        let start = self.cursor.at;
        match self.cursor.peek()? {
            b']' => None,
            _ => {
                self.cursor.value(MAX_DEPTH).ok()?;
                Some(self.cursor.span_from(start).within(self.cursor.text))
            }
        }
    }
}

/// The strings of an array that holds nothing but strings without escapes.
struct PlainStrings<'a>(Elements<'a>);

impl<'a> Iterator for PlainStrings<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        match self.0.next_value()? {
            Value::String(Text::Plain(span)) => Some(span.within(self.0.cursor.text)),
            _ => None,
        }
    }
}

/// A place in a text.
struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    fn of(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    #[inline]
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// The text from here on, which may begin inside of a character.
    #[inline]
    fn rest(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    #[inline]
    fn advance(&mut self, bytes: usize) {
        self.at = self.at.wrapping_add(bytes);
    }

    #[inline]
    fn skip_space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.advance(1);
        }
    }

    #[inline]
    fn expect(&mut self, text: &str) -> Result<(), JsonError> {
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
    fn not_object(&mut self) -> JsonError {
        let read = self.value(MAX_DEPTH).and_then(|_| self.end());
        read.err().unwrap_or(JsonError::NotObject)
    }

    fn end(&mut self) -> Result<(), JsonError> {
        self.skip_space();
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(JsonError::Syntax),
        }
    }

    /// From `start`, where the cursor has been, to here.
    #[inline]
    fn span_from(&self, start: usize) -> Span {
        // No text is longer than its limit, which is far below 4 GiB.
        let narrow = |at: usize| at.try_into().unwrap_or(u32::MAX);
        Span { start: narrow(start), end: narrow(self.at) }
    }

    /// A member's name and the colon after it.
    fn name(&mut self) -> Result<Cow<'a, str>, JsonError> {
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
    fn value(&mut self, levels: u8) -> Result<Value, JsonError> {
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

/// The names of an object's members so far.
#[derive(Default)]
struct Names<'a> {
    /// A bit for each name, which most names have to themselves: they need not be compared.
    bits: u64,
    first: [&'a str; 24],
    taken: usize,
    /// Those for which there was no room, and those written with escapes.
    others: BTreeSet<Cow<'a, str>>,
    count: usize,
    repeated: bool,
}

impl<'a> Names<'a> {
    #[inline]
    #[expect(clippy::ptr_arg, reason = "a borrowed name is kept as it is")]
    fn insert(&mut self, name: &Cow<'a, str>) {
        let bit = bit(name);
        if self.bits & bit != 0 {
            self.repeated |= self.contains(name);
        }
        self.bits |= bit;
        self.count = self.count.saturating_add(1);
        match (name, self.first.get_mut(self.taken)) {
            (Cow::Borrowed(name), Some(place)) => {
                *place = name;
                self.taken = self.taken.saturating_add(1);
            }
            _ => {
                self.others.insert(name.clone());
            }
        }
    }

    fn contains(&self, name: &str) -> bool {
        self.first.iter().take(self.taken).any(|taken| *taken == name) || self.others.contains(name)
    }
}

/// One of 64 bits, by the length and the last two characters.
#[inline]
fn bit(name: &str) -> u64 {
    let last = name.as_bytes().last_chunk::<2>().copied().unwrap_or_default();
    let mixed = u16::from_le_bytes(last).wrapping_mul(0x9E37);
    let length = u32::try_from(name.len()).unwrap_or_default();
    1_u64.rotate_left((u32::from(mixed) >> 10).wrapping_add(length))
}

/// Levels of arrays and objects, the outermost object included. Tokens and key sets of the known
/// issuers need four.
const MAX_DEPTH: u8 = 32;

/// So many decimal digits fit a double exactly.
const EXACT_DIGITS: usize = 15;

const ONES: u64 = 0x0101_0101_0101_0101;
const TOPS: u64 = 0x8080_8080_8080_8080;
