//! A verified payload to a Claims Set: registered claims, scopes, typed access. RFC 7519 section 4,
//! RFC 9068 section 2.2.

use alloc::{string::String, sync::Arc};

use serde::de::{DeserializeOwned, MapAccess};

use crate::{
    ClaimsError, JsonError, UnixTime, VerifiedPayload, VerifyError,
    header::DeclaredType,
    json::{self, Next, Object, Text, Texts, Value},
};

/// A token that holds under the policy it was checked against. Nothing else can make one.
///
/// What the methods return is what the issuer signed.
#[derive(Clone, Debug)]
pub struct Verified(ClaimsSet);

impl Verified {
    /// Only for what a policy has accepted.
    pub(crate) fn new(accepted: ClaimsSet) -> Self {
        Self(accepted)
    }

    /// The same, with nothing in common with others.
    #[cfg(feature = "std")]
    pub(crate) fn unshared(&self) -> Self {
        let key_id = self.0.key_id.as_deref().map(Arc::from);
        Self(ClaimsSet { key_id, ..self.0.clone() })
    }

    /// `iss`: the policy's issuer. RFC 7519 section 4.1.1.
    pub fn issuer(&self) -> &str {
        self.0.issuer()
    }

    /// `sub`: whom the token speaks of, unique for this issuer. RFC 7519 section 4.1.2.
    pub fn subject(&self) -> Option<&str> {
        self.0.text(&self.0.subject)
    }

    /// `aud`, all of it: at least one is accepted by the policy. RFC 7519 section 4.1.3.
    pub fn audience(&self) -> impl Iterator<Item = &str> {
        self.0.audience()
    }

    /// `exp`, a fraction of a second rounded up: from then on the token is refused. RFC 7519
    /// section 4.1.4.
    pub fn expires_at(&self) -> UnixTime {
        self.0.expires_at
    }

    /// `iat`, a fraction of a second rounded up, a time before 1970 as 0. RFC 7519 section 4.1.6.
    pub fn issued_at(&self) -> Option<UnixTime> {
        self.0.issued_at
    }

    /// `nbf`, a fraction of a second rounded up, a time before 1970 as 0. RFC 7519 section 4.1.5.
    pub fn not_before(&self) -> Option<UnixTime> {
        self.0.not_before
    }

    /// `jti`. RFC 7519 section 4.1.7.
    pub fn jwt_id(&self) -> Option<&str> {
        self.0.text(&self.0.jwt_id)
    }

    /// `kid` of the key that verified the token. RFC 7517 section 4.5.
    pub fn key_id(&self) -> Option<&str> {
        self.0.key_id.as_deref()
    }

    /// The client the token was issued to: `azp`, else `client_id`. OpenID Connect Core section 2,
    /// RFC 8693 section 4.3.
    pub fn authorized_party(&self) -> Option<&str> {
        self.0.authorized_party()
    }

    /// The values in `scope`. RFC 8693 section 4.2, RFC 9068 section 2.2.3.
    ///
    /// None if there is no `scope` or it is not a string.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        let scope = self.0.text(&self.0.scope).unwrap_or_default();
        scope.split(' ').filter(|value| !value.is_empty())
    }

    /// Whether `scope` is one of [`scopes`](Self::scopes), compared byte for byte.
    pub fn has_scope(&self, scope: &str) -> bool {
        self.scopes().any(|value| value == scope)
    }

    /// The values in `permissions`, which Auth0 adds if the API's settings ask for it.
    ///
    /// None if there is no `permissions` or it is not an array of strings.
    pub fn permissions(&self) -> impl Iterator<Item = &str> {
        self.0.permissions.iter().flat_map(|permissions| permissions.within(&self.0.json))
    }

    /// Whether `permission` is one of [`permissions`](Self::permissions), compared byte for byte.
    pub fn has_permission(&self, permission: &str) -> bool {
        self.permissions().any(|value| value == permission)
    }

    /// The claims as a type of the caller's.
    ///
    /// The registered ones have been checked. What else `T` takes from the claims is as the issuer
    /// wrote it; beware of `Option`, which turns `null` into absence.
    ///
    /// # Errors
    ///
    /// [`ClaimsError`] if they do not fit `T`.
    pub fn claims<T: DeserializeOwned>(&self) -> Result<T, ClaimsError> {
        serde_json::from_str(&self.0.json).map_err(|error| ClaimsError { column: error.column() })
    }

    /// The JWS Payload, the JSON text of the claims.
    pub fn payload(&self) -> &[u8] {
        self.0.json.as_bytes()
    }
}

/// The claims of a token whose signature holds: each has the type it must have, and is compared
/// with nothing yet.
#[derive(Clone, Debug)]
pub(crate) struct ClaimsSet {
    json: String,
    key_id: Option<Arc<str>>,
    pub(crate) declared_type: DeclaredType,
    issuer: Text,
    audience: Texts,
    pub(crate) expires_at: UnixTime,
    pub(crate) not_before: Option<UnixTime>,
    issued_at: Option<UnixTime>,
    subject: Option<Text>,
    jwt_id: Option<Text>,
    authorized_party: Option<Text>,
    pub(crate) sender_constrained: bool,
    scope: Option<Text>,
    permissions: Option<Texts>,
}

impl ClaimsSet {
    /// RFC 7519 section 7.2, step 10, and the types of section 4.1.
    pub(crate) fn parse(payload: VerifiedPayload) -> Result<Self, VerifyError> {
        if payload.as_bytes().is_empty() {
            return Err(VerifyError::EmptyPayload);
        }
        let (key_id, declared_type) = (payload.key_id.clone(), payload.declared_type);
        let json = String::from_utf8(payload.into_bytes())
            .map_err(|_| VerifyError::PayloadJson(JsonError::NotUtf8))?;
        let members: Members = json::read(&json).map_err(VerifyError::PayloadJson)?;

        let issuer = required(string(members.iss, "iss")?, "iss")?;
        let audience = match members.aud {
            Some(Value::String(audience)) => audience.into(),
            Some(Value::Array(Some(audience))) if !audience.is_empty() => audience,
            Some(_) => return Err(VerifyError::ClaimType { claim: "aud" }),
            None => return Err(VerifyError::ClaimMissing { claim: "aud" }),
        };
        let expires_at = required(number(members.exp, "exp")?, "exp")?;
        if !(0.0..=END_OF_TIME).contains(&expires_at) {
            return Err(VerifyError::ClaimRange { claim: "exp" });
        }
        let not_before = number(members.nbf, "nbf")?.map(rounded_up);
        let issued_at = number(members.iat, "iat")?.map(rounded_up);
        let subject = string(members.sub, "sub")?;
        let jwt_id = string(members.jti, "jti")?;
        let client_id = string(members.client_id, "client_id")?;
        let authorized_party = string(members.azp, "azp")?.or(client_id);
        let sender_constrained = match members.cnf {
            None => false,
            Some(Value::Object) => true,
            Some(_) => return Err(VerifyError::ClaimType { claim: "cnf" }),
        };
        // Not refused if mistyped, since no check depends on them: they only grant nothing.
        let scope = match members.scope {
            Some(Value::String(scope)) => Some(scope),
            _ => None,
        };
        let permissions = match members.permissions {
            Some(Value::Array(permissions)) => permissions,
            _ => None,
        };
        Ok(Self {
            json,
            key_id,
            declared_type,
            issuer,
            audience,
            expires_at: rounded_up(expires_at),
            not_before,
            issued_at,
            subject,
            jwt_id,
            authorized_party,
            sender_constrained,
            scope,
            permissions,
        })
    }

    pub(crate) fn issuer(&self) -> &str {
        self.issuer.within(&self.json)
    }

    pub(crate) fn audience(&self) -> impl Iterator<Item = &str> {
        self.audience.within(&self.json)
    }

    pub(crate) fn authorized_party(&self) -> Option<&str> {
        self.text(&self.authorized_party)
    }

    fn text<'t>(&'t self, text: &'t Option<Text>) -> Option<&'t str> {
        text.as_ref().map(|text| text.within(&self.json))
    }
}

fn required<T>(value: Option<T>, claim: &'static str) -> Result<T, VerifyError> {
    value.ok_or(VerifyError::ClaimMissing { claim })
}

fn string(value: Option<Value>, claim: &'static str) -> Result<Option<Text>, VerifyError> {
    match value {
        None => Ok(None),
        Some(Value::String(string)) => Ok(Some(string)),
        Some(_) => Err(VerifyError::ClaimType { claim }),
    }
}

fn number(value: Option<Value>, claim: &'static str) -> Result<Option<f64>, VerifyError> {
    match value {
        None => Ok(None),
        Some(Value::Number(number)) => Ok(Some(number)),
        Some(_) => Err(VerifyError::ClaimType { claim }),
    }
}

/// A NumericDate in whole seconds. To compare a time in whole seconds with this is to compare it
/// with the fraction.
#[expect(clippy::as_conversions, reason = "saturates; what it cuts off is put on again")]
fn rounded_up(seconds: f64) -> UnixTime {
    let whole = seconds as u64;
    let fraction = u64::from((whole as f64) < seconds);
    UnixTime::from_secs(whole.saturating_add(fraction))
}

/// The claims as they stand in the payload.
#[derive(Debug, Default)]
struct Members {
    iss: Option<Value>,
    sub: Option<Value>,
    aud: Option<Value<Option<Texts>>>,
    exp: Option<Value>,
    nbf: Option<Value>,
    iat: Option<Value>,
    jti: Option<Value>,
    azp: Option<Value>,
    client_id: Option<Value>,
    cnf: Option<Value>,
    scope: Option<Value>,
    permissions: Option<Value<Option<Texts>>>,
}

impl<'a> Object<'a> for Members {
    fn member<M: MapAccess<'a>>(
        &mut self,
        name: &str,
        next: Next<'a, '_, M>,
    ) -> Result<(), M::Error> {
        match name {
            "aud" => self.aud = Some(next.strings()?),
            "permissions" => self.permissions = Some(next.strings()?),
            _ => {
                let value = Some(next.value()?);
                match name {
                    "iss" => self.iss = value,
                    "sub" => self.sub = value,
                    "exp" => self.exp = value,
                    "nbf" => self.nbf = value,
                    "iat" => self.iat = value,
                    "jti" => self.jti = value,
                    "azp" => self.azp = value,
                    "client_id" => self.client_id = value,
                    "cnf" => self.cnf = value,
                    "scope" => self.scope = value,
                    _ => {}
                }
            }
        }
        Ok(())
    }
}

/// 9999-12-31T23:59:59Z: catches milliseconds.
const END_OF_TIME: f64 = 253_402_300_799.0;
