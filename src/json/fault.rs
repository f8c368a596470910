//! Where a text stops being a strict JSON object, and why: a second reading, for people.

use alloc::{borrow::Cow, collections::BTreeSet};
use core::fmt;

use super::{Cursor, MAX_DEPTH, string};
use crate::JsonError;

/// The first fault of a text, and its position in bytes.
pub(crate) struct Fault<'a> {
    pub(crate) what: What,
    pub(crate) at: usize,
    /// The name of a member that occurs twice, unescaped.
    pub(crate) name: Option<Cow<'a, str>>,
}

/// The kinds of faults. `Display` is a noun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    NotUtf8,
    ByteOrderMark,
    NotObject,
    End,
    Character,
    ControlCharacter,
    Escape,
    LoneSurrogate,
    NumberRange,
    Depth,
    TrailingText,
    RepeatedMember,
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotUtf8 => "bytes that are not UTF-8",
            Self::ByteOrderMark => "a byte order mark",
            Self::NotObject => "a JSON value that is not an object",
            Self::End => "the end of the text, too early",
            Self::Character => "a character that JSON does not allow there",
            Self::ControlCharacter => "a control character in a string",
            Self::Escape => "an escape that JSON does not have",
            Self::LoneSurrogate => "a lone surrogate in a string",
            Self::NumberRange => "a number beyond the range of a double",
            Self::Depth => "more than 32 levels of arrays and objects",
            Self::TrailingText => "text after the object",
            Self::RepeatedMember => "a member for the second time",
        })
    }
}

/// The fault of `bytes`, or none if they are a strict JSON object. A repeated member is reported only if
/// there is no other fault, as by [`Members`](super::Members).
pub(crate) fn fault(bytes: &[u8]) -> Option<Fault<'_>> {
    let fault = |what, at| Some(Fault { what, at, name: None });
    let text = match core::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => return fault(What::NotUtf8, error.valid_up_to()),
    };
    if text.starts_with('\u{feff}') {
        return fault(What::ByteOrderMark, 0);
    }
    let mut cursor = Cursor::of(text);
    if !cursor.open_object() {
        let start = cursor.place();
        return match cursor.not_object() {
            JsonError::NotObject => fault(What::NotObject, start),
            error => stopped(&cursor, error),
        };
    }
    match members(&mut cursor) {
        Err(error) => stopped(&cursor, error),
        Ok(_) if cursor.end().is_err() => fault(What::TrailingText, cursor.place()),
        Ok(repeated) => repeated,
    }
}

/// Reads the members of an object that has been entered. Returns the first that repeats a name.
fn members<'a>(cursor: &mut Cursor<'a>) -> Result<Option<Fault<'a>>, JsonError> {
    let (mut seen, mut repeated) = (BTreeSet::new(), None);
    let mut is_first = true;
    while cursor.has_member(is_first)? {
        let at = cursor.place();
        let name = cursor.name()?.characters(cursor.text());
        cursor.value(MAX_DEPTH.saturating_sub(1))?;
        if seen.contains(&name) && repeated.is_none() {
            let name = Some(name.clone());
            repeated = Some(Fault { what: What::RepeatedMember, at, name });
        }
        seen.insert(name);
        is_first = false;
    }
    Ok(repeated)
}

/// The fault at which the cursor has stopped with `error`.
fn stopped<'a>(cursor: &Cursor<'a>, error: JsonError) -> Option<Fault<'a>> {
    let (bytes, place) = (cursor.text().as_bytes(), cursor.place());
    let (what, at) = match bytes.get(place) {
        Some(_) if error == JsonError::TooDeep => (What::Depth, place),
        next => {
            let in_string =
                next.filter(|byte| **byte == b'"').and_then(|_| in_string(bytes, place));
            let otherwise = match next {
                None => (What::End, place),
                Some(_) => (What::Character, place),
            };
            too_large(cursor.text(), place).or(in_string).unwrap_or(otherwise)
        }
    };
    Some(Fault { what, at, name: None })
}

/// The fault of the string that begins at `start`. None if it has none, and only its place is wrong.
fn in_string(bytes: &[u8], start: usize) -> Option<(What, usize)> {
    let mut at = start.saturating_add(1);
    loop {
        at = string::plain_end(bytes, at);
        let escape = at.saturating_add(1);
        match (bytes.get(at), string::escape_at(bytes, escape)) {
            (None, _) => return Some((What::End, at)),
            (Some(b'"'), _) => return None,
            (Some(b'\\'), Some((_, length))) => at = escape.saturating_add(length),
            (Some(b'\\'), None) => {
                let digits = bytes.get(escape..).and_then(|rest| rest.strip_prefix(b"u"));
                return Some(match digits.and_then(string::code_unit) {
                    Some(_) => (What::LoneSurrogate, at),
                    None => (What::Escape, at),
                });
            }
            (Some(_), _) => return Some((What::ControlCharacter, at)),
        }
    }
}

/// The number that ends at `end`, if no double can represent it.
fn too_large(text: &str, end: usize) -> Option<(What, usize)> {
    let before = text.get(..end)?;
    let rest =
        before.trim_end_matches(|c: char| matches!(c, '0'..='9' | '+' | '-' | '.' | 'e' | 'E'));
    let number: f64 = before.strip_prefix(rest)?.parse().ok()?;
    number.is_infinite().then_some((What::NumberRange, rest.len()))
}

#[cfg(test)]
mod tests {
    use alloc::{string::String, vec::Vec};

    use super::*;
    use crate::json::Members;

    fn found(text: &[u8]) -> Option<(What, usize)> {
        fault(text).map(|fault| (fault.what, fault.at))
    }

    #[test]
    fn every_kind_of_fault_has_its_place() {
        for (text, what, at) in [
            (&b"{\"a\":\"\xff\"}"[..], What::NotUtf8, 6),
            (b"\xef\xbb\xbf{}", What::ByteOrderMark, 0),
            (b" []", What::NotObject, 1),
            (b"\"a\"", What::NotObject, 0),
            (b"", What::End, 0),
            (b"{", What::End, 1),
            (b"{\"a\":1", What::End, 6),
            (b"{\"a\":\"b", What::End, 7),
            (b"{\"a\":[1,2", What::End, 9),
            (b"{\"a\":1,}", What::Character, 7),
            (b"{\"a\" \"b\"}", What::Character, 5),
            (b"{\"a\":[1 \"b\"]}", What::Character, 8),
            (b"{\"a\":tru}", What::Character, 5),
            (b"{\"a\":01}", What::Character, 6),
            (b"{'a':1}", What::Character, 1),
            (b"{\"a\":NaN}", What::Character, 5),
            (b"{\"a\":\"\n\"}", What::ControlCharacter, 6),
            (b"{\"a\":\"x\\y\"}", What::Escape, 7),
            (b"{\"a\":\"\\u12\"}", What::Escape, 6),
            (b"{\"a\":\"x\\ud83d\"}", What::LoneSurrogate, 7),
            (b"{\"a\\udc00\":1}", What::LoneSurrogate, 3),
            (b"{\"a\":[1,-1e999]}", What::NumberRange, 8),
            (b"{\"a\":1e999", What::NumberRange, 5),
            (b"{}{}", What::TrailingText, 2),
            (b"{\"a\":1} x", What::TrailingText, 8),
            (b"{\"a\":1, \"b\":2, \"\\u0061\":3, \"b\":4}", What::RepeatedMember, 15),
        ] {
            assert_eq!(found(text), Some((what, at)), "{}", String::from_utf8_lossy(text));
        }
        let deep: Vec<u8> = [b"{\"a\":".as_slice(), &[b'['; 32]].concat();
        assert_eq!(found(&deep), Some((What::Depth, 36)));
        let name = fault(b"{\"a\":1,\"\\u0061\":2}").and_then(|fault| fault.name);
        assert_eq!(name.as_deref(), Some("a"));
    }

    /// Texts with every byte removed, doubled, or replaced by another.
    #[test]
    fn fault_is_found_if_and_only_if_the_text_is_refused() {
        let text = br#"{"a":["b\n\ud83d\ude00",-1.5e3,{"c":null}],"d":true}"#;
        let accepted = |text: &[u8]| {
            let mut members = Members::of(core::str::from_utf8(text).ok()?).ok()?;
            while members.next().ok()?.is_some() {}
            Some(())
        };
        let mut refused = 0;
        for at in 0..text.len() {
            let (before, after) = text.split_at_checked(at).unwrap();
            let mut texts =
                Vec::from([before.to_vec(), [before, after.get(1..).unwrap()].concat()]);
            for byte in *b"\"\\{}[],:09eu \n\xff" {
                texts.push([before, &[byte], after].concat());
                texts.push([before, &[byte], after.get(1..).unwrap()].concat());
            }
            for text in texts {
                let fault = fault(&text);
                assert_eq!(fault.is_none(), accepted(&text).is_some());
                refused += usize::from(fault.is_some());
            }
        }
        assert!(refused > 500, "{refused}");
    }
}
