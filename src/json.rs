//! Bytes to a strict JSON object: one reader for header, claims, JWK and JWK Set.
//! RFC 8259, RFC 7515 section 4, RFC 7517 section 4, RFC 7519 section 4.
//!
//! A serde visitor on serde_json that builds no tree and goes through everything it skips: what is
//! not looked at is still UTF-8, has no lone surrogate, no number that overflows and no more than
//! [`MAX_DEPTH`] levels. (`IgnoredAny` and derived structs check none of this, take an array for an
//! object and `null` for absence.)

use alloc::{borrow::Cow, boxed::Box, collections::BTreeSet, string::String, vec::Vec};
use core::{cell::Cell, fmt, marker::PhantomData};

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::JsonError;

/// What an object is read into: it is handed every member in order, repeated ones too, and takes the
/// value with a method of [`Next`].
pub(crate) trait Object<'a>: Default {
    fn member<M: MapAccess<'a>>(
        &mut self,
        name: &str,
        next: Next<'a, '_, M>,
    ) -> Result<(), M::Error>;
}

/// Reads `text`, which is to be one strict JSON object and nothing else.
pub(crate) fn read<'a, O: Object<'a>>(text: &'a str) -> Result<O, JsonError> {
    let fault = Cell::new(JsonError::Syntax);
    let level = Level { text, depth: MAX_DEPTH, fault: &fault };
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let mut object = O::default();
    // In place: the object is too large to be handed through serde's results.
    ObjectSeed { level, object: &mut object }
        .deserialize(&mut deserializer)
        .and_then(|outcome| deserializer.end().map(|()| outcome))
        .unwrap_or_else(|_| Err(fault.get()))
        .map(|()| object)
}

/// The value that belongs to the name just read.
pub(crate) struct Next<'a, 'm, M> {
    map: &'m mut M,
    level: Level<'a, 'm>,
}

impl<'a, M: MapAccess<'a>> Next<'a, '_, M> {
    /// Any value; an array is gone through and not kept.
    pub(crate) fn value(self) -> Result<Value, M::Error> {
        self.array()
    }

    /// Any value; of an array the strings are kept, if it holds nothing else.
    pub(crate) fn strings(self) -> Result<Value<Option<Texts>>, M::Error> {
        self.array()
    }

    /// Any value; of an array the elements are kept, read as objects.
    pub(crate) fn objects<O: Object<'a>>(self) -> Result<Value<Objects<O>>, M::Error> {
        self.array()
    }

    fn array<E: Elements<'a>>(self) -> Result<Value<E>, M::Error> {
        self.map.next_value_seed(ValueSeed { level: self.level, elements: PhantomData })
    }
}

/// A JSON value without what is inside it, but for the elements of an array where they were asked
/// for.
#[derive(Debug)]
pub(crate) enum Value<E = Skipped> {
    Null,
    Bool,
    Number(f64),
    String(Text),
    Array(E),
    Object,
    /// Not a value of the document, see [`spelled_number`].
    SpelledNumber(f64),
}

/// The characters of a JSON string: where they stand in the text that was read or, if they were
/// written with escapes, the characters themselves.
#[derive(Clone, Debug)]
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
}

/// An array of strings, kept like [`Text`]: between the first and the last of them, if none was
/// written with escapes, every second piece that quotation marks cut off is a string.
#[derive(Clone, Debug)]
pub(crate) enum Texts {
    Plain(Option<Span>),
    Unescaped(Vec<Box<str>>),
}

impl Texts {
    /// The strings, given the text that was read.
    pub(crate) fn within<'t>(&'t self, text: &'t str) -> impl Iterator<Item = &'t str> {
        let (plain, unescaped) = match self {
            Self::Plain(span) => (*span, [].as_slice()),
            Self::Unescaped(strings) => (None, strings.as_slice()),
        };
        plain
            .into_iter()
            .flat_map(|span| span.within(text).split('"').step_by(2))
            .chain(unescaped.iter().map(|string| &**string))
    }

    pub(crate) fn is_empty(&self) -> bool {
        matches!(self, Self::Plain(None))
    }

    fn push(self, string: Text, text: &str) -> Self {
        match (self, string) {
            (Self::Plain(None), Text::Plain(span)) => Self::Plain(Some(span)),
            (Self::Plain(Some(Span { start, .. })), Text::Plain(Span { end, .. })) => {
                Self::Plain(Some(Span { start, end }))
            }
            (strings, string) => {
                let mut strings = match strings {
                    Self::Unescaped(strings) => strings,
                    plain => plain.within(text).map(Box::from).collect(),
                };
                strings.push(string.within(text).into());
                Self::Unescaped(strings)
            }
        }
    }
}

impl From<Text> for Texts {
    fn from(string: Text) -> Self {
        match string {
            Text::Plain(span) => Self::Plain(Some(span)),
            Text::Unescaped(characters) => Self::Unescaped(Vec::from([characters])),
        }
    }
}

/// Where a string stands in the text that was read, in bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    start: u32,
    end: u32,
}

impl Span {
    /// Where `part` stands in `text`, of which it is a part: serde hands out the slice only.
    fn of(part: &str, text: &str) -> Option<Self> {
        let start = part.as_ptr().addr().checked_sub(text.as_ptr().addr())?;
        let end = start.checked_add(part.len())?;
        Some(Self { start: start.try_into().ok()?, end: end.try_into().ok()? })
    }

    fn within(self, text: &str) -> &str {
        let range = usize::try_from(self.start).ok().zip(usize::try_from(self.end).ok());
        range.and_then(|(start, end)| text.get(start..end)).unwrap_or_default()
    }
}

/// What becomes of an array's elements. All are gone through in any case.
pub(crate) trait Elements<'a>: Sized {
    fn collect<S: SeqAccess<'a>>(array: S, level: Level<'a, '_>) -> Result<Self, S::Error>;
}

/// Nothing is kept.
#[derive(Debug)]
pub(crate) struct Skipped;

impl<'a> Elements<'a> for Skipped {
    fn collect<S: SeqAccess<'a>>(mut array: S, level: Level<'a, '_>) -> Result<Self, S::Error> {
        while array.next_element_seed(ValueSeed::skip(level))?.is_some() {}
        Ok(Self)
    }
}

impl<'a> Elements<'a> for Option<Texts> {
    fn collect<S: SeqAccess<'a>>(mut array: S, level: Level<'a, '_>) -> Result<Self, S::Error> {
        let mut strings = Some(Texts::Plain(None));
        while let Some(value) = array.next_element_seed(ValueSeed::skip(level))? {
            strings = match (strings, value) {
                (Some(strings), Value::String(string)) => Some(strings.push(string, level.text)),
                _ => None,
            };
        }
        Ok(strings)
    }
}

/// The first [`MAX_OBJECTS`] elements, each an object or its own reason not to be one.
#[derive(Debug)]
pub(crate) struct Objects<O> {
    pub(crate) first: Vec<Result<O, JsonError>>,
    pub(crate) more: bool,
}

impl<'a, O: Object<'a>> Elements<'a> for Objects<O> {
    fn collect<S: SeqAccess<'a>>(mut array: S, level: Level<'a, '_>) -> Result<Self, S::Error> {
        let mut objects = Self { first: Vec::new(), more: false };
        while objects.first.len() < MAX_OBJECTS {
            let mut object = O::default();
            match array.next_element_seed(ObjectSeed { level, object: &mut object })? {
                Some(outcome) => objects.first.push(outcome.map(|()| object)),
                None => return Ok(objects),
            }
        }
        while array.next_element_seed(ValueSeed::skip(level))?.is_some() {
            objects.more = true;
        }
        Ok(objects)
    }
}

/// What a visitor knows of where it is.
#[derive(Clone, Copy)]
pub(crate) struct Level<'a, 'm> {
    text: &'a str,
    /// How many levels may still be opened. -1 is inside of what is one too many unless it is a
    /// number: see [`spelled_number`].
    depth: i8,
    /// The reason behind an error, because serde's own can carry nothing but text.
    fault: &'m Cell<JsonError>,
}

impl Level<'_, '_> {
    fn deeper<E: Error>(self) -> Result<Self, E> {
        match self.depth {
            1.. => Ok(Self { depth: self.depth.saturating_sub(1), ..self }),
            _ => Err(self.too_deep()),
        }
    }

    fn too_deep<E: Error>(self) -> E {
        self.fault.set(JsonError::TooDeep);
        E::custom("too deep")
    }
}

/// Reads one object. That it is none, or has a member twice, is a fault of this object only: a bad
/// JWK leaves the other keys of its set alone.
struct ObjectSeed<'a, 'm, O> {
    level: Level<'a, 'm>,
    object: &'m mut O,
}

impl<'a, O: Object<'a>> DeserializeSeed<'a> for ObjectSeed<'a, '_, O> {
    type Value = Result<(), JsonError>;

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'a, O: Object<'a>> Visitor<'a> for ObjectSeed<'a, '_, O> {
    type Value = Result<(), JsonError>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Err(JsonError::NotObject))
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Err(JsonError::NotObject))
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Self::Value, E> {
        Ok(Err(JsonError::NotObject))
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Err(JsonError::NotObject))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Err(JsonError::NotObject))
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Self::Value, E> {
        Ok(Err(JsonError::NotObject))
    }

    fn visit_seq<S: SeqAccess<'a>>(self, array: S) -> Result<Self::Value, S::Error> {
        Skipped::collect(array, self.level.deeper()?)?;
        Ok(Err(JsonError::NotObject))
    }

    fn visit_map<M: MapAccess<'a>>(self, mut map: M) -> Result<Self::Value, M::Error> {
        let level = self.level.deeper()?;
        let mut names = Names::default();
        let mut repeated = false;
        while let Some(name) = map.next_key_seed(NameSeed)? {
            if name == SPELLED_NUMBER {
                if spelled_number(&mut map, self.level)?.is_some() {
                    return Ok(Err(JsonError::NotObject));
                }
            } else {
                self.object.member(&name, Next { map: &mut map, level })?;
            }
            repeated |= !names.insert(name);
        }
        Ok(if repeated { Err(JsonError::DuplicateMember) } else { Ok(()) })
    }
}

/// The names of an object's members so far.
#[derive(Default)]
struct Names<'a> {
    first: [&'a str; 24],
    taken: usize,
    /// Those for which there was no room, and those written with escapes.
    others: BTreeSet<Cow<'a, str>>,
}

impl<'a> Names<'a> {
    /// Whether `name` is a new one.
    fn insert(&mut self, name: Cow<'a, str>) -> bool {
        let (taken, free) = self.first.split_at_mut(self.taken);
        if taken.contains(&&*name) || self.others.contains(&name) {
            return false;
        }
        match (name, free.first_mut()) {
            (Cow::Borrowed(name), Some(place)) => {
                *place = name;
                self.taken = self.taken.saturating_add(1);
                true
            }
            (name, _) => self.others.insert(name),
        }
    }
}

struct NameSeed;

impl<'a> DeserializeSeed<'a> for NameSeed {
    type Value = Cow<'a, str>;

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'a> Visitor<'a> for NameSeed {
    type Value = Cow<'a, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_borrowed_str<E: Error>(self, name: &'a str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(name))
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(name.into()))
    }
}

/// Reads one value.
struct ValueSeed<'a, 'm, E> {
    level: Level<'a, 'm>,
    elements: PhantomData<E>,
}

impl<'a, 'm> ValueSeed<'a, 'm, Skipped> {
    fn skip(level: Level<'a, 'm>) -> Self {
        Self { level, elements: PhantomData }
    }
}

impl<'a, E: Elements<'a>> DeserializeSeed<'a> for ValueSeed<'a, '_, E> {
    type Value = Value<E>;

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'a, E: Elements<'a>> Visitor<'a> for ValueSeed<'a, '_, E> {
    type Value = Value<E>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<F: Error>(self) -> Result<Self::Value, F> {
        Ok(Value::Null)
    }

    fn visit_bool<F: Error>(self, _: bool) -> Result<Self::Value, F> {
        Ok(Value::Bool)
    }

    #[expect(clippy::as_conversions, reason = "to the nearest double, as if written with a point")]
    fn visit_u64<F: Error>(self, number: u64) -> Result<Self::Value, F> {
        Ok(Value::Number(number as f64))
    }

    #[expect(clippy::as_conversions, reason = "to the nearest double, as if written with a point")]
    fn visit_i64<F: Error>(self, number: i64) -> Result<Self::Value, F> {
        Ok(Value::Number(number as f64))
    }

    fn visit_f64<F: Error>(self, number: f64) -> Result<Self::Value, F> {
        Ok(Value::Number(number))
    }

    fn visit_borrowed_str<F: Error>(self, part: &'a str) -> Result<Self::Value, F> {
        match Span::of(part, self.level.text) {
            Some(span) => Ok(Value::String(Text::Plain(span))),
            None => self.visit_str(part),
        }
    }

    fn visit_str<F: Error>(self, characters: &str) -> Result<Self::Value, F> {
        Ok(Value::String(Text::Unescaped(characters.into())))
    }

    fn visit_string<F: Error>(self, spelling: String) -> Result<Self::Value, F> {
        match spelling.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Value::SpelledNumber(number)),
            _ => Err(F::custom("number out of range")),
        }
    }

    fn visit_seq<S: SeqAccess<'a>>(self, array: S) -> Result<Self::Value, S::Error> {
        Ok(Value::Array(E::collect(array, self.level.deeper()?)?))
    }

    fn visit_map<M: MapAccess<'a>>(self, mut map: M) -> Result<Self::Value, M::Error> {
        if self.level.depth < 0 {
            return Err(self.level.too_deep());
        }
        let mut name = map.next_key_seed(NameSeed)?;
        if name.as_deref() == Some(SPELLED_NUMBER) {
            if let Some(number) = spelled_number(&mut map, self.level)? {
                return Ok(Value::Number(number));
            }
            name = map.next_key_seed(NameSeed)?;
        }
        let level = self.level.deeper()?;
        while name.is_some() {
            map.next_value_seed(ValueSeed::skip(level))?;
            name = map.next_key_seed(NameSeed)?;
        }
        Ok(Value::Object)
    }
}

/// With serde_json's `arbitrary_precision`, which any crate in the build can turn on, a number comes
/// as a map of one member, [`SPELLED_NUMBER`], whose value is an owned string. A string that stands
/// in the text is never handed out as an owned one: an object of the text that merely looks like
/// such a map stays an object.
fn spelled_number<'a, M: MapAccess<'a>>(
    map: &mut M,
    level: Level<'a, '_>,
) -> Result<Option<f64>, M::Error> {
    // Deeper in case it is an object of the text; not refused yet, since it may be a number.
    let level = Level { depth: level.depth.saturating_sub(1), ..level };
    match map.next_value_seed(ValueSeed::skip(level))? {
        Value::SpelledNumber(number) => Ok(Some(number)),
        _ => Ok(None),
    }
}

const SPELLED_NUMBER: &str = "$serde_json::private::Number";

/// Levels of arrays and objects, the outermost object included. Tokens and key sets of the known
/// issuers need four.
const MAX_DEPTH: i8 = 32;

/// The most keys a JWK Set may have; Auth0 publishes two or three.
const MAX_OBJECTS: usize = 100;
