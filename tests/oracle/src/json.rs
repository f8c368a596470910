//! A second JSON reader, without serde. It keeps the members of an object in order, repeated ones too.
//! RFC 8259.

use tokenring::JsonError;

/// A JSON value and all that it contains.
#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    Null,
    Bool(bool),
    Number(Number),
    String(String),
    Array(Vec<Json>),
    Object(Members),
}

/// A number: the nearest double, and how it is written.
#[derive(Clone, Debug, PartialEq)]
pub struct Number {
    pub value: f64,
    pub spelling: String,
}

/// The members of an object, in order.
pub type Members = Vec<(String, Json)>;

/// The members of `bytes`, which must be one strict JSON object.
pub fn object(bytes: &[u8]) -> Result<Members, JsonError> {
    small_object(bytes, usize::MAX)
}

/// The same, of no more than `most` members.
pub fn small_object(bytes: &[u8], most: usize) -> Result<Members, JsonError> {
    members(value(bytes, most)?)
}

/// The same, where only the member called `name` may not be repeated.
pub fn object_with_one(bytes: &[u8], name: &str) -> Result<Members, JsonError> {
    let Json::Object(members) = value(bytes, usize::MAX)? else {
        return Err(JsonError::NotObject);
    };
    match members.iter().filter(|(other, _)| other == name).count() {
        0 | 1 => Ok(members),
        _ => Err(JsonError::DuplicateMember),
    }
}

/// Whether a second object begins after the object that `text` begins with.
pub fn has_two_objects(text: &str) -> bool {
    let mut reader = Reader { text, at: 0, most: usize::MAX };
    let first = reader.value(0);
    reader.space();
    matches!(first, Ok(Json::Object(_))) && reader.peek() == Some(b'{')
}

fn value(bytes: &[u8], most: usize) -> Result<Json, JsonError> {
    let text = std::str::from_utf8(bytes).map_err(|_| JsonError::NotUtf8)?;
    let json = read(text, most);
    // With `arbitrary_precision`, serde_json has no limit for numbers and reads some objects as numbers.
    if !cfg!(feature = "arbitrary_precision") {
        agree_with_serde_json(&json, text);
    }
    json
}

/// The members of `json`, which must be an object without a repeated member.
pub fn members(json: Json) -> Result<Members, JsonError> {
    let Json::Object(members) = json else { return Err(JsonError::NotObject) };
    for (index, (name, _)) in members.iter().enumerate() {
        if members[..index].iter().any(|(earlier, _)| earlier == name) {
            return Err(JsonError::DuplicateMember);
        }
    }
    Ok(members)
}

/// The member called `name`.
pub fn get<'m>(members: &'m Members, name: &str) -> Option<&'m Json> {
    members.iter().find(|(other, _)| other == name).map(|(_, value)| value)
}

/// The strings of an array that contains only strings.
pub fn strings(values: &[Json]) -> Option<Vec<&str>> {
    values
        .iter()
        .map(|value| match value {
            Json::String(string) => Some(string.as_str()),
            _ => None,
        })
        .collect()
}

/// Compares this reader's result with serde_json's.
fn agree_with_serde_json(json: &Result<Json, JsonError>, text: &str) {
    let third = serde_json::from_str::<serde_json::Value>(text);
    match (json, third) {
        (Ok(json), Ok(third)) => assert!(same(json, &third), "{json:?} or {third:?}"),
        (Ok(json), Err(error)) => panic!("{json:?}, but {error}"),
        (Err(JsonError::Syntax), Ok(third)) => panic!("not JSON, but {third:?}"),
        // serde_json accepts more levels.
        (Err(_), _) => {}
    }
}

fn same(json: &Json, third: &serde_json::Value) -> bool {
    match (json, third) {
        (Json::Null, third) => third.is_null(),
        (Json::Bool(bool), third) => third.as_bool() == Some(*bool),
        (Json::Number(number), third) => third.as_f64() == Some(number.value),
        (Json::String(string), third) => third.as_str() == Some(string),
        (Json::Array(array), serde_json::Value::Array(third)) => {
            array.len() == third.len() && array.iter().zip(third).all(|(one, two)| same(one, two))
        }
        (Json::Object(members), serde_json::Value::Object(third)) => {
            // serde_json keeps the last of several.
            let last = |name: &str| members.iter().rfind(|(other, _)| other == name);
            members.iter().all(|(name, _)| third.contains_key(name))
                && third
                    .iter()
                    .all(|(name, third)| last(name).is_some_and(|(_, value)| same(value, third)))
        }
        _ => false,
    }
}

/// Reads all of `text`. Fails with `Syntax`, `TooDeep` or `TooManyMembers`, whichever comes first.
fn read(text: &str, most: usize) -> Result<Json, JsonError> {
    let mut reader = Reader { text, at: 0, most };
    let json = reader.value(0)?;
    reader.space();
    match reader.at == text.len() {
        true => Ok(json),
        false => Err(JsonError::Syntax),
    }
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    /// The limit for the members of the outermost object.
    most: usize,
}

impl Reader<'_> {
    /// A value inside of `depth` arrays and objects.
    fn value(&mut self, depth: usize) -> Result<Json, JsonError> {
        self.space();
        match self.peek() {
            Some(b'{' | b'[') if depth == 32 => Err(JsonError::TooDeep),
            Some(b'{') => self.object(depth + 1),
            Some(b'[') => self.array(depth + 1),
            Some(b'"') => self.string().map(Json::String),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ if self.word("null") => Ok(Json::Null),
            _ if self.word("true") => Ok(Json::Bool(true)),
            _ if self.word("false") => Ok(Json::Bool(false)),
            _ => Err(JsonError::Syntax),
        }
    }

    fn object(&mut self, depth: usize) -> Result<Json, JsonError> {
        let mut members = Vec::new();
        self.expect("{")?;
        self.space();
        if self.word("}") {
            return Ok(Json::Object(members));
        }
        loop {
            self.space();
            let name = self.string()?;
            self.space();
            self.expect(":")?;
            members.push((name, self.value(depth)?));
            if depth == 1 && members.len() > self.most {
                return Err(JsonError::TooManyMembers);
            }
            self.space();
            if self.word("}") {
                return Ok(Json::Object(members));
            }
            self.expect(",")?;
        }
    }

    fn array(&mut self, depth: usize) -> Result<Json, JsonError> {
        let mut values = Vec::new();
        self.expect("[")?;
        self.space();
        if self.word("]") {
            return Ok(Json::Array(values));
        }
        loop {
            values.push(self.value(depth)?);
            self.space();
            if self.word("]") {
                return Ok(Json::Array(values));
            }
            self.expect(",")?;
        }
    }

    fn string(&mut self) -> Result<String, JsonError> {
        self.expect("\"")?;
        let mut string = String::new();
        loop {
            let rest = &self.text[self.at..];
            let next = rest.chars().next().ok_or(JsonError::Syntax)?;
            self.at += next.len_utf8();
            match next {
                '"' => return Ok(string),
                '\\' => string.push(self.escaped()?),
                '\0'..' ' => return Err(JsonError::Syntax),
                _ => string.push(next),
            }
        }
    }

    fn escaped(&mut self) -> Result<char, JsonError> {
        let escape = self.peek().ok_or(JsonError::Syntax)?;
        // In UTF-8, no byte of a longer character equals one of these.
        let character = match escape {
            b'"' | b'\\' | b'/' => char::from(escape),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.unicode(),
            _ => return Err(JsonError::Syntax),
        };
        self.at += 1;
        Ok(character)
    }

    fn unicode(&mut self) -> Result<char, JsonError> {
        let high = self.code_unit()?;
        let units = match high {
            0xd800..=0xdbff => {
                self.expect("\\")?;
                vec![high, self.code_unit()?]
            }
            _ => vec![high],
        };
        // Fails if a surrogate is alone.
        let string = String::from_utf16(&units).map_err(|_| JsonError::Syntax)?;
        string.chars().next().ok_or(JsonError::Syntax)
    }

    fn code_unit(&mut self) -> Result<u16, JsonError> {
        self.expect("u")?;
        let digits = self.text.get(self.at..self.at + 4).ok_or(JsonError::Syntax)?;
        if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(JsonError::Syntax);
        }
        self.at += 4;
        u16::from_str_radix(digits, 16).map_err(|_| JsonError::Syntax)
    }

    fn number(&mut self) -> Result<Json, JsonError> {
        let start = self.at;
        self.word("-");
        if !self.word("0") {
            self.digits()?;
        }
        if self.word(".") {
            self.digits()?;
        }
        if self.word("e") || self.word("E") {
            let _sign = self.word("+") || self.word("-");
            self.digits()?;
        }
        Number::read(&self.text[start..self.at]).map(Json::Number).ok_or(JsonError::Syntax)
    }

    /// At least one.
    fn digits(&mut self) -> Result<(), JsonError> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        match self.at > start {
            true => Ok(()),
            false => Err(JsonError::Syntax),
        }
    }

    fn space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn word(&mut self, word: &str) -> bool {
        let here = self.text.as_bytes()[self.at..].starts_with(word.as_bytes());
        self.at += if here { word.len() } else { 0 };
        here
    }

    fn expect(&mut self, word: &str) -> Result<(), JsonError> {
        match self.word(word) {
            true => Ok(()),
            false => Err(JsonError::Syntax),
        }
    }
}

impl Number {
    /// A number that no double can hold is not read.
    fn read(spelling: &str) -> Option<Self> {
        let value: f64 = spelling.parse().expect("Rust reads whatever JSON calls a number");
        value.is_finite().then(|| Self { value, spelling: spelling.into() })
    }
}
