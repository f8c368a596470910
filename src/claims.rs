//! From a verified payload to a Claims Set: the registered claims, each of the right type. RFC 7519
//! section 4.

use alloc::{borrow::Cow, string::String, sync::Arc, vec::Vec};

use crate::{
    Algorithm, ClaimPath, CompactJws, JsonError, UnixTime, VerifiedPayload, VerifyError, base64url,
    json::{self, Text, Texts, Value},
    tenants,
    time::END_OF_TIME,
};

/// The claims of a payload. Each registered one has the right type; none has been compared with a
/// policy yet.
pub(crate) struct ClaimsSet {
    json: String,
    key_id: Option<Arc<str>>,
    /// Whether the key's JWK names no issuer, or the issuer of these claims.
    pub(crate) fits_key: bool,
    /// The token's `alg`.
    pub(crate) algorithm: Algorithm,
    token_type: Option<Cow<'static, str>>,
    issuer: Text,
    /// `None` if there is no `aud`.
    audience: Option<Texts>,
    /// `None` if there is no `exp`.
    pub(crate) expires_at: Option<UnixTime>,
    pub(crate) not_before: Option<UnixTime>,
    pub(crate) issued_at: Option<UnixTime>,
    subject: Option<Text>,
    jwt_id: Option<Text>,
    authorized_party: Option<Text>,
    pub(crate) sender_constrained: bool,
    /// Whether there is a claim `events`, whatever its value.
    pub(crate) has_events: bool,
    scopes: Option<Scopes>,
    permissions: Option<Texts>,
}

impl ClaimsSet {
    /// Reads the claims of a verified payload, and the scopes from `scope` unless they are elsewhere.
    /// RFC 7519 section 7.2, step 10, and the types of section 4.1.
    pub(crate) fn parse(
        payload: VerifiedPayload,
        scopes_from: Option<&ClaimPath>,
    ) -> Result<Self, VerifyError> {
        let (bytes, origin) = payload.into_parts();
        Self::read(bytes, origin, scopes_from)
    }

    /// The same for a payload that need not be verified: an [`Explanation`](crate::Explanation)
    /// shows its claims, but never turns them into a [`Verified`](crate::Verified).
    pub(crate) fn read(
        payload: Vec<u8>,
        origin: Origin,
        scopes_from: Option<&ClaimPath>,
    ) -> Result<Self, VerifyError> {
        if payload.is_empty() {
            return Err(VerifyError::EmptyPayload);
        }
        let Origin { key_id, key_issuer, algorithm, token_type } = origin;
        let json =
            String::from_utf8(payload).map_err(|_| VerifyError::PayloadJson(JsonError::NotUtf8))?;
        let [iss, sub, aud, exp, nbf, iat, jti, azp, client_id, cnf, scope, permissions, events] =
            json::pick(&json, CLAIMS).map_err(VerifyError::PayloadJson)?;
        let scopes = match scopes_from {
            None => Scopes::separated(scope, &json),
            Some(path) => Scopes::at(path, &json).map_err(VerifyError::PayloadJson)?,
        };

        let issuer = required(string(iss, "iss", &json)?, "iss")?;
        // The policy checks that `aud` and `exp` are present.
        let audience = match aud {
            None => None,
            Some(aud) => Some(texts(aud, &json).ok_or(VerifyError::ClaimType { claim: "aud" })?),
        };
        let expires_at = number(exp, "exp", &json)?;
        #[expect(clippy::as_conversions, reason = "exact: fewer than 53 bits")]
        if expires_at.is_some_and(|exp| !(0.0..=END_OF_TIME as f64).contains(&exp)) {
            return Err(VerifyError::ClaimRange { claim: "exp" });
        }
        let not_before = number(nbf, "nbf", &json)?.map(rounded_up);
        let issued_at = number(iat, "iat", &json)?.map(rounded_up);
        let subject = string(sub, "sub", &json)?;
        let jwt_id = string(jti, "jti", &json)?;
        let client_id = string(client_id, "client_id", &json)?;
        let authorized_party = string(azp, "azp", &json)?.or(client_id);
        let sender_constrained = match cnf {
            None => false,
            Some(Value::Object) => true,
            Some(_) => return Err(VerifyError::ClaimType { claim: "cnf" }),
        };
        // Mistyped `permissions` are not refused, as mistyped scopes are not: they grant nothing.
        let permissions = match permissions {
            Some(Value::Array(permissions)) => Texts::of_array(permissions, &json),
            _ => None,
        };
        let fits_key =
            key_issuer.is_none_or(|of_key| is_issuer_of_key(&of_key, issuer.within(&json), &json));
        Ok(Self {
            json,
            key_id,
            fits_key,
            algorithm,
            token_type,
            issuer,
            audience,
            expires_at: expires_at.map(rounded_up),
            not_before,
            issued_at,
            subject,
            jwt_id,
            authorized_party,
            sender_constrained,
            has_events: events.is_some(),
            scopes,
            permissions,
        })
    }

    /// The JSON text of the claims.
    pub(crate) fn json(&self) -> &str {
        &self.json
    }

    pub(crate) fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }

    /// The header's `typ`.
    pub(crate) fn token_type(&self) -> Option<&str> {
        self.token_type.as_deref()
    }

    pub(crate) fn issuer(&self) -> &str {
        self.issuer.within(&self.json)
    }

    /// Whether `aud` has no element. None if there is no `aud`.
    pub(crate) fn audience_is_empty(&self) -> Option<bool> {
        self.audience.as_ref().map(|audience| audience.is_empty(&self.json))
    }

    pub(crate) fn audience(&self) -> impl Iterator<Item = &str> {
        self.audience.iter().flat_map(|audience| audience.within(&self.json))
    }

    pub(crate) fn authorized_party(&self) -> Option<&str> {
        self.text(&self.authorized_party)
    }

    pub(crate) fn subject(&self) -> Option<&str> {
        self.text(&self.subject)
    }

    pub(crate) fn jwt_id(&self) -> Option<&str> {
        self.text(&self.jwt_id)
    }

    pub(crate) fn scopes(&self) -> impl Iterator<Item = &str> {
        self.scopes.iter().flat_map(|scopes| scopes.within(&self.json))
    }

    pub(crate) fn has_scope(&self, scope: &str) -> bool {
        self.scopes().any(|value| value == scope)
    }

    pub(crate) fn permissions(&self) -> impl Iterator<Item = &str> {
        self.permissions.iter().flat_map(|permissions| permissions.within(&self.json))
    }

    pub(crate) fn has_permission(&self, permission: &str) -> bool {
        self.permissions().any(|value| value == permission)
    }

    /// Whether a guard that requires `permission` admits the token. An empty name is a setting that
    /// was left empty, and must not admit anybody: some token may hold an empty permission.
    pub(crate) fn grants(&self, permission: &str) -> bool {
        !permission.is_empty() && self.has_permission(permission)
    }

    /// Whether the claim that `path` leads to has `value`, read as scopes are. The empty value is in no
    /// claim, and a malformed path leads to none. Parses the claims again, as [`string`](Self::string).
    pub(crate) fn has_value_at(&self, path: &ClaimPath, value: &str) -> Result<bool, VerifyError> {
        if path.is_malformed() {
            return Ok(false);
        }
        let found = Scopes::at(path, &self.json).map_err(VerifyError::PayloadJson)?;
        Ok(found.is_some_and(|found| found.within(&self.json).any(|one| one == value)))
    }

    /// The type of the claim that `path` leads to, for people.
    pub(crate) fn kind_at(&self, path: &ClaimPath) -> &'static str {
        let found = json::follow(&self.json, path.names().iter().map(String::as_str));
        match found.ok().flatten() {
            None => "none",
            Some(Value::String(_)) => "another string",
            Some(Value::Array(array)) => match Texts::of_array(array, &self.json) {
                Some(_) => "an array of other strings",
                None => "an array with other values than strings",
            },
            Some(_) => "neither a string nor an array",
        }
    }

    /// The claim `name`, if it is a string. Parses the claims again: this is for claims that a
    /// policy names and this crate does not know.
    pub(crate) fn string(&self, name: &str) -> Option<Cow<'_, str>> {
        string_member(&self.json, name)
    }

    /// Whether the claim `name` is an array of strings, one of which is `value`. Parses the claims again.
    pub(crate) fn array_contains(&self, name: &str, value: &str) -> bool {
        let strings = match json::member(&self.json, name) {
            Ok(Some(Value::Array(array))) => Texts::of_array(array, &self.json),
            _ => None,
        };
        strings.is_some_and(|strings| strings.within(&self.json).any(|one| one == value))
    }

    /// The claim `name`, which must be a string. Parses the claims again, as [`string`](Self::string).
    pub(crate) fn required_string(&self, name: &'static str) -> Result<Cow<'_, str>, VerifyError> {
        match json::member(&self.json, name).map_err(VerifyError::PayloadJson)? {
            None => Err(VerifyError::ClaimMissing { claim: name }),
            Some(Value::String(string)) => Ok(string.characters(&self.json)),
            Some(_) => Err(VerifyError::ClaimType { claim: name }),
        }
    }

    fn text<'t>(&'t self, text: &'t Option<Text>) -> Option<&'t str> {
        text.as_ref().map(|text| text.within(&self.json))
    }

    /// The size of the claims in memory, in bytes.
    #[cfg(feature = "std")]
    pub(crate) fn kept_bytes(&self) -> usize {
        let texts = [&self.subject, &self.jwt_id, &self.authorized_party];
        let extra = texts.into_iter().flatten().chain([&self.issuer]).map(Text::extra_bytes);
        let lists = [&self.audience, &self.permissions].into_iter().flatten();
        let typ = match &self.token_type {
            Some(Cow::Owned(typ)) => typ.capacity(),
            Some(Cow::Borrowed(_)) | None => 0,
        };
        let scopes = self.scopes.as_ref().map(Scopes::extra_bytes);
        extra
            .chain(lists.map(Texts::extra_bytes))
            .chain(scopes)
            .chain([typ])
            .fold(self.json.capacity(), usize::saturating_add)
    }
}

/// Where the claims have the scopes.
#[derive(Clone)]
enum Scopes {
    /// One string, with spaces between the names. RFC 8693 section 4.2.
    Separated(Text),
    /// One name, or an array of names, which may contain spaces.
    Names(Texts),
}

impl Scopes {
    /// The scopes that `path` leads to.
    fn at(path: &ClaimPath, json: &str) -> Result<Option<Self>, JsonError> {
        let found = json::follow(json, path.names().iter().map(String::as_str))?;
        Ok(match path.is_of_separated_names() {
            true => Self::separated(found, json),
            false => found.and_then(|found| texts(found, json)).map(Self::Names),
        })
    }

    /// A string is a list here; an array has one name in each of its strings. Nothing else is refused: it
    /// grants nothing.
    fn separated(value: Option<Value>, json: &str) -> Option<Self> {
        match value? {
            Value::String(list) => Some(Self::Separated(list.to_text(json))),
            other => texts(other, json).map(Self::Names),
        }
    }

    fn within<'t>(&'t self, json: &'t str) -> impl Iterator<Item = &'t str> {
        let (separated, names) = match self {
            Self::Separated(list) => (list.within(json), None),
            Self::Names(names) => ("", Some(names)),
        };
        let names = names.into_iter().flat_map(|names| names.within(json));
        separated.split(' ').chain(names).filter(|name| !name.is_empty())
    }

    #[cfg(feature = "std")]
    fn extra_bytes(&self) -> usize {
        match self {
            Self::Separated(list) => list.extra_bytes(),
            Self::Names(names) => names.extra_bytes(),
        }
    }
}

/// The facts about a payload that are not in it: the key that signed it, and `alg` and `typ` of the header.
#[derive(Clone)]
pub(crate) struct Origin {
    /// The `kid` of the key that verified it.
    pub(crate) key_id: Option<Arc<str>>,
    /// The issuer that the key is for, if its JWK names one.
    pub(crate) key_issuer: Option<Arc<str>>,
    /// The algorithm of that key, which is `alg`.
    pub(crate) algorithm: Algorithm,
    /// `typ`
    pub(crate) token_type: Option<Cow<'static, str>>,
}

/// `iss` of a token that is not verified: it may choose among the configured issuers, and nothing
/// else. The other claims are compared with each other after the signature only: before it, that
/// would be expensive work for anyone who asks.
pub(crate) fn unverified_issuer(jws: &CompactJws<'_>) -> Result<String, VerifyError> {
    let [_, payload, _] = jws.segments();
    let payload =
        base64url::decode(payload).map_err(|_| VerifyError::NotBase64url { segment: "payload" })?;
    issuer_of(&payload)
}

/// `iss` of a payload, compared with nothing yet.
pub(crate) fn issuer_of(payload: &[u8]) -> Result<String, VerifyError> {
    if payload.is_empty() {
        return Err(VerifyError::EmptyPayload);
    }
    let json =
        core::str::from_utf8(payload).map_err(|_| VerifyError::PayloadJson(JsonError::NotUtf8))?;
    let iss = json::member(json, "iss").map_err(VerifyError::PayloadJson)?;
    let issuer = required(string(iss, "iss", json)?, "iss")?;
    Ok(issuer.within(json).into())
}

/// The strings of a claim that is one string or an array of strings.
fn texts(value: Value, json: &str) -> Option<Texts> {
    match value {
        Value::String(string) => Some(Texts::One(string.to_text(json))),
        Value::Array(array) => Texts::of_array(array, json),
        _ => None,
    }
}

/// The member `name`, if it is a string.
fn string_member<'j>(json: &'j str, name: &str) -> Option<Cow<'j, str>> {
    match json::member(json, name).ok()?? {
        Value::String(string) => Some(string.characters(json)),
        _ => None,
    }
}

/// Whether a key is for the issuer of these claims. `of_key` is the key's issuer, in which Microsoft
/// writes `{tenantid}` for the token's `tid`.
fn is_issuer_of_key(of_key: &str, issuer: &str, json: &str) -> bool {
    match tenants::part_for_tenant(of_key, issuer) {
        None => issuer == of_key,
        Some(tenant) => string_member(json, "tid").as_deref() == Some(tenant),
    }
}

fn required<T>(value: Option<T>, claim: &'static str) -> Result<T, VerifyError> {
    value.ok_or(VerifyError::ClaimMissing { claim })
}

fn string(
    value: Option<Value>,
    claim: &'static str,
    json: &str,
) -> Result<Option<Text>, VerifyError> {
    match value {
        None => Ok(None),
        Some(Value::String(string)) => Ok(Some(string.to_text(json))),
        Some(_) => Err(VerifyError::ClaimType { claim }),
    }
}

fn number(
    value: Option<Value>,
    claim: &'static str,
    json: &str,
) -> Result<Option<f64>, VerifyError> {
    match value {
        None => Ok(None),
        Some(Value::Number(number)) => Ok(Some(number.nearest(json))),
        Some(_) => Err(VerifyError::ClaimType { claim }),
    }
}

/// A NumericDate in whole seconds. Rounding up keeps every comparison with a whole second exact.
#[expect(clippy::as_conversions, reason = "saturates; the fraction cut off is added again")]
fn rounded_up(seconds: f64) -> UnixTime {
    let whole = seconds as u64;
    let fraction = u64::from((whole as f64) < seconds);
    UnixTime::from_secs(whole.saturating_add(fraction))
}

/// The claims that [`ClaimsSet::read`] takes from the payload, in this order.
const CLAIMS: [&str; 13] = [
    "iss",
    "sub",
    "aud",
    "exp",
    "nbf",
    "iat",
    "jti",
    "azp",
    "client_id",
    "cnf",
    "scope",
    "permissions",
    "events",
];
