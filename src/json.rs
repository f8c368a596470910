//! From text to the members of a strict JSON object: one reader for header, claims, JWK and JWK
//! Set. RFC 8259, RFC 7515 section 4, RFC 7517 section 4, RFC 7519 section 4.
//!
//! A cursor moves over the text and builds no tree. Callers [`pick`] the members they need by name;
//! strings and arrays are kept as spans of the text. The other values are validated too: nested no
//! deeper than [`MAX_DEPTH`], no lone surrogate, no number beyond a double. Reading allocates only
//! for strings with escapes and for an object with more than 24 members.

mod cursor;
mod fault;
mod names;
mod number;
mod string;

use alloc::{borrow::Cow, boxed::Box};

use crate::JsonError;

use cursor::Cursor;
use names::NamesSeen;

pub(crate) use fault::fault;
pub(crate) use number::{Exact, Number};

/// The members of one object, in order. The text must contain nothing else.
pub(crate) struct Members<'a> {
    cursor: Cursor<'a>,
    names: NamesSeen<'a>,
    value_start: usize,
}

impl<'a> Members<'a> {
    /// The members of `text`, which must be an object.
    #[inline]
    pub(crate) fn of(text: &'a str) -> Result<Self, JsonError> {
        Self::after(Cursor::of(text))
    }

    #[inline]
    fn after(mut cursor: Cursor<'a>) -> Result<Self, JsonError> {
        match cursor.open_object() {
            true => Ok(Self { cursor, names: NamesSeen::default(), value_start: 0 }),
            false => Err(cursor.not_object()),
        }
    }

    /// The next member, or `None` at the end of the object and the text.
    ///
    /// A repeated name is reported only at the end: until then, the text may turn out not to be
    /// JSON.
    pub(crate) fn next(&mut self) -> Result<Option<(Cow<'a, str>, Value)>, JsonError> {
        let is_first = self.names.count() == 0;
        if !self.cursor.has_member(is_first)? {
            self.cursor.end()?;
            return match self.names.any_repeated() {
                true => Err(JsonError::DuplicateMember),
                false => Ok(None),
            };
        }
        let name = self.cursor.name()?.characters(self.cursor.text());
        self.names.insert(&name);
        self.value_start = self.cursor.place();
        // The object itself is one level.
        let value = self.cursor.value(MAX_DEPTH.saturating_sub(1))?;
        Ok(Some((name, value)))
    }

    /// The text of the value just read.
    pub(crate) fn value_text(&self) -> &'a str {
        self.value_span().within(self.cursor.text()).trim_ascii_start()
    }

    /// The position of the value just read, and of the white space before it.
    pub(crate) fn value_span(&self) -> Span {
        self.cursor.span_from(self.value_start)
    }

    /// The number of members read so far.
    pub(crate) fn count(&self) -> usize {
        self.names.count()
    }
}

/// The values of the members called `names` of the object that `text` is, in the order of `names`.
/// Their types are not checked yet. The other members are validated and not kept.
// Measured: if this is not inlined, the names are no constants where they are compared, and a whole
// token takes 4.6 % more instructions.
#[inline(always)]
pub(crate) fn pick<const N: usize>(
    text: &str,
    names: [&str; N],
) -> Result<[Option<Value>; N], JsonError> {
    let mut members = Members::of(text)?;
    let mut values = [None; N];
    while let Some((name, value)) = members.next()? {
        let place = names.iter().zip(&mut values).find(|(wanted, _)| **wanted == name);
        if let Some((_, place)) = place {
            *place = Some(value);
        }
    }
    Ok(values)
}

/// The members of the object that `text` is, up to the first fault in the text.
pub(crate) fn up_to_fault(text: &str) -> impl Iterator<Item = (Cow<'_, str>, Value)> {
    let mut members = Members::of(text).ok();
    core::iter::from_fn(move || members.as_mut()?.next().ok()?)
}

/// Whether `text` is an object and, after white space, the beginning of another.
pub(crate) fn is_followed_by_object(text: &str) -> bool {
    Cursor::of(text).has_two_objects()
}

/// The value of the member `name` of the object that `text` is, for readers that need no other. All of
/// the text is validated, but no other name is compared.
pub(crate) fn member(text: &str, name: &str) -> Result<Option<Value>, JsonError> {
    let mut cursor = Cursor::of(text);
    if !cursor.open_object() {
        return Err(cursor.not_object());
    }
    let (mut found, mut repeated, mut is_first) = (None, false, true);
    while cursor.has_member(is_first)? {
        let is_it = cursor.name()?.characters(text) == name;
        let value = cursor.value(MAX_DEPTH.saturating_sub(1))?;
        if is_it {
            repeated |= found.replace(value).is_some();
        }
        is_first = false;
    }
    cursor.end()?;
    match repeated {
        true => Err(JsonError::DuplicateMember),
        false => Ok(found),
    }
}

/// The value that `names` lead to in the object that `text` is: each is the name of a member of the
/// object before it. All of these objects are read to the end. A name that occurs twice in one is an
/// error, because another parser might go another way.
pub(crate) fn follow<'n>(
    text: &str,
    names: impl IntoIterator<Item = &'n str>,
) -> Result<Option<Value>, JsonError> {
    let mut found = Some((Value::Object, Cursor::of(text)));
    for name in names {
        let Some((Value::Object, object)) = found else { return Ok(None) };
        let mut members = Members::after(object)?;
        found = None;
        while let Some((other, value)) = members.next()? {
            if other == name {
                found = Some((value, Cursor::within(text, members.value_span())));
            }
        }
    }
    Ok(found.map(|(value, _)| value))
}

/// A JSON value. Strings and arrays are kept as positions; objects are validated and not kept.
#[derive(Clone, Copy)]
pub(crate) enum Value {
    Null,
    Bool,
    Number(Number),
    String(Quoted),
    Array(Array),
    Object,
}

/// A string: the position of the characters between its quotation marks.
#[derive(Clone, Copy)]
pub(crate) struct Quoted {
    span: Span,
    spelling: Spelling,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Spelling {
    Plain,
    WithEscapes,
}

impl Quoted {
    /// The characters, given the text that was read.
    #[inline]
    pub(crate) fn characters<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let characters = self.span.within(text);
        match self.spelling {
            Spelling::Plain => Cow::Borrowed(characters),
            Spelling::WithEscapes => Cow::Owned(string::unescaped(characters)),
        }
    }

    /// The string in a form to keep together with the text that was read.
    #[inline]
    pub(crate) fn to_text(self, text: &str) -> Text {
        match self.spelling {
            Spelling::Plain => Text::Plain(self.span),
            Spelling::WithEscapes => Text::Unescaped(self.characters(text).into()),
        }
    }
}

/// An array: its position and the kind of its elements.
#[derive(Clone, Copy)]
pub(crate) struct Array {
    span: Span,
    holds: Holds,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Holds {
    /// Only strings, none with an escape.
    PlainStrings,
    /// Only strings.
    Strings,
    Others,
}

/// The characters of a JSON string: their position in the text or, if they were written with
/// escapes, the characters themselves.
#[derive(Clone)]
pub(crate) enum Text {
    Plain(Span),
    Unescaped(Box<str>),
}

impl Text {
    /// The characters, given the text that was read.
    #[inline]
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

/// One string, or an array of only strings.
#[derive(Clone)]
pub(crate) enum Texts {
    One(Text),
    /// The position of an array in which no string has an escape.
    Plain(Span),
    Unescaped(Box<[Box<str>]>),
}

impl Texts {
    /// The strings of an array that was read from `text`. `None` if any element is not a string.
    pub(crate) fn of_array(array: Array, text: &str) -> Option<Self> {
        match array.holds {
            Holds::PlainStrings => Some(Self::Plain(array.span)),
            Holds::Strings => {
                let array = array.span.within(text);
                let characters = |string: Quoted| Box::from(string.characters(array));
                Some(Self::Unescaped(Strings::of(array).map(characters).collect()))
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
        let plain = Strings::of(array).map(|string| string.span.within(array));
        one.into_iter().chain(plain).chain(unescaped.iter().map(|string| &**string))
    }

    pub(crate) fn is_empty(&self, text: &str) -> bool {
        match self {
            Self::One(_) => false,
            Self::Plain(array) => Cursor::of(array.within(text)).next_element().is_none(),
            Self::Unescaped(strings) => strings.is_empty(),
        }
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

/// The JSON texts of the elements of `array`, which was read from `text`.
pub(crate) fn elements(array: Array, text: &str) -> impl Iterator<Item = &str> {
    let array = array.span.within(text);
    let mut cursor = Cursor::of(array);
    core::iter::from_fn(move || {
        let start = cursor.next_element()?;
        cursor.value(MAX_DEPTH).ok()?;
        Some(cursor.span_from(start).within(array))
    })
}

/// A position in the text that was read, in bytes.
#[derive(Clone, Copy, Default)]
pub(crate) struct Span {
    start: u32,
    end: u32,
}

impl Span {
    #[inline]
    pub(crate) fn within(self, text: &str) -> &str {
        let range = usize::try_from(self.start).ok().zip(usize::try_from(self.end).ok());
        range.and_then(|(start, end)| text.get(start..end)).unwrap_or_default()
    }
}

/// The elements of an array that has already been read, and holds only strings.
struct Strings<'a>(Cursor<'a>);

impl<'a> Strings<'a> {
    fn of(array: &'a str) -> Self {
        Self(Cursor::of(array))
    }
}

impl Iterator for Strings<'_> {
    type Item = Quoted;

    fn next(&mut self) -> Option<Quoted> {
        self.0.next_element()?;
        self.0.string().ok()
    }
}

/// Levels of arrays and objects, the outermost object included. Tokens and key sets of the known
/// issuers need four.
const MAX_DEPTH: u8 = 32;
