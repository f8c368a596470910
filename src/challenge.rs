//! The challenges of a guard: the values of `WWW-Authenticate`. RFC 9110 section 11.6.1, RFC 6750
//! section 3, RFC 9449 section 7.1.
//!
//! Clients in wide use search the field for `scope=` and the like by a regular expression, without
//! looking for the quotation marks around other values. So the parameters that a client acts upon come
//! first, and free text comes last: nothing before a parameter can look like it.

use alloc::{
    borrow::ToOwned as _,
    format,
    string::{String, ToString as _},
    vec::Vec,
};
use core::fmt;

use crate::{Authentication, bearer::Scheme, host::Shown};

/// The protection space of a guard: the settings that its challenges show. RFC 9110 section 11.5.
#[derive(Clone)]
pub(crate) struct ProtectionSpace {
    pub(crate) realm: String,
    /// The scopes that every request needs.
    pub(crate) scopes: Vec<String>,
    /// Where the metadata of the protected resource is. RFC 9728 section 5.1.
    pub(crate) metadata_url: Option<String>,
    pub(crate) schemes: Schemes,
}

/// Shows the host alone of the metadata's URL.
impl fmt::Debug for ProtectionSpace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProtectionSpace")
            .field("realm", &self.realm)
            .field("scopes", &self.scopes)
            .field("metadata_url", &self.metadata_url.as_ref().map(Shown))
            .field("schemes", &self.schemes)
            .finish()
    }
}

/// The schemes in which tokens are accepted.
#[derive(Clone, Debug)]
pub(crate) enum Schemes {
    Bearer,
    /// With the algorithms of proofs, separated by spaces.
    Both {
        algs: String,
    },
    Dpop {
        algs: String,
    },
}

/// The schemes of the challenges in one response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Offer {
    /// All that are accepted, since the client may choose again. `Bearer` comes first: some clients read nothing
    /// unless it does.
    All,
    /// The one that the request used, if it is accepted.
    Only(Scheme),
}

impl Offer {
    /// For a request that used `scheme`, and needs another token or proof. A client with a proof has chosen.
    pub(crate) const fn another(scheme: Scheme) -> Self {
        match scheme {
            Scheme::Bearer => Self::All,
            Scheme::Dpop => Self::Only(scheme),
        }
    }
}

impl ProtectionSpace {
    /// With the realm that a guard has unless it is set.
    pub(crate) fn new() -> Self {
        Self {
            realm: "api".to_owned(),
            scopes: Vec::new(),
            metadata_url: None,
            schemes: Schemes::Bearer,
        }
    }

    /// For a request that is malformed. RFC 6750 section 3.1.
    pub(crate) fn invalid_request(&self) -> Vec<String> {
        self.challenges(Offer::All, |challenge| challenge.error_and_algs(Some("invalid_request")))
    }

    /// For a request that needs a token, with the reason if it had one. The client can request all
    /// scopes at once that the guard requires. RFC 6750 section 3, RFC 9449 section 7.1.
    pub(crate) fn token_needed(&self, error: Option<&'static str>, offer: Offer) -> Vec<String> {
        self.challenges(offer, |challenge| {
            challenge
                .error_and_algs(error)
                .parameter("scope", scope_of(&self.scopes).as_deref())
                .parameter("resource_metadata", self.metadata_url.as_deref())
        })
    }

    /// For a token of a user who must log in again. RFC 9470 section 3.
    pub(crate) fn authentication_needed(
        &self,
        needed: &Authentication,
        offer: Offer,
    ) -> Vec<String> {
        let acr_values = needed.accepted_contexts().and_then(scope_of);
        let max_age = needed.greatest_age().map(|seconds| seconds.to_string());
        self.challenges(offer, |challenge| {
            challenge
                .error_and_algs(Some("insufficient_user_authentication"))
                .parameter("scope", scope_of(&self.scopes).as_deref())
                .parameter("resource_metadata", self.metadata_url.as_deref())
                .parameter("acr_values", acr_values.as_deref())
                .parameter("max_age", max_age.as_deref())
        })
    }

    /// For a token that lacks scopes: the guard's and these are all that the operation needs.
    pub(crate) fn scopes_needed<'n>(
        &'n self,
        further: impl IntoIterator<Item = &'n str>,
        offer: Offer,
    ) -> Vec<String> {
        let scope = scope_of(self.scopes.iter().map(String::as_str).chain(further));
        self.challenges(offer, |challenge| {
            challenge
                .error_and_algs(Some("insufficient_scope"))
                .parameter("scope", scope.as_deref())
                .parameter("resource_metadata", self.metadata_url.as_deref())
        })
    }

    /// For a request that another token may not help: no scope is named, because none would do.
    pub(crate) fn forbidden(&self, error: Option<&'static str>, offer: Offer) -> Vec<String> {
        self.challenges(offer, |challenge| {
            challenge
                .error_and_algs(error)
                .parameter("resource_metadata", self.metadata_url.as_deref())
        })
    }

    /// A challenge that `write` completes, or two if two schemes are offered. The second has no `error`: some
    /// clients would take it for the first's.
    fn challenges(
        &self,
        offer: Offer,
        write: impl FnOnce(Challenge<'_>) -> Challenge<'_>,
    ) -> Vec<String> {
        let in_full = |scheme| write(Challenge::new(scheme)).end(self);
        let bearer = (BEARER, None);
        match (&self.schemes, offer) {
            (Schemes::Bearer, _) | (Schemes::Both { .. }, Offer::Only(Scheme::Bearer)) => {
                Vec::from([in_full(bearer)])
            }
            (Schemes::Both { algs }, Offer::Only(Scheme::Dpop)) | (Schemes::Dpop { algs }, _) => {
                Vec::from([in_full((DPOP, Some(algs)))])
            }
            (Schemes::Both { algs }, Offer::All) => {
                let dpop = Challenge::new((DPOP, Some(algs))).error_and_algs(None);
                Vec::from([in_full(bearer), dpop.text])
            }
        }
    }
}

/// A challenge that is being written.
struct Challenge<'s> {
    text: String,
    /// The text between it and the next parameter.
    next: &'static str,
    /// The accepted algorithms of proofs, if the scheme is `DPoP`.
    algs: Option<&'s str>,
}

impl<'s> Challenge<'s> {
    fn new((scheme, algs): (&'static str, Option<&'s String>)) -> Self {
        Self { text: scheme.to_owned(), next: " ", algs: algs.map(String::as_str) }
    }

    /// `error`, and `algs` in the scheme `DPoP`. RFC 9449 section 7.1.
    fn error_and_algs(self, error: Option<&'static str>) -> Self {
        let algs = self.algs;
        self.parameter("error", error).parameter("algs", algs)
    }

    fn parameter(mut self, name: &'static str, value: Option<&str>) -> Self {
        if let Some(value) = value {
            let parameter = format!("{}{name}=\"{}\"", self.next, quoted(value));
            self.text.push_str(&parameter);
            self.next = ", ";
        }
        self
    }

    /// The challenge with the free text of `space`. So it has a parameter in any case: some clients
    /// do not find the parameters of a second challenge after a bare scheme.
    fn end(self, space: &ProtectionSpace) -> String {
        self.parameter("realm", Some(&space.realm)).text
    }
}

/// RFC 6750 section 3.
const BEARER: &str = "Bearer";

/// RFC 9449 section 7.1.
const DPOP: &str = "DPoP";

/// The names as the value of `scope`, each once. None if there are none: RFC 6749 section 3.3 has no
/// empty list.
fn scope_of<'n, N: AsRef<str> + ?Sized + 'n>(
    names: impl IntoIterator<Item = &'n N>,
) -> Option<String> {
    let mut listed: Vec<&str> = Vec::new();
    for name in names.into_iter().map(AsRef::as_ref) {
        // A name with another character cannot be requested. Without it, it might be another name.
        if is_scope_token(name) && !listed.contains(&name) {
            listed.push(name);
        }
    }
    (!listed.is_empty()).then(|| listed.join(" "))
}

/// RFC 6749 section 3.3: `1*NQCHAR`.
pub(crate) fn is_scope_token(name: &str) -> bool {
    let is_nqchar = |byte| matches!(byte, b'!'..=b'~') && !matches!(byte, b'"' | b'\\');
    !name.is_empty() && name.bytes().all(is_nqchar)
}

/// The inside of a quoted-string with `text`: RFC 9110 section 5.6.4. All characters but printable
/// ASCII are escaped, so that they cannot break the header field.
fn quoted(text: &str) -> String {
    text.escape_default().to_string().replace("\\'", "'")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_401_and_403_names_the_metadata_and_parameters_keep_their_order() {
        let url = "https://api.example.com/.well-known/oauth-protected-resource/mcp?a=b";
        let space = ProtectionSpace {
            realm: "x\", scope=\"admin".to_owned(),
            scopes: Vec::from(["a".to_owned(), "b".to_owned()]),
            metadata_url: Some(url.to_owned()),
            schemes: Schemes::Bearer,
        };
        let metadata = format!("resource_metadata=\"{url}\"");
        let realm = r#"realm="x\", scope=\"admin""#;
        let needed = Authentication::new().acr_values(["mfa"]).max_age(300);
        for (challenge, parameters) in [
            (space.invalid_request(), format!(r#"error="invalid_request", {realm}"#)),
            (space.token_needed(None, Offer::All), format!(r#"scope="a b", {metadata}, {realm}"#)),
            (
                space.token_needed(Some("invalid_token"), Offer::All),
                format!(r#"error="invalid_token", scope="a b", {metadata}, {realm}"#),
            ),
            (
                space.scopes_needed(["c", "a"], Offer::All),
                format!(r#"error="insufficient_scope", scope="a b c", {metadata}, {realm}"#),
            ),
            (
                space.authentication_needed(&needed, Offer::All),
                format!(
                    r#"error="insufficient_user_authentication", scope="a b", {metadata}, acr_values="mfa", max_age="300", {realm}"#
                ),
            ),
            (space.forbidden(None, Offer::All), format!("{metadata}, {realm}")),
            (
                space.forbidden(Some("insufficient_scope"), Offer::All),
                format!(r#"error="insufficient_scope", {metadata}, {realm}"#),
            ),
        ] {
            assert_eq!(challenge, [format!("Bearer {parameters}")]);
        }
    }

    /// A URL that was checked has none of these.
    #[test]
    fn no_character_of_a_value_can_end_it() {
        for character in '\0'..='\u{2ff}' {
            let mut space = ProtectionSpace::new();
            space.metadata_url = Some(format!("a{character}b"));
            space.realm = format!("c{character}d");
            let challenge = space.forbidden(None, Offer::All).join("");
            assert!(challenge.bytes().all(|byte| matches!(byte, b' '..=b'~')), "{challenge}");
            let unescaped = challenge.replace("\\\\", "").replace("\\\"", "");
            assert_eq!(unescaped.matches('"').count(), 4, "{challenge}");
        }
    }
}
