//! How, and how recently, the user must have logged in: `acr` and `auth_time`. RFC 9470 sections 3 and
//! 5, OpenID Connect Core section 3.1.3.7, steps 12 and 13.

use alloc::{borrow::Cow, string::String, vec::Vec};

use crate::{
    UnixTime, VerifyError,
    claims::ClaimsSet,
    json::{self, Value},
    time::END_OF_TIME,
};

/// How, and how recently, the user must have logged in: for
/// [`Guard::require_authentication`](crate::Guard::require_authentication) and
/// [`Guard::check_authentication`](crate::Guard::check_authentication). RFC 9470.
///
/// ```
/// use tokenring::Authentication;
///
/// // With a second factor, within the last five minutes.
/// let recent = Authentication::new().acr_values(["mfa", "phr"]).max_age(300);
/// ```
///
/// The issuer writes `acr` and `auth_time` into access tokens if it is told to (RFC 9068 section
/// 2.2.1). A token without a claim that is compared does not pass. If neither is required, no token
/// passes: a setting that was left empty must not admit everybody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Authentication {
    acr_values: Option<Vec<String>>,
    max_age: Option<u64>,
}

impl Authentication {
    /// Nothing is required yet.
    pub const fn new() -> Self {
        Self { acr_values: None, max_age: None }
    }

    /// Requires that `acr` is one of these, byte for byte, in the order of your preference.
    ///
    /// If there are none, no token passes, and no token has the empty one.
    #[must_use]
    pub fn acr_values(self, values: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { acr_values: Some(values.into_iter().map(Into::into).collect()), ..self }
    }

    /// Requires that the user logged in at most this many seconds ago, by `auth_time`.
    ///
    /// The leeway of the token's policy is added. An `auth_time` in the future does not pass.
    #[must_use]
    pub fn max_age(self, seconds: u64) -> Self {
        Self { max_age: Some(seconds), ..self }
    }

    /// Checks everything that is required, and that something is.
    pub(crate) fn check(&self, claims: &AuthenticationClaims<'_>) -> Result<(), VerifyError> {
        if self.is_empty() {
            return Err(VerifyError::WrongAuthenticationContext);
        }
        self.check_context(claims)?;
        self.check_age(claims)
    }

    /// Checks `acr`.
    pub(crate) fn check_context(
        &self,
        claims: &AuthenticationClaims<'_>,
    ) -> Result<(), VerifyError> {
        let Some(values) = &self.acr_values else { return Ok(()) };
        let missing = VerifyError::ClaimMissing { claim: "acr" };
        let acr = string(claims.acr, "acr", claims.json)?.ok_or(missing)?;
        match values.iter().any(|value| !value.is_empty() && acr == *value) {
            true => Ok(()),
            false => Err(VerifyError::WrongAuthenticationContext),
        }
    }

    /// Checks `auth_time`.
    pub(crate) fn check_age(&self, claims: &AuthenticationClaims<'_>) -> Result<(), VerifyError> {
        let Some(max_age) = self.max_age else { return Ok(()) };
        let time = match claims.auth_time {
            None => return Err(VerifyError::ClaimMissing { claim: "auth_time" }),
            Some(Value::Number(number)) => number.exact(claims.json),
            Some(_) => return Err(VerifyError::ClaimType { claim: "auth_time" }),
        };
        if !time.is_at_least(0) || !time.is_at_most(END_OF_TIME) {
            return Err(VerifyError::ClaimRange { claim: "auth_time" });
        }
        let now = claims.now.as_secs();
        if !time.is_at_most(now.saturating_add(claims.leeway)) {
            return Err(VerifyError::AuthenticatedInFuture { auth_time: time.rounded_up(), now });
        }
        match time.is_at_least(now.saturating_sub(max_age).saturating_sub(claims.leeway)) {
            true => Ok(()),
            false => Err(VerifyError::AuthenticationTooOld { auth_time: time.rounded_down(), now }),
        }
    }

    /// Whether neither `acr` nor `auth_time` is compared.
    pub(crate) fn is_empty(&self) -> bool {
        self.acr_values.is_none() && self.max_age.is_none()
    }

    /// The accepted values of `acr`, if it is compared.
    pub(crate) fn accepted_contexts(&self) -> Option<&[String]> {
        self.acr_values.as_deref()
    }

    /// In seconds.
    pub(crate) fn greatest_age(&self) -> Option<u64> {
        self.max_age
    }
}

/// The claims that an [`Authentication`] is compared with. They are read only if there is one.
pub(crate) struct AuthenticationClaims<'c> {
    pub(crate) json: &'c str,
    pub(crate) acr: Option<Value>,
    pub(crate) auth_time: Option<Value>,
    /// In seconds.
    pub(crate) leeway: u64,
    pub(crate) now: UnixTime,
}

impl<'c> AuthenticationClaims<'c> {
    /// From claims that a policy with this leeway has accepted.
    pub(crate) fn read(
        claims: &'c ClaimsSet,
        leeway: u64,
        now: UnixTime,
    ) -> Result<Self, VerifyError> {
        let json = claims.json();
        let [acr, auth_time] =
            json::pick(json, ["acr", "auth_time"]).map_err(VerifyError::PayloadJson)?;
        Ok(Self { json, acr, auth_time, leeway, now })
    }
}

/// A claim that is a string, if it is present.
pub(crate) fn string<'c>(
    value: Option<Value>,
    claim: &'static str,
    json: &'c str,
) -> Result<Option<Cow<'c, str>>, VerifyError> {
    match value {
        None => Ok(None),
        Some(Value::String(string)) => Ok(Some(string.characters(json))),
        Some(_) => Err(VerifyError::ClaimType { claim }),
    }
}
