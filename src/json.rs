//! Bytes to a strict JSON object: one reader for header, claims, JWK and JWK Set.
//! RFC 8259, RFC 7515 section 4, RFC 7517 section 4, RFC 7519 section 4.
//!
//! A cursor over the text that builds no tree: the caller pulls one member after the other and takes
//! the values it needs, as spans of the text. Every other value is validated all the same: nested no
//! deeper than [`MAX_DEPTH`], no lone surrogate, no number that overflows.

mod cursor;
mod names;

use alloc::{borrow::Cow, boxed::Box, vec::Vec};

use crate::JsonError;

use cursor::Cursor;
use names::Names;

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

    /// The same, with its text.
    pub(crate) fn value_and_text(&mut self) -> Result<(Value, &'a str), JsonError> {
        let start = self.cursor.at;
        let value = self.value()?;
        Ok((value, self.cursor.span_from(start).within(self.cursor.text)))
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

/// Levels of arrays and objects, the outermost object included. Tokens and key sets of the known
/// issuers need four.
const MAX_DEPTH: u8 = 32;
