//! The members of a JWK and the types of their values. RFC 7517 section 4, RFC 7518 section 6.

use alloc::{borrow::Cow, sync::Arc, vec::Vec};

use super::JwkError;
use crate::{
    base64url,
    json::{self, Texts, Value},
};

/// The text of a JWK, from which the values of its members are read.
#[derive(Clone, Copy)]
pub(super) struct JwkText<'a>(pub(super) &'a str);

impl<'a> JwkText<'a> {
    pub(super) fn string(
        self,
        value: Option<Value>,
        member: &'static str,
    ) -> Result<Option<Cow<'a, str>>, JwkError> {
        match value {
            None => Ok(None),
            Some(Value::String(string)) => Ok(Some(string.characters(self.0))),
            Some(_) => Err(JwkError::MemberType { member }),
        }
    }

    pub(super) fn required(
        self,
        value: Option<Value>,
        member: &'static str,
    ) -> Result<Cow<'a, str>, JwkError> {
        self.string(value, member)?.ok_or(JwkError::MemberMissing { member })
    }

    /// The bytes of a number (RFC 7518 section 2, Base64urlUInt) or of an OKP key's `x`, in any spelling
    /// that [`base64url::decode_leniently`] accepts.
    ///
    /// Together with the missing zeros that [`EcKey`](super::EcKey) fills in, this is all that is
    /// tolerated in a JWK. A reader that must tolerate nothing, such as one of a key in a proof, decodes
    /// here with [`base64url::decode`] and compares the lengths before.
    pub(super) fn octets(
        self,
        value: Option<Value>,
        member: &'static str,
    ) -> Result<Vec<u8>, JwkError> {
        base64url::decode_leniently(&self.required(value, member)?)
            .ok_or(JwkError::NotBase64url { member })
    }

    /// A thumbprint, as text. Of another type, it is none: the key can be used without it.
    pub(super) fn thumbprint(self, value: Option<Value>) -> Option<Arc<str>> {
        match value? {
            Value::String(string) => Some(string.characters(self.0).into()),
            _ => None,
        }
    }

    /// Checks `key_ops`: distinct strings, `verify` among them. RFC 7517 section 4.3.
    pub(super) fn check_operations(self, key_ops: Option<Value>) -> Result<(), JwkError> {
        let operations = match key_ops {
            None => return Ok(()),
            Some(Value::Array(array)) => Texts::of_array(array, self.0),
            Some(_) => None,
        };
        let operations = operations.ok_or(JwkError::MemberType { member: "key_ops" })?;
        let mut operations: Vec<&str> = operations.within(self.0).collect();
        operations.sort_unstable();
        if operations.windows(2).any(|pair| matches!(pair, [one, other] if one == other)) {
            return Err(JwkError::DuplicateKeyOperation);
        }
        match operations.contains(&"verify") {
            true => Ok(()),
            false => Err(JwkError::NotForVerify),
        }
    }
}

/// The first private member of a JWK, even of one that is not valid JSON after it. RFC 7518
/// section 6.3.2. EC and OKP keys have only `d`: RFC 7518 section 6.2.2, RFC 8037 section 2.
pub(crate) fn private(json: &str) -> Option<&'static str> {
    let private = ["d", "p", "q", "dp", "dq", "qi", "oth"];
    json::up_to_fault(json).find_map(|(name, _)| private.into_iter().find(|member| *member == name))
}
