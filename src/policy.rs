//! From claims, a policy and the time to a verdict. RFC 7519 section 7.2, RFC 8725 sections 3.8 to
//! 3.12.

use alloc::{borrow::Cow, string::String, vec::Vec};
use core::time::Duration;

use crate::{
    Algorithm, ClaimPath, JoseHeader, KeyQuery, Login, PolicyError, TokenType, UnixTime, Verified,
    VerifiedPayload, VerifyError,
    check::{Check, OF_CLAIMS, OF_ID_TOKENS, OF_LOGIN, Rule},
    claims::ClaimsSet,
    key_name::KeyName,
    login::{LoginClaims, NOTHING_SENT},
    required_claim::{RequiredClaim, Wanted},
    tenants::{self, Tenants},
    time::whole_seconds,
};

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
    /// - The token has no `nonce`, unless [`Login::nonce`] names it.
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
    /// Can be called for several claims; all of them are required. For values of other types, read
    /// [`Verified::claims`] after the token is accepted.
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

    /// Reads the scopes from another claim than `scope`, for issuers that write them elsewhere, and for
    /// roles or groups that a service treats as scopes.
    ///
    /// `path` is the name of a claim (`scp`, `https://example.com/roles`), or a JSON Pointer to one inside
    /// another (`/realm_access/roles`): see [`ClaimPath`]. The claim `scope` is then not read.
    ///
    /// Each string of an array is a scope. A string is one scope, except if the claim's own name is
    /// `scope` or `scp`: then the scopes have spaces between them. A claim of any other type, or an array
    /// with another value than strings, grants nothing.
    ///
    /// [`Verified::scopes`], [`Guard::require_scope`](crate::Guard::require_scope) and everything else
    /// about scopes use what is read here. An object on the way to the claim in which a member occurs twice
    /// refuses the token, as [`JsonError::DuplicateMember`](crate::JsonError::DuplicateMember).
    ///
    /// ```
    /// use tokenring::Policy;
    ///
    /// let okta = Policy::new("https://example.okta.com/oauth2/default", "api://default").scopes_from("scp");
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
        if !self.token_type.is_possible() {
            return Err(PolicyError::ImpossibleTokenType);
        }
        if self.algorithms.is_empty() {
            return Err(PolicyError::NoAlgorithm);
        }
        if self.required_claims.iter().any(RequiredClaim::is_empty) {
            return Err(PolicyError::EmptyRequiredClaim);
        }
        let all = &self.required_claims;
        if all.iter().any(|required| required.is_impossible(|iss| self.is_for(iss), all)) {
            return Err(PolicyError::ImpossibleRequiredClaim);
        }
        if self.scopes_from.as_ref().is_some_and(ClaimPath::is_malformed) {
            return Err(PolicyError::MalformedClaimPath);
        }
        if self.leeway > MAX_LEEWAY {
            return Err(PolicyError::LeewayTooLong { seconds: whole_seconds(self.leeway) });
        }
        if self.leeway.subsec_nanos() > 0 {
            return Err(PolicyError::LeewayFraction);
        }
        Ok(())
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

    /// The values of which a present `aud` must contain one: the audiences, or the clients if the
    /// policy names no audience.
    pub(crate) fn accepted_in_audience(&self) -> &[String] {
        if self.audiences.is_empty() { &self.clients } else { &self.audiences }
    }

    pub(crate) fn clients(&self) -> &[String] {
        &self.clients
    }

    pub(crate) fn accepted_algorithms(&self) -> &[Algorithm] {
        &self.algorithms
    }

    pub(crate) fn accepted_type(&self) -> &TokenType {
        &self.token_type
    }

    pub(crate) fn is_for_id_tokens(&self) -> bool {
        matches!(self.purpose, Purpose::Login)
    }

    /// The checks of the claims.
    pub(crate) fn checks(&self) -> &'static [(Check, Rule)] {
        match self.purpose {
            Purpose::Access => &OF_CLAIMS,
            Purpose::Login => &OF_ID_TOKENS,
        }
    }

    /// Whether the tokens may be security events: the policy names their type, and it is not for logins.
    pub(crate) fn accepts_events(&self) -> bool {
        matches!((&self.token_type, self.purpose), (TokenType::Named(_), Purpose::Access))
    }

    pub(crate) fn leeway_seconds(&self) -> u64 {
        self.leeway.as_secs()
    }

    pub(crate) fn scopes_path(&self) -> Option<&ClaimPath> {
        self.scopes_from.as_ref()
    }

    pub(crate) fn required_claims(&self) -> &[RequiredClaim] {
        &self.required_claims
    }

    /// Checks that the caller who has a login has a policy for ID tokens: under another one, the token
    /// might be an access token.
    pub(crate) fn check_purpose(&self, login: Option<&Login>) -> Result<(), VerifyError> {
        match (self.purpose, login) {
            (Purpose::Access, Some(_)) => Err(VerifyError::PolicyNotForIdTokens),
            (Purpose::Access, None) | (Purpose::Login, _) => Ok(()),
        }
    }

    /// Checks that `alg` is accepted. RFC 8725 section 3.1.
    pub(crate) fn check_header(&self, header: &JoseHeader) -> Result<(), VerifyError> {
        match self.algorithms.contains(&header.algorithm()) {
            true => Ok(()),
            false => Err(VerifyError::AlgorithmNotAccepted),
        }
    }

    /// The query for the key of a token that names its key like this and has this `alg`.
    pub(crate) fn query<'q>(
        &self,
        name: Option<KeyName<&'q str>>,
        algorithm: Algorithm,
    ) -> KeyQuery<'q> {
        KeyQuery::named(name, algorithm).with_unlabeled_for(self.unlabeled_as())
    }

    /// The algorithm that an RSA key without `alg` is used with: the first RSA algorithm.
    pub(crate) fn unlabeled_as(&self) -> Option<Algorithm> {
        self.algorithms.iter().copied().find(|algorithm| algorithm.is_rsa())
    }

    /// Reads the claims and compares them with the policy and the login as of `now`.
    pub(crate) fn check(
        &self,
        payload: VerifiedPayload,
        login: Option<&Login>,
        now: UnixTime,
    ) -> Result<Verified, VerifyError> {
        let claims = ClaimsSet::parse(payload, self.scopes_path())?;
        let check = |(_, rule): &(Check, Rule)| rule.check(self, &claims, now);
        match self.purpose {
            Purpose::Access => OF_CLAIMS.iter().try_for_each(check)?,
            Purpose::Login => {
                OF_ID_TOKENS.iter().try_for_each(check)?;
                self.check_login(login, &claims, now)?;
            }
        }
        Ok(Verified::new(claims))
    }

    /// Checks a token that this policy has accepted before: only the time and the login have changed.
    pub(crate) fn check_again(
        &self,
        accepted: &Verified,
        login: Option<&Login>,
        now: UnixTime,
    ) -> Result<Verified, VerifyError> {
        // The checks of the time are the same for all tokens.
        OF_CLAIMS.iter().try_for_each(|(_, rule)| match rule {
            Rule::Time(check) => check(self, accepted.claims_set(), now),
            Rule::Presence(_) | Rule::Claims(_) => Ok(()),
        })?;
        if self.is_for_id_tokens() {
            self.check_login(login, accepted.claims_set(), now)?;
        }
        Ok(accepted.clone())
    }

    /// Checks the claims of an ID token that are about one login. Without a login, they are checked as if
    /// nothing was sent: a caller who forgets the nonce is told so.
    fn check_login(
        &self,
        login: Option<&Login>,
        claims: &ClaimsSet,
        now: UnixTime,
    ) -> Result<(), VerifyError> {
        let claims = LoginClaims::read(claims, self.leeway_seconds(), now)?;
        let login = login.unwrap_or(&NOTHING_SENT);
        OF_LOGIN.iter().try_for_each(|(_, check)| check(login, &claims))
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

    /// Checks that an ID token has `sub`. OpenID Connect Core section 2.
    pub(crate) fn check_subject_is_present(&self, claims: &ClaimsSet) -> Result<(), VerifyError> {
        claims.subject().map(|_| ()).ok_or(VerifyError::ClaimMissing { claim: "sub" })
    }

    /// Checks that an ID token has `iat`. OpenID Connect Core section 2.
    pub(crate) fn check_issuance_is_present(&self, claims: &ClaimsSet) -> Result<(), VerifyError> {
        claims.issued_at.map(|_| ()).ok_or(VerifyError::ClaimMissing { claim: "iat" })
    }

    /// Checks `typ`: a logout token or a DPoP proof is not an access token, whoever signed it.
    /// RFC 8725 section 3.11.
    pub(crate) fn check_token_type(&self, claims: &ClaimsSet) -> Result<(), VerifyError> {
        match self.token_type.accepts(claims.token_type()) {
            true => Ok(()),
            false => Err(VerifyError::TokenTypeNotAccepted),
        }
    }

    /// Checks that there are no `events`: a security event or a logout token has no `typ` of its own at
    /// some issuers. RFC 8417 section 2.2, RFC 8725 section 3.12.
    pub(crate) fn check_events(&self, claims: &ClaimsSet) -> Result<(), VerifyError> {
        match claims.has_events && !self.accepts_events() {
            true => Err(VerifyError::SecurityEvent),
            false => Ok(()),
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
        match claims.fits_key {
            true => Ok(()),
            false => Err(VerifyError::KeyOfOtherIssuer),
        }
    }

    /// Checks `aud`. A token that names other recipients is refused, whatever its client. RFC 7519
    /// section 4.1.3, RFC 8725 section 3.9.
    pub(crate) fn check_audience(&self, claims: &ClaimsSet) -> Result<(), VerifyError> {
        let names_nobody =
            || self.audiences.is_empty() && claims.audience_is_empty() != Some(false);
        let accepted =
            |audience: &str| self.accepted_in_audience().iter().any(|one| one == audience);
        match claims.audience().any(accepted) || names_nobody() {
            true => Ok(()),
            false => Err(VerifyError::WrongAudience),
        }
    }

    /// Checks that `aud` has the client, and nobody whom it does not trust. OpenID Connect Core
    /// section 3.1.3.7, step 3.
    pub(crate) fn check_audience_of_id_token(&self, claims: &ClaimsSet) -> Result<(), VerifyError> {
        let is_trusted = |audience: &str| self.audiences.iter().any(|one| one == audience);
        if !claims.audience().any(|audience| self.is_client(audience)) {
            return Err(VerifyError::WrongAudience);
        }
        match claims.audience().all(is_trusted) {
            true => Ok(()),
            false => Err(VerifyError::UntrustedAudience),
        }
    }

    /// Whether `audience` is the client of [`for_id_tokens`](Self::for_id_tokens).
    fn is_client(&self, audience: &str) -> bool {
        self.audiences.first().is_some_and(|client| client == audience)
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

    /// Checks `azp`, which must be present if the token is for others besides the client. OpenID Connect
    /// Core section 3.1.3.7, steps 4 and 5.
    pub(crate) fn check_client_of_id_token(&self, claims: &ClaimsSet) -> Result<(), VerifyError> {
        match claims.string("azp") {
            Some(azp) if self.clients.iter().any(|client| *client == azp) => Ok(()),
            Some(_) => Err(VerifyError::WrongAuthorizedParty),
            None if claims.audience().all(|audience| self.is_client(audience)) => Ok(()),
            None => Err(VerifyError::ClaimMissing { claim: "azp" }),
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
            Some(required) if !required.is_in(claims) => Err(VerifyError::RequiredClaim { index }),
            _ => Ok(()),
        }
    }
}

/// The purpose of the tokens.
#[derive(Clone, Copy, Debug)]
enum Purpose {
    /// To call this service.
    Access,
    /// To tell this service, a client, who logged in.
    Login,
}

#[derive(Clone, Copy, Debug)]
enum SenderConstrained {
    Refused,
    Allowed,
}

const EXPIRY_MISSING: VerifyError = VerifyError::ClaimMissing { claim: "exp" };

/// RFC 7519 section 4.1.4 suggests no more than a few minutes. This is twice the usual five.
const MAX_LEEWAY: Duration = Duration::from_secs(600);
