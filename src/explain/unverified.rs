//! The contents of a token, as far as they can be read: for people, never for a verdict.

use alloc::{
    borrow::{Cow, ToOwned as _},
    format,
    string::String,
    vec::Vec,
};

use crate::{
    ClaimPath, VerifyError,
    base64url::decode_leniently,
    claims::{ClaimsSet, Origin},
    compact::MAX_TOKEN_BYTES,
    explain::text,
    json::{self, Text, Texts, Value},
};

/// The JSON texts of a token, or of text that should be one. Nothing in them is checked.
#[derive(Default)]
pub(super) struct TokenTexts {
    /// May not be UTF-8. None if it cannot be decoded.
    pub(super) header: Option<Vec<u8>>,
    /// The same.
    pub(super) payload: Option<Vec<u8>>,
}

impl TokenTexts {
    pub(super) fn of(token: &str) -> Self {
        if token.len() > MAX_TOKEN_BYTES {
            return Self::default();
        }
        let mut segments = token.split('.');
        let (header, payload) = (segments.next(), segments.next());
        // The second of five segments is an encrypted key.
        let payload = payload.filter(|_| segments.count() < 3);
        Self {
            header: header.and_then(decode_leniently),
            payload: payload.and_then(decode_leniently),
        }
    }

    pub(super) fn header_text(&self) -> &str {
        text_of(self.header.as_deref())
    }

    pub(super) fn payload_text(&self) -> &str {
        text_of(self.payload.as_deref())
    }
}

fn text_of(bytes: Option<&[u8]>) -> &str {
    bytes.and_then(|bytes| core::str::from_utf8(bytes).ok()).unwrap_or_default()
}

/// The members of a JSON object up to the first fault in its text.
pub(super) struct JsonAsRead<'j> {
    json: &'j str,
    members: Vec<Member<'j>>,
}

struct Member<'j> {
    name: Cow<'j, str>,
    value: Value,
    /// The value, if it is a string.
    string: Option<Text>,
    text: &'j str,
}

impl<'j> JsonAsRead<'j> {
    pub(super) fn of(json: &'j str) -> Self {
        let mut read = Self { json, members: Vec::new() };
        let Ok(mut members) = json::Members::of(json) else { return read };
        while let Ok(Some((name, value))) = members.next() {
            let string = match value {
                Value::String(string) => Some(string.to_text(json)),
                _ => None,
            };
            read.members.push(Member { name, value, string, text: members.value_text() });
        }
        read
    }

    fn member(&self, name: &str) -> Option<&Member<'j>> {
        self.members.iter().find(|member| member.name == name)
    }

    fn value(&self, name: &str) -> Option<&Value> {
        self.member(name).map(|member| &member.value)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    pub(super) fn count(&self) -> usize {
        self.members.len()
    }

    /// The members of the object `name`.
    pub(super) fn object(&self, name: &str) -> Self {
        JsonAsRead::of(self.member(name).map_or("", |member| member.text))
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.value(name).is_some()
    }

    pub(super) fn is_string(&self, name: &str) -> bool {
        self.string(name).is_some()
    }

    pub(super) fn string(&self, name: &str) -> Option<&str> {
        self.member(name)?.string.as_ref().map(|string| string.within(self.json))
    }

    pub(super) fn number(&self, name: &str) -> Option<f64> {
        match self.value(name)? {
            Value::Number(number) => Some(number.nearest(self.json)),
            _ => None,
        }
    }

    /// A string, or an array of strings.
    pub(super) fn strings(&self, name: &str) -> Vec<String> {
        match self.value(name) {
            Some(Value::String(string)) => Vec::from([string.characters(self.json).into_owned()]),
            Some(Value::Array(array)) => Texts::of_array(*array, self.json)
                .iter()
                .flat_map(|texts| texts.within(self.json))
                .map(String::from)
                .collect(),
            _ => Vec::new(),
        }
    }

    /// The words of a string, or the strings of an array.
    pub(super) fn words(&self, name: &str) -> Vec<String> {
        match self.string(name) {
            Some(words) => {
                words.split(' ').filter(|word| !word.is_empty()).map(String::from).collect()
            }
            None => self.strings(name),
        }
    }

    /// The member `name`, escaped and cut. Of objects, and of arrays with other values than strings,
    /// only the type is shown: they may contain anything.
    pub(super) fn shown(&self, name: &str) -> String {
        match self.value(name) {
            None => "none".to_owned(),
            Some(Value::String(string)) => text::quoted(&string.characters(self.json)),
            // As it is written: a float would show another number.
            Some(Value::Number(_)) => {
                text::plain(self.member(name).map_or("", |member| member.text))
            }
            Some(Value::Array(array)) => match Texts::of_array(*array, self.json) {
                Some(texts) => text::array(texts.within(self.json)),
                None => NOT_ONLY_STRINGS.to_owned(),
            },
            Some(other) => kind(other).to_owned(),
        }
    }

    /// The type of the member `name`, without its value.
    pub(super) fn kind(&self, name: &str) -> &'static str {
        self.value(name).map_or("none", kind)
    }

    /// The same, with the type of an array's elements.
    pub(super) fn kind_in_full(&self, name: &str) -> &'static str {
        match self.value(name) {
            Some(Value::Array(array)) => match Texts::of_array(*array, self.json) {
                Some(_) => "an array of other strings",
                None => NOT_ONLY_STRINGS,
            },
            _ => self.kind(name),
        }
    }

    /// The names and values of all members, escaped and cut.
    pub(super) fn all(&self) -> Vec<(String, String)> {
        let printable = |member: &Member<'_>| (text::plain(&member.name), text::plain(member.text));
        self.members.iter().map(printable).collect()
    }

    /// The object again, with a valid value in place of `claim`, or without an optional `claim`.
    fn with_stand_in(&self, claim: &str) -> Vec<u8> {
        let others = self.members.iter().filter(|member| member.name != claim);
        let mut members: Vec<String> =
            others.map(|member| format!("{}:{}", json_string(&member.name), member.text)).collect();
        match claim {
            "iss" => members.push(r#""iss":"""#.to_owned()),
            "exp" => members.push(r#""exp":0"#.to_owned()),
            // An ID token must have these.
            "sub" => members.push(r#""sub":"""#.to_owned()),
            "iat" => members.push(r#""iat":0"#.to_owned()),
            _ => {}
        }
        format!("{{{}}}", members.join(",")).into_bytes()
    }
}

const NOT_ONLY_STRINGS: &str = "an array with other values than strings";

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object => "an object",
    }
}

/// `text` as a JSON string. RFC 8259 section 7.
fn json_string(text: &str) -> String {
    let mut json = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => json.extend(['\\', character]),
            '\0'..='\u{1f}' => json.push_str(&format!("\\u{:04x}", u32::from(character))),
            _ => json.push(character),
        }
    }
    json.push('"');
    json
}

/// The claims, and every fault that [`ClaimsSet::read`] finds in them, in its order. After each fault it
/// reads again with a stand-in for the claim. If no claims are returned, the last fault is of the whole
/// payload.
pub(super) fn read_claims(
    payload: &[u8],
    origin: &Origin,
    scopes_from: Option<&ClaimPath>,
) -> (Option<ClaimsSet>, Vec<VerifyError>) {
    let mut payload = payload.to_owned();
    let mut faults = Vec::new();
    loop {
        match ClaimsSet::read(payload.clone(), origin.clone(), scopes_from) {
            Ok(claims) => return (Some(claims), faults),
            Err(fault) => {
                // A stand-in has no fault, so none is found twice.
                let claim = faulty_claim(fault).filter(|_| !faults.contains(&fault));
                faults.push(fault);
                let json = core::str::from_utf8(&payload).unwrap_or_default();
                match claim {
                    Some(claim) => payload = JsonAsRead::of(json).with_stand_in(claim),
                    None => return (None, faults),
                }
            }
        }
    }
}

/// The claim that `fault` is about, if it is about one.
pub(super) fn faulty_claim(fault: VerifyError) -> Option<&'static str> {
    match fault {
        VerifyError::ClaimMissing { claim }
        | VerifyError::ClaimType { claim }
        | VerifyError::ClaimRange { claim } => Some(claim),
        _ => None,
    }
}
