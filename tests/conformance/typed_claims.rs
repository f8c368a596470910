//! Claims deserialized into a caller's type: the name of a field that they lack.
#![allow(clippy::unwrap_used, reason = "tests may")]

use std::{fmt, ops::Bound};

use serde::{
    Deserialize, Deserializer,
    de::{Error, IgnoredAny, MapAccess, Visitor},
};
use tokenring::ClaimsErrorKind;

use crate::common::{HEADER, claims_with, signed, verify};

/// Needs a member `roles`, as the code that serde derives does.
#[derive(Debug)]
struct Roles;

impl<'de> Deserialize<'de> for Roles {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_struct("Roles", &["roles"], Self)
    }
}

impl<'de> Visitor<'de> for Roles {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("roles")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self, A::Error> {
        let mut has_roles = false;
        while let Some(name) = map.next_key::<String>()? {
            map.next_value::<IgnoredAny>()?;
            has_roles |= name == "roles";
        }
        if has_roles { Ok(self) } else { Err(Error::missing_field("roles")) }
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<Self, D::Error> {
        inner.deserialize_struct("Roles", &["roles"], self)
    }
}

/// A newtype of [`Roles`].
#[derive(Debug)]
struct Newtype;

impl<'de> Deserialize<'de> for Newtype {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct("Newtype", Roles).map(|_| Self)
    }
}

/// Claims with a member `MARKER`, an enum to serde.
#[derive(Debug)]
struct Marker;

impl<'de> Deserialize<'de> for Marker {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Self)
    }
}

impl<'de> Visitor<'de> for Marker {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("claims")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self, A::Error> {
        while let Some(name) = map.next_key::<String>()? {
            match &*name {
                "MARKER" => drop(map.next_value::<Result<Everything, String>>()?),
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(self)
    }
}

/// Each value but the last one is taken, or else the last one's missing field is never reached.
type Everything = (
    (bool, bool),
    u64,
    i64,
    f64,
    String,
    Option<u8>,
    Option<u8>,
    (),
    Bound<u8>,
    Bound<u8>,
    Vec<u8>,
    Newtype,
);

#[test]
fn claims_error_names_a_missing_field_at_any_depth() {
    let everything =
        r#"[[true,false],1,-1,0.5,"s",null,2,null,"Unbounded",{"Included":3},[4],{"MARKER":5}]"#;
    let nested = format!(r#"{{"Ok":{everything}}}"#);
    let payload = claims_with("MARKER", &nested);
    let verified = verify(&signed(HEADER, payload)).unwrap();
    let error = verified.claims::<Marker>().unwrap_err();
    assert_eq!((error.kind(), error.field()), (ClaimsErrorKind::MissingField, Some("roles")));
    assert!(!format!("{error:?}{error}").contains("MARKER"));
    // At the top, where the same member is present or missing.
    assert_eq!(verified.claims::<Roles>().unwrap_err().field(), Some("roles"));
    let verified = verify(&signed(HEADER, claims_with("roles", "[]"))).unwrap();
    assert!(verified.claims::<Roles>().is_ok());
}

/// Takes a member `MARKER` that is no enum for one, goes on without it, and lacks `roles`.
#[derive(Debug)]
struct Tolerant;

impl<'de> Deserialize<'de> for Tolerant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Self)
    }
}

impl<'de> Visitor<'de> for Tolerant {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("claims")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self, A::Error> {
        while let Some(name) = map.next_key::<String>()? {
            if name == "MARKER" {
                assert!(map.next_value::<Result<u8, u8>>().is_err());
                break;
            }
            map.next_value::<IgnoredAny>()?;
        }
        Err(Error::missing_field("roles"))
    }
}

#[test]
fn claim_that_is_no_enum_hides_no_missing_field() {
    let verified = verify(&signed(HEADER, claims_with("MARKER", "1"))).unwrap();
    let error = verified.claims::<Tolerant>().unwrap_err();
    assert_eq!((error.kind(), error.field()), (ClaimsErrorKind::MissingField, Some("roles")));
}
