//! Texts that are never meant as a setting: the way into the service has spoiled them.

use core::fmt;

/// What a configured issuer, audience, client or URL has that no real one has.
///
/// Such a value would configure, and then refuse every token. Required claims, scopes and a realm are not
/// checked like this: their values may be any text, and are compared or shown as they are given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SettingFault {
    /// White space, a byte order mark or a zero-width space at an end, or a control character anywhere.
    /// Files end with a line break.
    WhiteSpace,
    /// Quotation marks around the value, or a double one at one end. The files of `docker run --env-file`
    /// keep them.
    Quotes,
    /// A word that was to be replaced by a value: `${NAME}`, `$(NAME)`, `{{name}}`, `{name}` or `<name>`.
    Placeholder,
}

impl SettingFault {
    /// The fault of `text`, if it has one. Spaces and single quotes inside are none: an audience may be
    /// any string. RFC 7519 section 4.1.3.
    pub(crate) fn of(text: &str) -> Option<Self> {
        let has_space_at_end = text.starts_with(is_space) || text.ends_with(is_space);
        match () {
            () if has_space_at_end || text.contains(char::is_control) => Some(Self::WhiteSpace),
            () if is_quoted(text) => Some(Self::Quotes),
            () if has_placeholder(text) => Some(Self::Placeholder),
            () => None,
        }
    }
}

/// Completes a sentence that begins with the name of the setting.
impl fmt::Display for SettingFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::WhiteSpace => "has white space at an end, or a control character: remove it",
            Self::Quotes => "has quotation marks around it: remove them where it is set",
            Self::Placeholder => {
                "has a placeholder such as ${NAME}, {name} or <name>: put the value in its place"
            }
        })
    }
}

fn is_space(character: char) -> bool {
    character.is_whitespace() || matches!(character, '\u{feff}' | '\u{200b}')
}

fn is_quoted(text: &str) -> bool {
    let is_between =
        |open: char, close: char| text.strip_prefix(open).is_some_and(|rest| rest.ends_with(close));
    text.starts_with('"')
        || text.ends_with('"')
        || [('\'', '\''), ('`', '`'), ('\u{201c}', '\u{201d}'), ('\u{2018}', '\u{2019}')]
            .into_iter()
            .any(|(open, close)| is_between(open, close))
}

/// Whether a part of `text` stands for a value. RFC 3986 allows none of these brackets in a URI.
pub(crate) fn has_placeholder(text: &str) -> bool {
    ["${", "$(", "{{"].iter().any(|start| text.contains(start))
        || names_between(text, '{', '}')
        || names_between(text, '<', '>')
}

/// Whether there is a name between the brackets. A number or a GUID in braces is none: it may be a part
/// of an audience.
fn names_between(text: &str, open: char, close: char) -> bool {
    text.split(open).skip(1).filter_map(|rest| rest.split_once(close)).any(|(name, _)| {
        let is_part = |character: char| character.is_alphanumeric() || " _-.:".contains(character);
        let is_number = |character: char| character.is_ascii_hexdigit() || character == '-';
        name.chars().all(is_part) && !name.chars().all(is_number)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spoiled_text_is_named_and_no_other() {
        use SettingFault::{Placeholder, Quotes, WhiteSpace};
        for (text, fault) in [
            ("https://issuer.example/", None),
            ("accounts.google.com", None),
            ("6e74172b-0000-0000-0000-00000000000a", None),
            ("api://6e74172b-0000-0000-0000-00000000000a", None),
            ("{6e74172b-0000-0000-0000-00000000000a}", None),
            ("urn:example:api", None),
            ("My API", None),
            ("the operator's API", None),
            ("operators'", None),
            ("a < b", None),
            ("a > b < c", None),
            ("https://issuer.example/%7Btenant%7D/50%", None),
            ("$", None),
            ("{}", None),
            ("{1}", None),
            ("", None),
            (" https://issuer.example/", Some(WhiteSpace)),
            ("https://issuer.example/\n", Some(WhiteSpace)),
            ("https://issuer.example/\r", Some(WhiteSpace)),
            ("api\u{a0}", Some(WhiteSpace)),
            ("\u{feff}api", Some(WhiteSpace)),
            ("api\u{200b}", Some(WhiteSpace)),
            ("a\tb", Some(WhiteSpace)),
            ("a\0b", Some(WhiteSpace)),
            (" ", Some(WhiteSpace)),
            ("\"https://issuer.example/\"", Some(Quotes)),
            ("\"https://issuer.example/", Some(Quotes)),
            ("https://issuer.example/\"", Some(Quotes)),
            ("'api'", Some(Quotes)),
            ("`api`", Some(Quotes)),
            ("\u{201c}api\u{201d}", Some(Quotes)),
            ("https://${HOST}/", Some(Placeholder)),
            ("${HOST", Some(Placeholder)),
            ("$(HOST)", Some(Placeholder)),
            ("{{ issuer }}", Some(Placeholder)),
            ("https://login.example/{tenant}/v2.0", Some(Placeholder)),
            ("https://<your tenant>.example/", Some(Placeholder)),
            ("<client-id>", Some(Placeholder)),
            ("a{1}{b c}", Some(Placeholder)),
            ("{tenant1}", Some(Placeholder)),
        ] {
            assert_eq!(SettingFault::of(text), fault, "{text:?}");
        }
    }
}
