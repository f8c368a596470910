//! From claims, a policy and the time to a verdict. RFC 7519 section 7.2, RFC 8725 sections 3.8 to
//! 3.12.

use alloc::{borrow::Cow, string::String, vec::Vec};
use core::time::Duration;

use crate::{
    Algorithm, JoseHeader, KeyQuery, PolicyError, UnixTime, Verified, VerifiedPayload, VerifyError,
    check::{OF_CLAIMS, Rule},
    claims::ClaimsSet,
    header::DeclaredType,
    tenants::{self, Tenants},
    time::whole_seconds,
};

/// The `typ` that a token may have. RFC 8725 section 3.11.
///
/// Compared ignoring ASCII case, with or without `application/` before it. RFC 7515 section 4.1.9.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenType {
    /// No `typ`, `JWT` or `at+jwt`: the values in access tokens of today's issuers.
    #[default]
    Jwt,
    /// Only `at+jwt`. RFC 9068 section 2.1.
    AccessToken,
}

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
#[derive(Clone, Debug)]
pub struct Policy {
    /// An `iss`, or a template of one.
    issuer: String,
    /// None if the issuer is one `iss`.
    tenants: Option<Tenants>,
    /// One of these must be in `aud`. If empty, `aud` is not compared, and `clients` is not empty.
    audiences: Vec<String>,
    /// One of these must be the token's client. If empty, any client is accepted.
    clients: Vec<String>,
    algorithms: Vec<Algorithm>,
    leeway: Duration,
    token_type: TokenType,
    sender_constrained: SenderConstrained,
    required_claims: Vec<(String, String)>,
}

impl Policy {
    /// A policy for tokens whose `iss` is `issuer`, and whose `aud` is or contains `audience`. Both
    /// are compared byte for byte, including a slash at the end.
    ///
    /// The audience is the name under which the issuer knows this service. For Auth0 that is the API's
    /// identifier; the page [`issuers`](crate::issuers) says what it is for others. It is not the ID of
    /// the client that requests the tokens, unless you verify ID tokens.
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
    /// For issuers whose tokens have no `aud`, such as Amazon Cognito's access tokens. If there is
    /// an `aud`, only its type is checked. Prefer [`new`](Self::new): a client may have tokens for
    /// several services, and without `aud` each service accepts the tokens for the others.
    pub fn for_client(issuer: impl Into<String>, client_id: impl Into<String>) -> Self {
        Self { clients: Vec::from([client_id.into()]), ..Self::of_issuer(issuer.into()) }
    }

    /// A policy for tokens of several tenants, which have an `iss` each and one set of keys.
    ///
    /// `iss` must be `template` with the token's own claim `tid` in place of `{tenantid}`: a GUID in
    /// lower case. The tenants are named with [`tenant`](Self::tenant) and
    /// [`tenants`](Self::tenants), or [`any_tenant`](Self::any_tenant) admits all. `audience` is as
    /// in [`new`](Self::new).
    ///
    /// Microsoft Entra has such tokens. Its JWKs say in `issuer` which tenants a key is for: that
    /// must fit too, as for every policy.
    ///
    /// ```
    /// use tokenring::Policy;
    ///
    /// let policy = Policy::for_tenants(
    ///     "https://login.microsoftonline.com/{tenantid}/v2.0",
    ///     "6e74172b-0000-0000-0000-000000000001",
    /// )
    /// .tenant("11111111-2222-3333-4444-555555555555")
    /// .tenant("99999999-aaaa-bbbb-cccc-dddddddddddd");
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
            sender_constrained: SenderConstrained::Refused,
            required_claims: Vec::new(),
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
    /// The first one after [`for_client`](Self::for_client) makes `aud` required.
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
    #[must_use]
    pub fn algorithms(mut self, algorithms: impl IntoIterator<Item = Algorithm>) -> Self {
        self.algorithms = algorithms.into_iter().collect();
        self
    }

    /// Sets how far the clocks of issuer and verifier may differ; 0 if not set. RFC 7519
    /// section 4.1.4.
    ///
    /// Must be in whole seconds, at most ten minutes.
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
    /// Replaces the clients named before.
    #[must_use]
    pub fn authorized_party(mut self, client_id: impl Into<String>) -> Self {
        self.clients = Vec::from([client_id.into()]);
        self
    }

    /// Accepts only tokens in which the claim `name` is the string `value`, byte for byte.
    ///
    /// Can be called for several claims; all of them are required. For a claim that is not a string,
    /// such as an array of roles, read [`Verified::claims`] after the token is accepted.
    #[must_use]
    pub fn require_claim(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.required_claims.push((name.into(), value.into()));
        self
    }

    /// Accepts tokens with `cnf`: tokens whose sender must prove possession of a key.
    ///
    /// This crate does not check that proof. Call this only if your service does. RFC 9449
    /// section 4.3, RFC 8705 section 3.
    #[must_use]
    pub fn allow_sender_constrained(mut self) -> Self {
        self.sender_constrained = SenderConstrained::Allowed;
        self
    }

    /// Checks that every part of the policy can be used.
    pub(crate) fn check_self(&self) -> Result<(), PolicyError> {
        if self.issuer.is_empty() {
            return Err(PolicyError::EmptyIssuer);
        }
        if let Some(tenants) = &self.tenants {
            tenants.check_self(&self.issuer)?;
        }
        if self.audiences.iter().any(String::is_empty) {
            return Err(PolicyError::EmptyAudience);
        }
        if self.clients.iter().any(String::is_empty) {
            return Err(PolicyError::EmptyAuthorizedParty);
        }
        if self.algorithms.is_empty() {
            return Err(PolicyError::NoAlgorithm);
        }
        if self.required_claims.iter().any(|(name, value)| name.is_empty() || value.is_empty()) {
            return Err(PolicyError::EmptyRequiredClaim);
        }
        if self.required_claims.iter().any(|required| self.is_impossible(required)) {
            return Err(PolicyError::ImpossibleRequiredClaim);
        }
        if self.leeway > MAX_LEEWAY {
            return Err(PolicyError::LeewayTooLong { seconds: whole_seconds(self.leeway) });
        }
        if self.leeway.subsec_nanos() > 0 {
            return Err(PolicyError::LeewayFraction);
        }
        Ok(())
    }

    /// Whether no token that passes the other checks can have this claim.
    fn is_impossible(&self, (name, value): &(String, String)) -> bool {
        let is_never_a_string = matches!(name.as_str(), "exp" | "nbf" | "iat" | "cnf");
        let is_another_issuer = name == "iss" && !self.is_for(value);
        let is_required_otherwise =
            self.required_claims.iter().any(|(other, wanted)| other == name && wanted != value);
        is_never_a_string || is_another_issuer || is_required_otherwise
    }

    /// The policy's `iss`, or the template.
    pub(crate) fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The `iss` of tokens with this `tid`.
    pub(crate) fn issuer_with(&self, tid: Option<&str>) -> Cow<'_, str> {
        let of_tenant = tid
            .filter(|_| self.is_for_tenants())
            .and_then(|tid| tenants::issuer_of_tenant(&self.issuer, tid));
        of_tenant.map_or(Cow::Borrowed(&self.issuer), Cow::Owned)
    }

    /// Whether tokens with this `iss` may be accepted, if the rest is right.
    pub(crate) fn is_for(&self, iss: &str) -> bool {
        match self.is_for_tenants() {
            true => self.is_for_tenant_of(iss),
            false => self.issuer == iss,
        }
    }

    /// Whether the issuer is a template, and `iss` is of its form.
    pub(crate) fn is_for_tenant_of(&self, iss: &str) -> bool {
        self.is_for_tenants() && tenants::is_of_template(&self.issuer, iss)
    }

    pub(crate) fn is_for_tenants(&self) -> bool {
        self.tenants.is_some()
    }

    pub(crate) fn listed_tenants(&self) -> Option<&Tenants> {
        self.tenants.as_ref()
    }

    pub(crate) fn audiences(&self) -> &[String] {
        &self.audiences
    }

    pub(crate) fn clients(&self) -> &[String] {
        &self.clients
    }

    pub(crate) fn accepted_algorithms(&self) -> &[Algorithm] {
        &self.algorithms
    }

    pub(crate) fn accepted_type(&self) -> TokenType {
        self.token_type
    }

    pub(crate) fn leeway_seconds(&self) -> u64 {
        self.leeway.as_secs()
    }

    pub(crate) fn required_claims(&self) -> &[(String, String)] {
        &self.required_claims
    }

    /// Checks that `alg` is accepted. RFC 8725 section 3.1.
    pub(crate) fn check_header(&self, header: &JoseHeader) -> Result<(), VerifyError> {
        match self.algorithms.contains(&header.algorithm()) {
            true => Ok(()),
            false => Err(VerifyError::AlgorithmNotAccepted),
        }
    }

    /// The query for the key of a token with these parameters.
    pub(crate) fn query<'q>(&self, kid: Option<&'q str>, algorithm: Algorithm) -> KeyQuery<'q> {
        let first_rsa = self.algorithms.iter().copied().find(|algorithm| algorithm.is_rsa());
        KeyQuery::new(kid, algorithm).with_unlabeled_for(first_rsa)
    }

    /// Reads the claims and compares them with the policy as of `now`.
    pub(crate) fn check(
        &self,
        payload: VerifiedPayload,
        now: UnixTime,
    ) -> Result<Verified, VerifyError> {
        let claims = ClaimsSet::parse(payload)?;
        OF_CLAIMS.iter().try_for_each(|(_, rule)| rule.check(self, &claims, now))?;
        Ok(Verified::new(claims))
    }

    /// Checks a token that this policy has accepted before: only the time has changed.
    pub(crate) fn check_again(
        &self,
        accepted: &Verified,
        now: UnixTime,
    ) -> Result<Verified, VerifyError> {
        OF_CLAIMS.iter().try_for_each(|(_, rule)| match rule {
            Rule::Time(check) => check(self, accepted.claims_set(), now),
            Rule::Presence(_) | Rule::Claims(_) => Ok(()),
        })?;
        Ok(accepted.clone())
    }

    /// Checks that there is an `aud` with an element, if the policy names audiences. RFC 7519
    /// section 4.1.3.
    pub(crate) fn check_audience_is_present(&self, claims: &ClaimsSet) -> Result<(), VerifyError> {
        match claims.audience_is_empty() {
            _ if self.audiences.is_empty() => Ok(()),
            None => Err(VerifyError::ClaimMissing { claim: "aud" }),
            Some(true) => Err(VerifyError::ClaimType { claim: "aud" }),
            Some(false) => Ok(()),
        }
    }

    /// Checks that there is an `exp`. RFC 7519 section 4.1.4 leaves it to the reader to require it.
    pub(crate) fn check_expiry_is_present(&self, claims: &ClaimsSet) -> Result<(), VerifyError> {
        claims.expires_at.map(|_| ()).ok_or(EXPIRY_MISSING)
    }

    /// Checks `typ`: a logout token or a DPoP proof is not an access token, whoever signed it.
    /// RFC 8725 section 3.11.
    pub(crate) fn check_token_type(&self, claims: &ClaimsSet) -> Result<(), VerifyError> {
        match (self.token_type, claims.declared_type) {
            (TokenType::Jwt, DeclaredType::None | DeclaredType::Jwt) => Ok(()),
            (TokenType::Jwt | TokenType::AccessToken, DeclaredType::AccessToken) => Ok(()),
            _ => Err(VerifyError::TokenTypeNotAccepted),
        }
    }

    /// Checks `iss` against the policy, with its tenant if it has one, and against the key if its JWK
    /// names an issuer. RFC 7519
    /// section 4.1.1, RFC 8725 section 3.8.
    pub(crate) fn check_issuer(&self, claims: &ClaimsSet) -> Result<(), VerifyError> {
        match &self.tenants {
            None if claims.issuer() != self.issuer => return Err(VerifyError::WrongIssuer),
            None => {}
            Some(tenants) => tenants.check(&self.issuer, claims)?,
        }
        match &claims.key_issuer {
            Some(template) if !is_issuer_of_key(template, claims) => {
                Err(VerifyError::KeyOfOtherIssuer)
            }
            _ => Ok(()),
        }
    }

    /// Checks `aud`. RFC 7519 section 4.1.3, RFC 8725 section 3.9.
    pub(crate) fn check_audience(&self, claims: &ClaimsSet) -> Result<(), VerifyError> {
        let accepted = |audience: &str| self.audiences.iter().any(|one| one == audience);
        match self.audiences.is_empty() || claims.audience().any(accepted) {
            true => Ok(()),
            false => Err(VerifyError::WrongAudience),
        }
    }

    /// Checks `exp`: not accepted "on or after" it. RFC 7519 section 4.1.4.
    pub(crate) fn check_expiry(
        &self,
        claims: &ClaimsSet,
        now: UnixTime,
    ) -> Result<(), VerifyError> {
        let (exp, now) = (claims.expires_at.ok_or(EXPIRY_MISSING)?.as_secs(), now.as_secs());
        match now >= exp.saturating_add(self.leeway.as_secs()) {
            true => Err(VerifyError::Expired { exp, now }),
            false => Ok(()),
        }
    }

    /// Checks `nbf`: not accepted before it. RFC 7519 section 4.1.5.
    pub(crate) fn check_not_before(
        &self,
        claims: &ClaimsSet,
        now: UnixTime,
    ) -> Result<(), VerifyError> {
        let now = now.as_secs();
        match claims.not_before.map(UnixTime::as_secs) {
            Some(nbf) if now.saturating_add(self.leeway.as_secs()) < nbf => {
                Err(VerifyError::NotYetValid { nbf, now })
            }
            _ => Ok(()),
        }
    }

    /// Checks the client. OpenID Connect Core section 3.1.3.7, step 5.
    pub(crate) fn check_client(&self, claims: &ClaimsSet) -> Result<(), VerifyError> {
        let accepted = |client: &str| self.clients.iter().any(|one| one == client);
        match self.clients.is_empty() || claims.authorized_party().is_some_and(accepted) {
            true => Ok(()),
            false => Err(VerifyError::WrongAuthorizedParty),
        }
    }

    /// Checks `cnf`. RFC 9449 section 7.1, RFC 7800 section 3.1.
    pub(crate) fn check_sender(&self, claims: &ClaimsSet) -> Result<(), VerifyError> {
        match (claims.sender_constrained, self.sender_constrained) {
            (true, SenderConstrained::Refused) => Err(VerifyError::SenderConstrained),
            _ => Ok(()),
        }
    }

    /// Checks the required claims.
    pub(crate) fn check_required_claims(&self, claims: &ClaimsSet) -> Result<(), VerifyError> {
        (0..self.required_claims.len()).try_for_each(|index| self.check_required(index, claims))
    }

    /// Checks one of the required claims, number `index` from 0.
    pub(crate) fn check_required(
        &self,
        index: usize,
        claims: &ClaimsSet,
    ) -> Result<(), VerifyError> {
        match self.required_claims.get(index) {
            Some((name, value)) if claims.string(name).as_deref() != Some(value) => {
                Err(VerifyError::RequiredClaim { index })
            }
            _ => Ok(()),
        }
    }
}

/// Whether the key is for the token's issuer. `template` is the key's issuer, in which Microsoft
/// writes `{tenantid}` for the token's `tid`.
fn is_issuer_of_key(template: &str, claims: &ClaimsSet) -> bool {
    match tenants::part_for_tenant(template, claims.issuer()) {
        None => claims.issuer() == template,
        Some(tenant) => claims.string("tid").as_deref() == Some(tenant),
    }
}

#[derive(Clone, Copy, Debug)]
enum SenderConstrained {
    Refused,
    Allowed,
}

const EXPIRY_MISSING: VerifyError = VerifyError::ClaimMissing { claim: "exp" };

/// RFC 7519 section 4.1.4 suggests no more than a few minutes. This is twice the usual five.
const MAX_LEEWAY: Duration = Duration::from_secs(600);
