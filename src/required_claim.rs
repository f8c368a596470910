//! A claim that a policy requires besides the registered ones. RFC 8725 section 3.12.

use alloc::{string::String, vec::Vec};

use crate::claims::ClaimsSet;

/// A claim that a policy requires, and the values that it may have.
#[derive(Clone, Debug)]
pub(crate) struct RequiredClaim {
    pub(crate) name: String,
    pub(crate) wanted: Wanted,
}

/// Compared byte for byte.
#[derive(Clone, Debug)]
pub(crate) enum Wanted {
    /// A string that is one of these.
    OneOf(Vec<String>),
    /// An array of strings, one of which is this one.
    Containing(String),
}

impl RequiredClaim {
    /// Whether `claims` have the claim, with a value that is wanted.
    pub(crate) fn is_in(&self, claims: &ClaimsSet) -> bool {
        match &self.wanted {
            Wanted::OneOf(values) => claims
                .string(&self.name)
                .is_some_and(|claim| values.iter().any(|one| *one == claim)),
            Wanted::Containing(value) => claims.array_contains(&self.name, value),
        }
    }

    /// Whether the name or a value is empty, or there is no value.
    pub(crate) fn is_empty(&self) -> bool {
        let is_without_value = match &self.wanted {
            Wanted::OneOf(values) => values.is_empty() || values.iter().any(String::is_empty),
            Wanted::Containing(value) => value.is_empty(),
        };
        self.name.is_empty() || is_without_value
    }

    /// Whether no token that passes the other checks can have the claim: because of its type,
    /// or because another of the claims in `all` excludes it.
    pub(crate) fn is_impossible(&self, is_issuer: impl Fn(&str) -> bool, all: &[Self]) -> bool {
        let of_same_name = || all.iter().filter(|other| other.name == self.name);
        match &self.wanted {
            Wanted::OneOf(values) => {
                let is_possible = |value: &String| {
                    (self.name != "iss" || is_issuer(value))
                        && of_same_name().all(|other| match &other.wanted {
                            Wanted::OneOf(others) => others.contains(value),
                            Wanted::Containing(_) => false,
                        })
                };
                NEITHER_STRING_NOR_ARRAY.contains(&&*self.name) || !values.iter().any(is_possible)
            }
            Wanted::Containing(_) => {
                NEITHER_STRING_NOR_ARRAY.contains(&&*self.name)
                    || ALWAYS_A_STRING.contains(&&*self.name)
                    || of_same_name().any(|other| matches!(other.wanted, Wanted::OneOf(_)))
            }
        }
    }
}

/// The registered claims whose type is refused if it is another than number or object.
const NEITHER_STRING_NOR_ARRAY: [&str; 4] = ["exp", "nbf", "iat", "cnf"];

/// The registered claims whose type is refused if it is another than string.
const ALWAYS_A_STRING: [&str; 5] = ["iss", "sub", "jti", "azp", "client_id"];
