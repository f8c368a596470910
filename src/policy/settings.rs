//! Whether a policy makes sense, and what the other stages ask it.

use alloc::{borrow::Cow, string::String};
use core::time::Duration;

use super::{Policy, Purpose};
use crate::{
    Algorithm, ClaimPath, KeyQuery, PolicyError, SettingFault, TokenType,
    check::{Check, OF_CLAIMS, OF_ID_TOKENS, OF_PROFILE, Rule},
    key_name::KeyName,
    required_claim::RequiredClaim,
    tenants::{self, Tenants},
    time::whole_seconds,
};

impl Policy {
    /// Checks that every part of the policy can be used.
    pub(crate) fn check_self(&self) -> Result<(), PolicyError> {
        if self.issuer.is_empty() {
            return Err(PolicyError::EmptyIssuer);
        }
        if let Some(tenants) = &self.tenants {
            tenants.check_self(&self.issuer)?;
        }
        if let Some(fault) = self.fault_of_issuer() {
            return Err(PolicyError::SpoiledIssuer { fault });
        }
        if self.audiences.iter().any(String::is_empty) {
            return Err(PolicyError::EmptyAudience);
        }
        if let Some(fault) = first_fault(&self.audiences) {
            return Err(PolicyError::SpoiledAudience { fault });
        }
        if self.clients.iter().any(String::is_empty) {
            return Err(PolicyError::EmptyAuthorizedParty);
        }
        if let Some(fault) = first_fault(&self.clients) {
            return Err(PolicyError::SpoiledClient { fault });
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

    /// The placeholder of a template is no fault.
    fn fault_of_issuer(&self) -> Option<SettingFault> {
        match self.is_for_tenants() {
            true => SettingFault::of(&self.issuer.replacen(tenants::PLACEHOLDER, "", 1)),
            false => SettingFault::of(&self.issuer),
        }
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

    /// The checks of the claims, in two lists of which the first is made first.
    pub(crate) fn checks(&self) -> [&'static [(Check, Rule)]; 2] {
        match self.purpose {
            Purpose::Access => [&[], &OF_CLAIMS],
            Purpose::ProfiledAccess => [&OF_PROFILE, &OF_CLAIMS],
            Purpose::Login => [&[], &OF_ID_TOKENS],
        }
    }

    /// Whether the tokens may be security events: their type is the issuer's own, and the policy is not
    /// for logins.
    pub(crate) fn accepts_events(&self) -> bool {
        self.token_type.is_issuers_own() && !self.is_for_id_tokens()
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
}

fn first_fault(texts: &[String]) -> Option<SettingFault> {
    texts.iter().find_map(|text| SettingFault::of(text))
}

/// RFC 7519 section 4.1.4 suggests no more than a few minutes. This is twice the usual five.
const MAX_LEEWAY: Duration = Duration::from_secs(600);
