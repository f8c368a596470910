//! The claims that a token must have. RFC 7519 section 7.2, RFC 8725 sections 3.8 to 3.12.

use alloc::{string::String, vec::Vec};
use core::{fmt, time::Duration};

use crate::{
    Algorithm, ClaimPath, Login, TokenType,
    host::{AllShown, Shown},
    required_claim::{RequiredClaim, Wanted},
    tenants::Tenants,
};

mod checks;
mod id_token;
mod presence;
mod settings;

/// The claims that a token must have to be accepted: the right issuer, the right audience or
/// client, a valid time, and everything that the methods here add.
///
/// ```
/// use std::time::Duration;
/// use tokenring::{Algorithm, Policy, TokenType};
///
/// let api = Policy::new("https://issuer.example/", "https://api.example.com/")
///     .algorithms([Algorithm::ES256, Algorithm::RS256])
///     .token_type(TokenType::AccessToken)
///     .leeway(Duration::from_secs(30));
///
/// // Amazon Cognito's access tokens have no `aud`.
/// let pool = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_example";
/// let cognito = Policy::for_client(pool, "client-id").require_claim("token_use", "access");
/// ```
///
/// The methods store what they are given. [`Verifier::new`](crate::Verifier::new) refuses a policy
/// that makes no sense.
#[doc(alias("Validation", "VerificationOptions", "TokenValidationParameters"))]
#[derive(Clone)]
pub struct Policy {
    /// An `iss`, or a template of one.
    issuer: String,
    /// None if the issuer is one `iss`.
    tenants: Option<Tenants>,
    /// One of these must be in `aud`. If empty, `clients` is not.
    audiences: Vec<String>,
    /// One of these must be the token's client. If empty, any client is accepted.
    clients: Vec<String>,
    algorithms: Vec<Algorithm>,
    leeway: Duration,
    token_type: TokenType,
    purpose: Purpose,
    sender_constrained: SenderConstrained,
    required_claims: Vec<RequiredClaim>,
    /// `scope` if not set.
    scopes_from: Option<ClaimPath>,
}

impl Policy {
    /// A policy for tokens whose `iss` is `issuer`, and whose `aud` is or contains `audience`. Both
    /// are compared byte for byte, including a slash at the end.
    ///
    /// The audience is the name under which the issuer knows this service. For Auth0 that is the API's
    /// identifier; the page [`issuers`](crate::issuers) says what it is for others. It is not the ID of
    /// the client that requests the tokens, unless you verify ID tokens.
    ///
    /// A name with a [`SettingFault`](crate::SettingFault), such as a line break at its end, is refused by
    /// [`Verifier::new`](crate::Verifier::new). An issuer needs no scheme: Google's may be without.
    ///
    /// RFC 7519 sections 4.1.1 and 4.1.3.
    pub fn new(issuer: impl Into<String>, audience: impl Into<String>) -> Self {
        Self { audiences: Vec::from([audience.into()]), ..Self::of_issuer(issuer.into()) }
    }

    /// A policy for tokens whose `iss` is `issuer`, byte for byte, and which were issued to the
    /// client `client_id`.
    ///
    /// The client is in the claim `azp`, or in `client_id` if there is no `azp`. RFC 8693
    /// section 4.3, OpenID Connect Core section 2.
    ///
    /// For issuers whose tokens have no `aud`, such as Amazon Cognito's access tokens. An `aud` that
    /// is there and not empty must contain the client: a token that names another service is not for
    /// this one. RFC 7519 section 4.1.3.
    ///
    /// Prefer [`new`](Self::new): a client may have tokens for several services, and without `aud` each
    /// service accepts the tokens for the others.
    pub fn for_client(issuer: impl Into<String>, client_id: impl Into<String>) -> Self {
        Self { clients: Vec::from([client_id.into()]), ..Self::of_issuer(issuer.into()) }
    }

    /// A policy for access tokens of the profile in RFC 9068: `issuer` and `audience` are as in
    /// [`new`](Self::new), `typ` must be `at+jwt`, and each of `iss`, `exp`, `aud`, `sub`, `client_id`, `iat`
    /// and `jti` must be there. An `azp` does not replace `client_id`.
    ///
    /// With an issuer that follows the profile, prefer this to [`new`](Self::new): nothing else that the
    /// issuer signs is then taken for an access token. Auth0 (unless the API's profile is set to RFC 9068),
    /// Entra ID and PingFederate do not follow it.
    ///
    /// ```
    /// use tokenring::Policy;
    ///
    /// let policy = Policy::rfc9068("https://issuer.example/", "https://api.example.com/");
    /// ```
    ///
    /// RFC 9068 sections 2 and 4.
    pub fn rfc9068(issuer: impl Into<String>, audience: impl Into<String>) -> Self {
        Self {
            token_type: TokenType::AccessToken,
            purpose: Purpose::ProfiledAccess,
            ..Self::new(issuer, audience)
        }
    }

    /// A policy for ID tokens, by which the OpenID provider `issuer` tells the client `client_id` who
    /// logged in. Verify them with [`Verifier::verify_id_token`](crate::Verifier::verify_id_token). The
    /// page [`id_tokens`](crate::id_tokens) has an example and all the rules.
    ///
    /// Besides what every policy requires:
    ///
    /// - `typ` is as [`TokenType::IdToken`] says.
    /// - `sub` and `iat` are required.
    /// - `client_id` is in `aud`. Every other element must be named by
    ///   [`accept_audience`](Self::accept_audience); if there is one, `azp` is required.
    /// - `azp`, if present, is `client_id`, or a client of [`accept_client`](Self::accept_client).
    /// - The token has no `nonce`, unless [`Login::nonce`](crate::Login::nonce) names it.
    ///
    /// OpenID Connect Core sections 2 and 3.1.3.7.
    pub fn for_id_tokens(issuer: impl Into<String>, client_id: impl Into<String>) -> Self {
        let client_id = client_id.into();
        Self {
            audiences: Vec::from([client_id.clone()]),
            clients: Vec::from([client_id]),
            token_type: TokenType::IdToken,
            purpose: Purpose::Login,
            ..Self::of_issuer(issuer.into())
        }
    }

    /// A policy for tokens of several tenants, which have an `iss` each and one set of keys.
    ///
    /// Write `{tenantid}` into `template` in place of the tenant. A token's `iss` must be the template
    /// with its own claim `tid`, a GUID in lower case, put in there.
    ///
    /// Name the tenants with [`tenant`](Self::tenant) and [`tenants`](Self::tenants), or admit all with
    /// [`any_tenant`](Self::any_tenant). A policy with neither is refused. `audience` is as in
    /// [`new`](Self::new).
    ///
    /// For tenants with keys of their own, use [`Issuers`](crate::Issuers).
    ///
    /// Microsoft Entra has such tokens. Its JWKs have a member `issuer`, which says whose tokens a key is
    /// for. That must fit too, as under every policy.
    ///
    /// ```
    /// use tokenring::{JwkSet, Policy, UnixTime, Verifier, VerifyError};
    /// # use tokenring::testkit::Issuer;
    /// # let now = UnixTime::from_secs(1_780_000_000);
    /// # let jwks = Issuer::new("https://login.microsoftonline.com/{tenantid}/v2.0").jwks();
    /// # let token = |tenant: &str| {
    /// #     let issuer = Issuer::new(format!("https://login.microsoftonline.com/{tenant}/v2.0"));
    /// #     let api = "6e74172b-0000-0000-0000-000000000001";
    /// #     issuer.token_at(now).audience(api).claim("tid", tenant).mint()
    /// # };
    /// # let token_of_customer = token("11111111-2222-3333-4444-555555555555");
    /// # let token_of_stranger = token("77777777-2222-3333-4444-555555555555");
    ///
    /// let policy = Policy::for_tenants(
    ///     "https://login.microsoftonline.com/{tenantid}/v2.0",
    ///     "6e74172b-0000-0000-0000-000000000001",
    /// )
    /// .tenant("11111111-2222-3333-4444-555555555555")
    /// .tenant("99999999-aaaa-bbbb-cccc-dddddddddddd");
    ///
    /// // One set of keys for all tenants. The page `issuers` has its URL.
    /// let verifier = Verifier::new(policy, JwkSet::from_json(jwks.as_bytes())?)?;
    /// let caller = verifier.verify_at(&token_of_customer, now)?;
    /// assert!(caller.issuer().contains("11111111-2222-3333-4444-555555555555"));
    /// let outcome = verifier.verify_at(&token_of_stranger, now);
    /// assert_eq!(outcome.unwrap_err(), VerifyError::WrongTenant);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn for_tenants(template: impl Into<String>, audience: impl Into<String>) -> Self {
        Self { tenants: Some(Tenants::of_template()), ..Self::new(template, audience) }
    }

    fn of_issuer(issuer: String) -> Self {
        Self {
            issuer,
            tenants: None,
            audiences: Vec::new(),
            clients: Vec::new(),
            algorithms: Vec::from([Algorithm::RS256]),
            leeway: Duration::ZERO,
            token_type: TokenType::default(),
            purpose: Purpose::Access,
            sender_constrained: SenderConstrained::Refused,
            required_claims: Vec::new(),
            scopes_from: None,
        }
    }

    /// Admits one more tenant of [`for_tenants`](Self::for_tenants), a GUID in upper or lower case.
    #[must_use]
    pub fn tenant(mut self, tenant: impl AsRef<str>) -> Self {
        self.tenants.get_or_insert_default().list(tenant.as_ref());
        self
    }

    /// Admits these tenants of [`for_tenants`](Self::for_tenants) too, as [`tenant`](Self::tenant).
    #[must_use]
    pub fn tenants(self, tenants: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        tenants.into_iter().fold(self, Self::tenant)
    }

    /// Admits every tenant of [`for_tenants`](Self::for_tenants): **anybody who can make an account
    /// there.** With Microsoft's keys for `common`, these include personal accounts, whose tenant is
    /// `9188040d-6c67-4c5b-b112-36a304b66dad`.
    ///
    /// `sub` is unique only within a tenant. Decide by `tid` and the user, not by the user alone.
    #[must_use]
    pub fn any_tenant(mut self) -> Self {
        self.tenants.get_or_insert_default().admit_any();
        self
    }

    /// Accepts one more audience.
    ///
    /// The first one after [`for_client`](Self::for_client) makes `aud` required, and the client in it
    /// is no longer enough.
    #[doc(alias("set_audience", "aud"))]
    #[must_use]
    pub fn accept_audience(mut self, audience: impl Into<String>) -> Self {
        self.audiences.push(audience.into());
        self
    }

    /// Accepts one more client besides the one of [`for_client`](Self::for_client) or
    /// [`authorized_party`](Self::authorized_party).
    ///
    /// If the policy has no client yet, this is the only one: tokens of other clients are refused.
    #[must_use]
    pub fn accept_client(mut self, client_id: impl Into<String>) -> Self {
        self.clients.push(client_id.into());
        self
    }

    /// Sets the accepted algorithms; only RS256 if not set. RFC 8725 section 3.1.
    ///
    /// An RSA key without `alg` is used with the first RSA algorithm among them.
    #[doc(alias("algs", "allowed_algorithms"))]
    #[must_use]
    pub fn algorithms(mut self, algorithms: impl IntoIterator<Item = Algorithm>) -> Self {
        self.algorithms = algorithms.into_iter().collect();
        self
    }

    /// Sets how far the clocks of issuer and verifier may differ; 0 if not set. RFC 7519
    /// section 4.1.4.
    ///
    /// Must be in whole seconds, at most ten minutes.
    #[doc(alias("clock_skew", "clockTolerance", "time_tolerance"))]
    #[must_use]
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.leeway = leeway;
        self
    }

    /// Sets the accepted `typ`; [`TokenType::Jwt`] if not set. RFC 8725 section 3.11.
    #[must_use]
    pub fn token_type(mut self, token_type: TokenType) -> Self {
        self.token_type = token_type;
        self
    }

    /// Accepts only tokens issued to this client: `azp` must be `client_id`, or the claim
    /// `client_id` if there is no `azp`. OpenID Connect Core section 3.1.3.7, RFC 8693 section 4.3.
    ///
    /// Replaces the clients named before. ID tokens must then have `azp`, unless `client_id` is the one of
    /// [`for_id_tokens`](Self::for_id_tokens).
    #[must_use]
    pub fn authorized_party(mut self, client_id: impl Into<String>) -> Self {
        self.clients = Vec::from([client_id.into()]);
        self
    }

    /// Accepts only tokens in which the claim `name` is the string `value`, byte for byte.
    ///
    /// Can be called for several claims; all of them are required. For values of other types, read
    /// [`Verified::claims`](crate::Verified::claims) after the token is accepted.
    #[doc(alias("set_required_spec_claims", "custom claims"))]
    #[must_use]
    pub fn require_claim(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.require_claim_one_of(name, [value])
    }

    /// Accepts only tokens in which the claim `name` is a string and one of `values`, byte for byte.
    ///
    /// Required besides all other required claims, as with [`require_claim`](Self::require_claim).
    #[must_use]
    pub fn require_claim_one_of(
        self,
        name: impl Into<String>,
        values: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        self.require(name.into(), Wanted::OneOf(values.into_iter().map(Into::into).collect()))
    }

    /// Accepts only tokens in which the claim `name` is an array of strings that contains `value`, byte
    /// for byte. A single string is no array, and an array with another value than strings is refused.
    ///
    /// Required besides all other required claims, as with [`require_claim`](Self::require_claim).
    #[must_use]
    pub fn require_claim_containing(
        self,
        name: impl Into<String>,
        value: impl Into<String>,
    ) -> Self {
        self.require(name.into(), Wanted::Containing(value.into()))
    }

    fn require(mut self, name: String, wanted: Wanted) -> Self {
        self.required_claims.push(RequiredClaim { name, wanted });
        self
    }

    /// Reads the scopes from another claim than `scope`: for an issuer that writes them elsewhere, or for
    /// roles and groups that your service treats as scopes.
    ///
    /// `path` is the name of a claim (`scp`, `https://example.com/roles`), or a JSON Pointer to one inside
    /// another (`/realm_access/roles`): see [`ClaimPath`]. The claim `scope` is then not read.
    ///
    /// Each string of an array is a scope. A string is one scope, except if the claim's own name is
    /// `scope` or `scp`: then the scopes have spaces between them. A claim of any other type, or an array
    /// with another value than strings, grants nothing.
    ///
    /// [`Verified::scopes`](crate::Verified::scopes), [`Guard::require_scope`](crate::Guard::require_scope)
    /// and everything else about scopes use what is read here. An object on the way to the claim in which a member occurs twice
    /// refuses the token, as [`JsonError::DuplicateMember`](crate::JsonError::DuplicateMember).
    ///
    /// ```
    /// use tokenring::Policy;
    ///
    /// // {"scp": ["orders:read", "orders:write"]}
    /// let okta = Policy::new("https://example.okta.com/oauth2/default", "api://default").scopes_from("scp");
    /// // {"realm_access": {"roles": ["customer", "admin"]}}
    /// let keycloak = Policy::new("https://login.example.com/realms/shop", "orders-api")
    ///     .scopes_from("/realm_access/roles");
    /// ```
    #[must_use]
    pub fn scopes_from(mut self, path: impl Into<ClaimPath>) -> Self {
        self.scopes_from = Some(path.into());
        self
    }

    /// Accepts tokens with `cnf`: tokens whose sender must prove possession of a key.
    ///
    /// The policy does not check that proof. Call this only if your service does, with a
    /// [`ProofVerifier`](crate::possession::ProofVerifier) of its own. **Not for a guard**:
    /// [`Guard::check_request`](crate::Guard::check_request) checks proofs and certificates and needs no such
    /// setting, and with it [`Guard::check`](crate::Guard::check) accepts a bound token from anybody. RFC 9449
    /// section 4.3, RFC 8705 section 3.
    #[must_use]
    pub fn allow_sender_constrained(mut self) -> Self {
        self.sender_constrained = SenderConstrained::Allowed;
        self
    }
}

/// Shows the host alone of an issuer, an audience or a client that is a URL.
impl fmt::Debug for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Policy")
            .field("issuer", &Shown(&self.issuer))
            .field("audiences", &AllShown(&self.audiences))
            .field("clients", &AllShown(&self.clients))
            .field("algorithms", &self.algorithms)
            .field("leeway", &self.leeway)
            .field("token_type", &self.token_type)
            .field("purpose", &self.purpose)
            .field("sender_constrained", &self.sender_constrained)
            .finish_non_exhaustive()
    }
}

/// The purpose of the tokens.
#[derive(Clone, Copy, Debug)]
enum Purpose {
    /// To call this service.
    Access,
    /// The same, with all claims of the profile. RFC 9068.
    ProfiledAccess,
    /// To tell this service, a client, who logged in.
    Login,
}

#[derive(Clone, Copy, Debug)]
enum SenderConstrained {
    Refused,
    Allowed,
}

/// How a caller uses a token, and so which checks it makes itself.
#[derive(Clone, Copy)]
pub(crate) enum Usage<'l> {
    /// As a bearer token: whoever has it may use it.
    Bearer,
    /// As a token that may be bound to a key or a certificate: the caller checks that the sender has it.
    Bound,
    /// As the ID token of this login.
    Login(&'l Login),
}

impl<'l> Usage<'l> {
    pub(crate) const fn login(self) -> Option<&'l Login> {
        match self {
            Self::Bearer | Self::Bound => None,
            Self::Login(login) => Some(login),
        }
    }
}
