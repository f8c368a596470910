//! Makes text from tokens and key sets safe to print: in ASCII, without control characters, and short.

use alloc::{
    format,
    string::{String, ToString as _},
    vec::Vec,
};
use core::{cmp::Ordering, fmt::Write as _};

use crate::UnixTime;

/// `text` between quotation marks. Characters outside printable ASCII are escaped, so that look-alikes,
/// marks of writing direction and terminal sequences become visible.
pub(crate) fn quoted(text: &str) -> String {
    let is_special = |character| matches!(character, '"' | '\\');
    format!("\"{}\"", cut(text, MAX_CHARACTERS, is_special))
}

/// The same without quotation marks, for text that is JSON.
pub(super) fn plain(text: &str) -> String {
    cut(text, MAX_CHARACTERS, |_| false)
}

/// The same for a sentence that this crate or a caller's source wrote. No sentence of this crate is cut.
pub(crate) fn sentence(text: &str) -> String {
    up_to(text, MAX_SENTENCE)
}

/// The same, cut after this many characters.
pub(crate) fn up_to(text: &str, limit: usize) -> String {
    cut(text, limit, |_| false)
}

fn cut(text: &str, limit: usize, is_special: impl Fn(char) -> bool) -> String {
    let mut shown = String::new();
    for (count, character) in text.chars().enumerate() {
        if count == limit {
            // Writing to a string cannot fail.
            let _infallible = write!(shown, "... ({} bytes)", text.len());
            break;
        }
        match character {
            _ if is_special(character) => shown.extend(['\\', character]),
            ' '..='~' => shown.push(character),
            _ => shown.extend(character.escape_unicode()),
        }
    }
    shown
}

/// Several strings in the form of a JSON array, cut after the first few.
pub(super) fn array<'t>(texts: impl Iterator<Item = &'t str>) -> String {
    format!("[{}]", listed(texts.map(quoted)))
}

/// The items of a list, cut after the first few.
pub(crate) fn listed(items: impl Iterator<Item = String>) -> String {
    let items: Vec<String> = items.collect();
    let more = items.len().saturating_sub(MAX_ITEMS);
    let shown: Vec<String> = items.into_iter().take(MAX_ITEMS).collect();
    match more {
        0 => shown.join(", "),
        more => format!("{}, and {more} more", shown.join(", ")),
    }
}

/// A time, and its distance from `now`.
pub(crate) fn time(time: UnixTime, now: UnixTime) -> String {
    format!("{time}, {}", distance(time, now))
}

fn distance(time: UnixTime, now: UnixTime) -> String {
    let (time, now) = (time.as_secs(), now.as_secs());
    let distance = duration(time.abs_diff(now));
    match time.cmp(&now) {
        Ordering::Equal => "now".to_string(),
        Ordering::Greater => format!("in {distance}"),
        Ordering::Less => format!("{distance} ago"),
    }
}

/// The two largest units, such as `3 days 4 hours`.
pub(crate) fn duration(seconds: u64) -> String {
    let units = [
        (seconds / 86_400, "day"),
        (seconds / 3600 % 24, "hour"),
        (seconds / 60 % 60, "minute"),
        (seconds % 60, "second"),
    ];
    let from_largest = units.into_iter().skip_while(|(count, _)| *count == 0).take(2);
    let words: Vec<String> = from_largest
        .filter(|(count, _)| *count > 0)
        .map(|(count, unit)| counted(count, unit))
        .collect();
    match words.is_empty() {
        true => "0 seconds".to_string(),
        false => words.join(" "),
    }
}

/// `1 byte`, `2 bytes`.
pub(crate) fn counted(count: impl TryInto<u64>, unit: &str) -> String {
    match count.try_into().unwrap_or(u64::MAX) {
        1 => format!("1 {unit}"),
        count => format!("{count} {unit}s"),
    }
}

/// [`counted`], of bytes.
pub(crate) fn bytes(count: usize) -> String {
    counted(count, "byte")
}

/// Room for the longest identifier of an issuer or API that we know.
const MAX_CHARACTERS: usize = 120;

/// Room for the ten reasons of a key set without a usable key.
const MAX_SENTENCE: usize = 2000;

const MAX_ITEMS: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped_and_cut() {
        assert_eq!(quoted("a\"\\\u{1b}[31m\n\u{202e}é"), r#""a\"\\\u{1b}[31m\u{a}\u{202e}\u{e9}""#);
        assert_eq!(plain("\"a\"\r"), r#""a"\u{d}"#);
        assert_eq!(plain(&"é".repeat(120)), r"\u{e9}".repeat(120));
        assert_eq!(plain(&"x".repeat(121)), format!("{}... (121 bytes)", "x".repeat(120)));
    }

    #[test]
    fn durations_have_two_units_at_most() {
        let durations = [
            (0, "0 seconds"),
            (1, "1 second"),
            (59, "59 seconds"),
            (60, "1 minute"),
            (3600, "1 hour"),
            (3661, "1 hour 1 minute"),
            (86_401, "1 day"),
            (90_000, "1 day 1 hour"),
            (8_640_000, "100 days"),
        ];
        for (seconds, text) in durations {
            assert_eq!(duration(seconds), text);
        }
    }

    #[test]
    fn long_lists_are_cut() {
        assert_eq!(
            array(["a"; 9].into_iter()),
            format!("[{}, and 1 more]", ["\"a\""; 8].join(", "))
        );
    }
}
