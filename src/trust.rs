//! The issuers that a verifier trusts, each with its policy and its keys. RFC 8725 section 3.8.

#[cfg(not(feature = "std"))]
use alloc::collections::BTreeMap as ByName;
use alloc::{boxed::Box, sync::Arc, vec::Vec};
#[cfg(feature = "std")]
use core::sync::atomic::Ordering;
use core::{fmt, sync::atomic::AtomicBool};
#[cfg(feature = "std")]
use std::collections::HashMap as ByName;

use crate::{KeyError, KeyQuery, KeySource, Policy, PolicyError, SelectedKey, explain::Trusted};
#[cfg(feature = "std")]
use crate::{KeyLookup, key_name::KeyName};

#[cfg(feature = "std")]
mod issuers;
#[cfg(feature = "std")]
pub use issuers::Issuers;
#[cfg(feature = "std")]
pub(crate) use issuers::Registry;

/// A trusted issuer, its policy and its keys. The keys verify only its own tokens. RFC 8725
/// section 3.8.
#[derive(Clone, Debug)]
pub(crate) struct ConfiguredIssuer<K: ?Sized> {
    pub(crate) policy: Policy,
    pub(crate) identity: Identity,
    pub(crate) keys: K,
}

impl<K> ConfiguredIssuer<K> {
    pub(crate) fn new(policy: Policy, keys: K) -> Result<Self, PolicyError> {
        policy.check_self()?;
        Ok(Self { policy, identity: Identity::default(), keys })
    }
}

/// The identity of a configured issuer. No other one ever equals it, except those of its clones.
///
/// An accepted token in the cache has it, so that it is recalled only under the policy that accepted
/// it. As long as any copy exists, the address is not used again.
///
/// The value is a mark: a token of the issuer was accepted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Identity(Arc<AtomicBool>);

impl Identity {
    #[cfg(feature = "std")]
    pub(crate) fn mark(&self) {
        // Written only on a change, so that cores do not take the cache line from each other.
        if !self.0.load(Ordering::Relaxed) {
            self.0.store(true, Ordering::Relaxed);
        }
    }

    /// Whether there is a mark, which is taken away.
    #[cfg(feature = "std")]
    pub(crate) fn take_mark(&self) -> bool {
        self.0.swap(false, Ordering::Relaxed)
    }
}

impl PartialEq for Identity {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// Issuers that are configured when the verifier is made.
#[derive(Clone)]
pub(crate) struct FixedIssuers<K> {
    first: ConfiguredIssuer<K>,
    others: Vec<ConfiguredIssuer<K>>,
    /// The places of the others, by `iss` or template.
    places: ByName<Box<str>, usize>,
    /// The places of those among them that are templates, in their order. There are few.
    templates: Vec<usize>,
}

impl<K> FixedIssuers<K> {
    pub(crate) fn of(first: ConfiguredIssuer<K>) -> Self {
        Self { first, others: Vec::new(), places: ByName::new(), templates: Vec::new() }
    }

    pub(crate) fn add(&mut self, issuer: ConfiguredIssuer<K>) -> Result<(), PolicyError> {
        let name = issuer.policy.issuer();
        // `iss` has to choose one policy.
        if self.first.policy.issuer() == name || self.places.contains_key(name) {
            return Err(PolicyError::DuplicateIssuer);
        }
        self.places.insert(name.into(), self.others.len());
        if issuer.policy.is_for_tenants() {
            self.templates.push(self.others.len());
        }
        self.others.push(issuer);
        Ok(())
    }

    pub(crate) fn first(&self) -> &ConfiguredIssuer<K> {
        &self.first
    }

    /// The only issuer, if there is no other.
    pub(crate) fn only(&self) -> Option<&ConfiguredIssuer<K>> {
        self.others.is_empty().then_some(&self.first)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &ConfiguredIssuer<K>> {
        core::iter::once(&self.first).chain(&self.others)
    }

    /// The issuer of tokens with this `iss`. One that is configured by its exact name comes before a
    /// template.
    pub(crate) fn of_token(&self, iss: &str) -> Option<&ConfiguredIssuer<K>> {
        let exact = self.named(iss).filter(|issuer| !issuer.policy.is_for_tenants());
        let templates = self.templates.iter().filter_map(|place| self.others.get(*place));
        exact.or_else(|| {
            let mut templates = core::iter::once(&self.first).chain(templates);
            templates.find(|issuer| issuer.policy.is_for_tenant_of(iss))
        })
    }

    /// The issuer that is configured by this name, an `iss` or a template.
    pub(crate) fn named(&self, name: &str) -> Option<&ConfiguredIssuer<K>> {
        match self.first.policy.issuer() == name {
            true => Some(&self.first),
            false => self.others.get(*self.places.get(name)?),
        }
    }
}

/// Shows the policies and the keys. The names of the places may have secrets.
impl<K: fmt::Debug> fmt::Debug for FixedIssuers<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// The issuer of a token: one that stays, or one that may be removed while the token is verified.
pub(crate) enum Chosen<'v, K> {
    Fixed(&'v ConfiguredIssuer<K>),
    #[cfg(feature = "std")]
    Shared(Arc<ConfiguredIssuer<dyn KeySource + Send + Sync>>),
}

impl<K: KeySource> Chosen<'_, K> {
    pub(crate) fn policy(&self) -> &Policy {
        match self {
            Self::Fixed(issuer) => &issuer.policy,
            #[cfg(feature = "std")]
            Self::Shared(issuer) => &issuer.policy,
        }
    }

    pub(crate) fn identity(&self) -> &Identity {
        match self {
            Self::Fixed(issuer) => &issuer.identity,
            #[cfg(feature = "std")]
            Self::Shared(issuer) => &issuer.identity,
        }
    }

    /// Notes that a token was accepted. Only for issuers that may have to make room.
    pub(crate) fn accepted(&self) {
        match self {
            Self::Fixed(_) => {}
            #[cfg(feature = "std")]
            Self::Shared(issuer) => issuer.identity.mark(),
        }
    }

    pub(crate) fn key(&self, query: KeyQuery<'_>) -> Result<SelectedKey, KeyError> {
        match self {
            Self::Fixed(issuer) => issuer.keys.key(query),
            #[cfg(feature = "std")]
            Self::Shared(issuer) => issuer.keys.key(query),
        }
    }

    #[cfg(feature = "std")]
    pub(crate) fn try_key(&self, query: KeyQuery<'_>) -> Result<SelectedKey, KeyError> {
        match self {
            Self::Fixed(issuer) => issuer.keys.try_key(query),
            Self::Shared(issuer) => issuer.keys.try_key(query),
        }
    }

    pub(crate) fn confirms(&self, key: &SelectedKey, query: KeyQuery<'_>) -> bool {
        match self {
            Self::Fixed(issuer) => issuer.keys.confirms(key, query),
            #[cfg(feature = "std")]
            Self::Shared(issuer) => issuer.keys.confirms(key, query),
        }
    }

    pub(crate) fn trusted(&self) -> Trusted<'_> {
        match self {
            Self::Fixed(issuer) => Trusted { policy: &issuer.policy, keys: &issuer.keys },
            #[cfg(feature = "std")]
            Self::Shared(issuer) => Trusted { policy: &issuer.policy, keys: &issuer.keys },
        }
    }
}

#[cfg(feature = "std")]
impl<'v, K: KeySource> Chosen<'v, K> {
    /// The key, if it is known at once, or else a look-up to wait for.
    pub(crate) fn key_or_lookup(
        &self,
        query: KeyQuery<'_>,
    ) -> Result<Result<SelectedKey, KeyError>, KeyLookup<'v>> {
        match self {
            Self::Fixed(issuer) => issuer.keys.key_async(query).outcome_at_once(),
            Self::Shared(issuer) => {
                if let Ok(outcome) = issuer.keys.key_async(query).outcome_at_once() {
                    return Ok(outcome);
                }
                // The issuer may be removed while the look-up waits, so the look-up owns a share.
                let issuer = Arc::clone(issuer);
                let name = query.name().map(|name| name.map(Box::<str>::from));
                let without_name = query.with_name(None);
                Err(KeyLookup::pending(async move {
                    let name = name.as_ref().map(KeyName::borrowed);
                    issuer.keys.key_async(without_name.with_name(name)).await
                }))
            }
        }
    }
}
