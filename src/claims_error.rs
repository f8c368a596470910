//! From the error of a caller's deserializer to one without text from the claims.

use alloc::string::{String, ToString as _};
use core::{error::Error, fmt};

use serde::{
    Deserializer,
    de::{
        self, DeserializeOwned, IntoDeserializer, Visitor,
        value::{MapAccessDeserializer, MapDeserializer, SeqDeserializer},
    },
    forward_to_deserialize_any,
};
use serde_json::Value;

/// Why the claims do not fit the requested type.
///
/// Contains only the kind of mismatch, the position, and the name of a field of the caller's type:
/// a deserializer's message may quote claims, so nothing else of it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimsError {
    kind: ClaimsErrorKind,
    field: Option<&'static str>,
    column: usize,
}

/// How the claims differ from the requested type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClaimsErrorKind {
    /// The type has a field that the claims lack.
    MissingField,
    /// A field of the type occurs twice in the claims.
    DuplicateField,
    /// The claims have a member that the type does not take.
    UnknownField,
    /// An enum of the type has no such variant.
    UnknownVariant,
    /// A value has another JSON type than its field.
    Type,
    /// A value, or its length, is not one that its field takes.
    Value,
    /// Something else, as the type's own code decides.
    Other,
}

impl ClaimsError {
    /// For the claims that `T` does not take, with the error.
    pub(crate) fn of<T: DeserializeOwned>(claims: &str, error: &serde_json::Error) -> Self {
        let message = error.to_string();
        let kind = match &*message {
            m if m.starts_with("missing field ") => ClaimsErrorKind::MissingField,
            m if m.starts_with("duplicate field ") => ClaimsErrorKind::DuplicateField,
            m if m.starts_with("unknown field ") => ClaimsErrorKind::UnknownField,
            m if m.starts_with("unknown variant ") => ClaimsErrorKind::UnknownVariant,
            m if m.starts_with("invalid type: ") => ClaimsErrorKind::Type,
            m if m.starts_with("invalid value: ") => ClaimsErrorKind::Value,
            m if m.starts_with("invalid length ") => ClaimsErrorKind::Value,
            _ => ClaimsErrorKind::Other,
        };
        let field = match kind {
            ClaimsErrorKind::MissingField => missing_field::<T>(claims),
            _ => None,
        };
        Self { kind, field, column: error.column() }
    }

    /// How the claims differ from the requested type.
    pub const fn kind(&self) -> ClaimsErrorKind {
        self.kind
    }

    /// The field of the type that the claims lack. None if the type's own code reports that in words of its
    /// own, which may quote claims.
    pub fn field(&self) -> Option<&str> {
        self.field
    }

    /// The number of bytes of the payload's current line that had been read.
    pub const fn column(&self) -> usize {
        self.column
    }
}

impl fmt::Display for ClaimsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            ClaimsErrorKind::MissingField => "a field is missing",
            ClaimsErrorKind::DuplicateField => "a field occurs twice",
            ClaimsErrorKind::UnknownField => "a claim is unknown to it",
            ClaimsErrorKind::UnknownVariant => "it has no such variant",
            ClaimsErrorKind::Type => "a claim has another JSON type",
            ClaimsErrorKind::Value => "a claim has a value that it does not take",
            ClaimsErrorKind::Other => "its own code refuses them",
        };
        write!(f, "the claims do not fit the type asked for: {kind}")?;
        if let Some(field) = self.field {
            write!(f, ", `{field}`")?;
        }
        write!(f, ", at byte {}", self.column)
    }
}

impl Error for ClaimsError {}

/// The field that the claims lack, as the type itself names it. serde_json's error has only a text, which
/// a type's own code can word like this too. So the claims are read again, with an error that keeps a
/// name and no text.
fn missing_field<T: DeserializeOwned>(claims: &str) -> Option<&'static str> {
    let claims: Value = serde_json::from_str(claims).ok()?;
    T::deserialize(Claim(claims)).err()?.0
}

/// The name that [`de::Error::missing_field`] was given, which is a constant of the type.
#[derive(Debug)]
struct MissingField(Option<&'static str>);

impl de::Error for MissingField {
    fn custom<M: fmt::Display>(_: M) -> Self {
        Self(None)
    }

    fn missing_field(field: &'static str) -> Self {
        Self(Some(field))
    }
}

impl fmt::Display for MissingField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.unwrap_or_default())
    }
}

impl Error for MissingField {}

/// The claims, or a value in them.
struct Claim(Value);

impl<'de> Deserializer<'de> for Claim {
    type Error = MissingField;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, MissingField> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(value),
            Value::Number(number) => match (number.as_u64(), number.as_i64(), number.as_f64()) {
                (Some(number), _, _) => visitor.visit_u64(number),
                (None, Some(number), _) => visitor.visit_i64(number),
                (None, None, number) => visitor.visit_f64(number.unwrap_or(f64::NAN)),
            },
            Value::String(text) => visitor.visit_string(text),
            Value::Array(array) => {
                visitor.visit_seq(SeqDeserializer::new(array.into_iter().map(Self)))
            }
            Value::Object(object) => visitor.visit_map(members(object)),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, MissingField> {
        match self.0 {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, MissingField> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, MissingField> {
        match self.0 {
            Value::String(variant) => {
                variant.into_deserializer().deserialize_enum(name, variants, visitor)
            }
            Value::Object(object) => {
                visitor.visit_enum(MapAccessDeserializer::new(members(object)))
            }
            _ => Err(MissingField(None)),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

impl IntoDeserializer<'_, MissingField> for Claim {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

fn members<'de>(
    object: serde_json::Map<String, Value>,
) -> MapDeserializer<'de, impl Iterator<Item = (String, Claim)>, MissingField> {
    MapDeserializer::new(object.into_iter().map(|(name, value)| (name, Claim(value))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn error_holds_nothing_of_a_text_that_may_be_from_the_claims() {
        let error = <MissingField as de::Error>::custom("missing field `of the claims`");
        assert_eq!((error.0, &*std::string::ToString::to_string(&error)), (None, ""));
    }
}
