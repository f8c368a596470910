//! Protected resource metadata: where a client learns who issues the tokens for this service. RFC 9728.

use alloc::{format, string::String, vec::Vec};
use core::fmt;

use serde_json::Value;

use crate::{
    Algorithm,
    challenge::is_scope_token,
    host::{AllShown, Shown},
    resource_metadata::url::{PlainHttp, Url},
};

mod error;
mod url;

pub use error::ResourceMetadataError;

/// The metadata of a protected resource: the JSON document that tells a client which authorization servers
/// issue tokens for this service, and which scopes there are. RFC 9728.
///
/// A service has one document for each resource. It answers a GET of [`url`](Self::url) with
/// [`to_json`](Self::to_json) as `application/json`, with no authentication in front of it, and with
/// `Access-Control-Allow-Origin: *` if clients run in browsers. It also answers OPTIONS. RFC 9728
/// section 3.
///
/// Some clients also try `/.well-known/oauth-protected-resource` without the path of the resource. It answers 404
/// unless it is the document of a resource without a path, and never redirects: a client that follows gets a
/// document whose `resource` is not what it asked for, and must refuse it. RFC 9728 section 3.3.
///
/// ```
/// use tokenring::{Policy, ResourceMetadata};
///
/// let metadata = ResourceMetadata::new("https://api.example.com/mcp")
///     .authorization_server("https://issuer.example")
///     .scopes_supported(["files:read", "files:write"])
///     .name("Files")
///     .build()?;
/// assert_eq!(metadata.well_known_path(), "/.well-known/oauth-protected-resource/mcp");
/// assert_eq!(metadata.url(), "https://api.example.com/.well-known/oauth-protected-resource/mcp");
/// assert_eq!(
///     metadata.to_json(),
///     r#"{"resource":"https://api.example.com/mcp","authorization_servers":["https://issuer.example"],"scopes_supported":["files:read","files:write"],"bearer_methods_supported":["header"],"resource_name":"Files"}"#,
/// );
///
/// // Many authorization servers write the resource into `aud`, but not all: with Entra ID, it is a GUID.
/// let policy = Policy::new("https://issuer.example", metadata.resource());
/// # Ok::<(), tokenring::ResourceMetadataError>(())
/// ```
///
/// A guard knows the issuers and the scopes that it requires, and tells clients where the document is: see
/// [`Guard::metadata_builder`](crate::Guard::metadata_builder) and
/// [`Guard::resource_metadata`](crate::Guard::resource_metadata).
///
/// # The resource's identifier
///
/// It is never normalized: no slash is added or removed, and clients compare it character by character.
/// Some of them normalize what they compare it with, each in another way. So choose one that has only one
/// spelling: a host in lower case, no default port, no slash at the end, no query.
#[doc(alias("oauth-protected-resource", "mcp", "PRM"))]
#[derive(Clone, PartialEq, Eq)]
pub struct ResourceMetadata {
    resource: String,
    well_known_path: String,
    url: String,
    json: String,
}

impl ResourceMetadata {
    /// A builder of the metadata of `resource`: the https URL by which clients and authorization servers name
    /// this service. It has no fragment, and preferably no query. RFC 9728 section 1.2.
    #[expect(clippy::new_ret_no_self, reason = "metadata is checked as a whole, by `build`")]
    pub fn new(resource: impl Into<String>) -> ResourceMetadataBuilder {
        ResourceMetadataBuilder {
            resource: resource.into(),
            authorization_servers: Vec::new(),
            scopes: None,
            of_guard: OfGuard::default(),
            name: None,
            documentation: None,
            policy_uri: None,
            tos_uri: None,
            certificate_bound: Presence::Omitted,
            dpop_algorithms: None,
            dpop_bound: Presence::Omitted,
            plain_http: PlainHttp::Refused,
        }
    }

    /// The identifier of the resource, exactly as it was given.
    pub fn resource(&self) -> &str {
        &self.resource
    }

    /// The path at which the service serves the document. It begins with
    /// `/.well-known/oauth-protected-resource`, and the resource's own path follows, unless that is `/`.
    /// RFC 9728 section 3.1.
    ///
    /// A query of the resource is not in it: see [`url`](Self::url). Resources that differ in their query
    /// alone have one path.
    pub fn well_known_path(&self) -> &str {
        &self.well_known_path
    }

    /// The URL of the document: [`well_known_path`](Self::well_known_path) on the resource's host, with the
    /// query of the resource if it has one. RFC 9728 section 3.1.
    ///
    /// It consists of the ASCII characters that a URL may contain: none ends a quoted string or a header
    /// field.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The document: one JSON object. Members without a value are left out. RFC 9728 section 3.2.
    ///
    /// `bearer_methods_supported` is always `["header"]`, the only way in which a
    /// [`Guard`](crate::Guard) takes a token. There is no `jwks_uri`: that is for keys of the resource
    /// itself, never for the issuer's.
    pub fn to_json(&self) -> String {
        self.json.clone()
    }
}

/// Shows the host alone of the resource.
impl fmt::Debug for ResourceMetadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResourceMetadata")
            .field("resource", &Shown(&self.resource))
            .finish_non_exhaustive()
    }
}

/// A builder of [`ResourceMetadata`]. The methods store what they are given, and
/// [`build`](Self::build) checks it.
#[derive(Clone)]
#[must_use = "a builder does nothing until `build` is called"]
pub struct ResourceMetadataBuilder {
    resource: String,
    authorization_servers: Vec<String>,
    scopes: Option<Vec<String>>,
    of_guard: OfGuard,
    name: Option<String>,
    documentation: Option<String>,
    policy_uri: Option<String>,
    tos_uri: Option<String>,
    certificate_bound: Presence,
    dpop_algorithms: Option<Vec<Algorithm>>,
    dpop_bound: Presence,
    plain_http: PlainHttp,
}

/// Shows the hosts alone of the resource and of its authorization servers.
impl fmt::Debug for ResourceMetadataBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResourceMetadataBuilder")
            .field("resource", &Shown(&self.resource))
            .field("authorization_servers", &AllShown(&self.authorization_servers))
            .finish_non_exhaustive()
    }
}

/// The values of a guard, for members that are not set.
#[derive(Clone, Default)]
struct OfGuard {
    issuers: Vec<String>,
    scopes: Vec<String>,
    dpop_algorithms: Option<Vec<Algorithm>>,
}

/// Whether a member with the value `true` is in the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Presence {
    Omitted,
    Present,
}

impl ResourceMetadataBuilder {
    /// Fills in what a guard knows. A scope may occur twice.
    pub(crate) fn of_guard(
        mut self,
        issuers: impl IntoIterator<Item = String>,
        scopes: impl IntoIterator<Item = String>,
    ) -> Self {
        self.of_guard.issuers = issuers.into_iter().collect();
        for scope in scopes {
            if !self.of_guard.scopes.contains(&scope) {
                self.of_guard.scopes.push(scope);
            }
        }
        self
    }

    /// Fills in that a guard accepts proofs with these algorithms.
    pub(crate) fn of_proofs(mut self, algorithms: Vec<Algorithm>) -> Self {
        self.of_guard.dpop_algorithms = Some(algorithms);
        self
    }

    /// Adds an authorization server that issues tokens for the resource: its issuer identifier, exactly as
    /// its own metadata has it. At least one is required. RFC 9728 section 2, `authorization_servers`.
    pub fn authorization_server(mut self, issuer: impl Into<String>) -> Self {
        self.authorization_servers.push(issuer.into());
        self
    }

    /// Sets the scopes that a client may request. `scopes_supported`.
    ///
    /// If a 401 names no scope, clients request all of these.
    pub fn scopes_supported(mut self, scopes: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.scopes = Some(scopes.into_iter().map(Into::into).collect());
        self
    }

    /// Sets the name of the resource, which clients show to their users. `resource_name`.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Sets the URL of a page for developers. `resource_documentation`.
    pub fn documentation(mut self, url: impl Into<String>) -> Self {
        self.documentation = Some(url.into());
        self
    }

    /// Sets the URL of a page that says how a client may use the data. `resource_policy_uri`.
    pub fn policy_uri(mut self, url: impl Into<String>) -> Self {
        self.policy_uri = Some(url.into());
        self
    }

    /// Sets the URL of the terms of service. `resource_tos_uri`.
    pub fn tos_uri(mut self, url: impl Into<String>) -> Self {
        self.tos_uri = Some(url.into());
        self
    }

    /// Says that tokens may be bound to the client's certificate. RFC 8705 section 3.
    /// `tls_client_certificate_bound_access_tokens`.
    ///
    /// This is a statement for clients, and a guard does not make it by itself: only the service knows whether
    /// it is told the certificate, as [`Guard::check_request`](crate::Guard::check_request) needs it.
    pub fn tls_client_certificate_bound_access_tokens(mut self) -> Self {
        self.certificate_bound = Presence::Present;
        self
    }

    /// Sets the algorithms of the DPoP proofs that the service accepts. RFC 9449.
    /// `dpop_signing_alg_values_supported`.
    ///
    /// If it is not set, a guard with [`accept_dpop`](crate::Guard::accept_dpop) or
    /// [`require_dpop`](crate::Guard::require_dpop) fills it in. It does not change what a guard accepts, nor does
    /// the other method about DPoP.
    pub fn dpop_signing_alg_values_supported(
        mut self,
        algorithms: impl IntoIterator<Item = Algorithm>,
    ) -> Self {
        self.dpop_algorithms = Some(algorithms.into_iter().collect());
        self
    }

    /// Says that every token must be bound to a key of the client. RFC 9449.
    /// `dpop_bound_access_tokens_required`.
    ///
    /// A guard with [`require_dpop`](crate::Guard::require_dpop) fills it in.
    pub fn dpop_bound_access_tokens_required(mut self) -> Self {
        self.dpop_bound = Presence::Present;
        self
    }

    /// Allows `http:` in all URLs whose host is this machine: `localhost`, `127.0.0.1` or `[::1]`. For tests
    /// and development.
    pub fn danger_allow_http_loopback(mut self) -> Self {
        self.plain_http = PlainHttp::Loopback;
        self
    }

    /// Checks the metadata.
    ///
    /// # Errors
    ///
    /// [`ResourceMetadataError`], for anything that breaks RFC 9728, for a value that occurs twice in a list,
    /// and for a list or a text that was set and is empty.
    pub fn build(self) -> Result<ResourceMetadata, ResourceMetadataError> {
        let resource = self.url("resource", &self.resource)?.without_fragment()?;
        if resource.has_dot_segment() {
            return Err(ResourceMetadataError::DotSegment);
        }
        let Url { origin, path, query, .. } = resource;
        // RFC 9728 section 3.1: a slash directly after the host, with no path, is removed.
        let well_known_path = format!("{WELL_KNOWN}{}", if path == "/" { "" } else { path });
        let query = query.map(|query| format!("?{query}")).unwrap_or_default();
        Ok(ResourceMetadata {
            resource: self.resource.clone(),
            url: format!("{origin}{well_known_path}{query}"),
            well_known_path,
            json: self.json()?,
        })
    }

    /// The document, its members in the order of RFC 9728 section 2.
    fn json(&self) -> Result<String, ResourceMetadataError> {
        let members = [
            ("resource", Some(Value::from(self.resource.as_str()))),
            ("authorization_servers", Some(self.checked_servers()?)),
            ("scopes_supported", self.checked_scopes()?),
            ("bearer_methods_supported", Some(Value::from(["header"]))),
            ("resource_name", self.checked_name()?),
            ("resource_documentation", self.page("resource_documentation", &self.documentation)?),
            ("resource_policy_uri", self.page("resource_policy_uri", &self.policy_uri)?),
            ("resource_tos_uri", self.page("resource_tos_uri", &self.tos_uri)?),
            ("tls_client_certificate_bound_access_tokens", self.certificate_bound.value()),
            ("dpop_signing_alg_values_supported", self.checked_dpop_algorithms()?),
            ("dpop_bound_access_tokens_required", self.dpop_bound.value()),
        ];
        // Not a map: its order depends on a feature of serde_json.
        let present = members.into_iter().filter_map(|(name, value)| {
            value.map(|value| format!("{}:{value}", Value::from(name)))
        });
        Ok(format!("{{{}}}", present.collect::<Vec<String>>().join(",")))
    }

    fn checked_servers(&self) -> Result<Value, ResourceMetadataError> {
        let servers = match self.authorization_servers.as_slice() {
            [] => &self.of_guard.issuers,
            _ => &self.authorization_servers,
        };
        if servers.is_empty() {
            return Err(ResourceMetadataError::NoAuthorizationServer);
        }
        for server in servers {
            // RFC 8414 section 2: "has no query or fragment components".
            let issuer = self.url("authorization_servers", server)?.without_fragment()?;
            if issuer.query.is_some() {
                return Err(ResourceMetadataError::IssuerQuery);
            }
        }
        list("authorization_servers", servers.iter().map(String::as_str))
    }

    fn checked_scopes(&self) -> Result<Option<Value>, ResourceMetadataError> {
        let of_guard = (!self.of_guard.scopes.is_empty()).then_some(&self.of_guard.scopes);
        let Some(scopes) = self.scopes.as_ref().or(of_guard) else { return Ok(None) };
        if let Some(index) = scopes.iter().position(|scope| !is_scope_token(scope)) {
            return Err(ResourceMetadataError::Scope { index });
        }
        // A client asks the authorization server for it, not a resource: MCP, authorization, "Scope
        // Selection Strategy".
        if scopes.iter().any(|scope| scope == "offline_access") {
            return Err(ResourceMetadataError::OfflineAccess);
        }
        list("scopes_supported", scopes.iter().map(String::as_str)).map(Some)
    }

    fn checked_name(&self) -> Result<Option<Value>, ResourceMetadataError> {
        let member = "resource_name";
        match self.name.as_deref() {
            None => Ok(None),
            Some(name) if name.trim().is_empty() => Err(ResourceMetadataError::Empty { member }),
            Some(name) if name.chars().any(char::is_control) => {
                Err(ResourceMetadataError::ControlCharacter)
            }
            Some(name) => Ok(Some(Value::from(name))),
        }
    }

    fn checked_dpop_algorithms(&self) -> Result<Option<Value>, ResourceMetadataError> {
        let set = self.dpop_algorithms.as_ref();
        let Some(algorithms) = set.or(self.of_guard.dpop_algorithms.as_ref()) else {
            return Ok(None);
        };
        let names = algorithms.iter().map(|algorithm| algorithm.name());
        list("dpop_signing_alg_values_supported", names).map(Some)
    }

    /// A page for people. Unlike the other URLs, it may have a query and a fragment.
    fn page(
        &self,
        member: &'static str,
        url: &Option<String>,
    ) -> Result<Option<Value>, ResourceMetadataError> {
        let Some(url) = url else { return Ok(None) };
        self.url(member, url)?;
        Ok(Some(Value::from(url.as_str())))
    }

    fn url<'u>(
        &self,
        member: &'static str,
        text: &'u str,
    ) -> Result<Url<'u>, ResourceMetadataError> {
        Url::parse(member, text, self.plain_http)
    }
}

impl Presence {
    fn value(self) -> Option<Value> {
        (self == Self::Present).then_some(Value::Bool(true))
    }
}

/// An array with each of these once. RFC 9728 section 3.2: one without elements must be left out, which is
/// said by not setting it.
fn list<'v>(
    member: &'static str,
    values: impl Iterator<Item = &'v str>,
) -> Result<Value, ResourceMetadataError> {
    let mut seen = Vec::new();
    for value in values {
        if seen.contains(&value) {
            return Err(ResourceMetadataError::Duplicate { member });
        }
        seen.push(value);
    }
    match seen.is_empty() {
        true => Err(ResourceMetadataError::Empty { member }),
        false => Ok(Value::from(seen)),
    }
}

/// RFC 9728 section 3.
const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";
