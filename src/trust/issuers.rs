//! Issuers that are added, replaced and removed while their verifiers serve.

use std::{
    boxed::Box,
    collections::{HashMap, VecDeque},
    fmt,
    num::NonZeroUsize,
    ops::Deref,
    panic::{RefUnwindSafe, UnwindSafe},
    string::String,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
    vec::Vec,
};

use super::ConfiguredIssuer;
use crate::{KeyError, KeyQuery, KeySource, Policy, PolicyError, SelectedKey};

/// Issuers that can be added, replaced, removed and listed while
/// [verifiers](crate::Verifier::with_issuers) use them: for a service whose tenants have an issuer each.
///
/// Clones share the issuers: give one to the verifier, and keep another to make changes. A change takes
/// effect for each verification that begins after it. In a token cache, a token of an issuer that was
/// replaced or removed is verified again; those of other issuers stay.
///
/// A look-up takes a lock for reading, and costs the same for two issuers and for thousands. A token with
/// an unknown `iss` is refused without a fetch. RFC 8725 sections 3.8 and 3.10.
///
/// In a forked child, that lock stays locked if another thread of the parent held it at the fork: make the
/// issuers in the child, or fork before threads start.
///
/// ```
/// use tokenring::{Issuers, JwkSet, Policy, UnixTime, Verifier, VerifyError};
/// # use tokenring::testkit::Issuer;
/// # let now = UnixTime::from_secs(1_780_000_000);
///
/// let issuers = Issuers::new();
/// let verifier = Verifier::with_issuers(issuers.clone());
///
/// // A hundred tenants sign up while the verifier serves.
/// for number in 0..100 {
///     let url = format!("https://login.example.com/tenant-{number}/");
///     # let jwks = Issuer::new(url.as_str()).jwks();
///     let keys = JwkSet::from_json(jwks.as_bytes())?;
///     issuers.add(Policy::new(url, "https://api.example.com/"), keys)?;
/// }
/// assert_eq!(issuers.names().len(), 100);
/// # let token = Issuer::new("https://login.example.com/tenant-7/").token_at(now).mint();
/// assert_eq!(verifier.verify_at(&token, now)?.issuer(), "https://login.example.com/tenant-7/");
///
/// // With a `RemoteJwks`, its `health()` is here.
/// let keys = issuers.keys_of("https://login.example.com/tenant-7/").ok_or("no tenant")?;
/// assert_eq!(keys.len(), 3);
///
/// // One tenant leaves.
/// assert!(issuers.remove("https://login.example.com/tenant-7/"));
/// assert_eq!(verifier.verify_at(&token, now).unwrap_err(), VerifyError::WrongIssuer);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Issuers<K>(Arc<Known<K>>);

impl<K> Issuers<K> {
    /// No issuers yet: every token is refused.
    pub fn new() -> Self {
        Self(Arc::new(Known { table: RwLock::default(), resolver: None }))
    }

    /// Issuers that are found when the first of their tokens comes: `resolve` gets an `iss` that is
    /// not known yet and returns its policy and its keys, or none.
    ///
    /// `iss` is from a token that is not verified: anyone may have written it, so look it up among
    /// your tenants, and never fetch from it. What `resolve` returns is refused unless the policy is
    /// for exactly this `iss`.
    ///
    /// At most `at_most` of the issuers found are kept, whatever tokens say, besides those that are
    /// [added](Self::add). When there are more, one of which no token was accepted makes room first.
    /// "None" is not kept: each token with such an `iss` costs one call.
    ///
    /// `resolve` is called without a lock, by all methods that verify or explain, in their own
    /// thread. Several threads may call it for one `iss`; they get one issuer. In async code, and for
    /// [`try_verify`](crate::Verifier::try_verify), it must not wait.
    ///
    /// ```
    /// use std::num::NonZeroUsize;
    /// use tokenring::{Issuers, JwkSet, Policy, Verifier};
    ///
    /// # fn keys_of_tenant(name: &str) -> Option<JwkSet> { None }
    /// let at_most = NonZeroUsize::new(1000).unwrap();
    /// let issuers = Issuers::with_resolver(at_most, |iss| {
    ///     let tenant = iss.strip_prefix("https://login.example.com/")?.strip_suffix('/')?;
    ///     let keys = keys_of_tenant(tenant)?;
    ///     Some((Policy::new(iss, "https://api.example.com/"), keys))
    /// });
    /// let verifier = Verifier::with_issuers(issuers);
    /// ```
    pub fn with_resolver(
        at_most: NonZeroUsize,
        resolve: impl Fn(&str) -> Option<(Policy, K)> + Send + Sync + 'static,
    ) -> Self {
        let resolver = Resolver { at_most, resolve: Box::new(resolve) };
        Self(Arc::new(Known { table: RwLock::default(), resolver: Some(resolver) }))
    }

    /// Adds an issuer, with its own policy and keys. It takes the place of one that the resolver has
    /// found.
    ///
    /// # Errors
    ///
    /// [`PolicyError`] if the policy cannot be used, or if its issuer was added before.
    pub fn add(&self, policy: Policy, keys: K) -> Result<(), PolicyError> {
        let issuer = Arc::new(ConfiguredIssuer::new(policy, keys)?);
        let former = self.0.write().add(&issuer);
        former.map(drop)
    }

    /// Replaces the policy and the keys of an issuer, or adds it. Returns whether it was there.
    ///
    /// # Errors
    ///
    /// [`PolicyError`] if the policy cannot be used. Then nothing changes.
    pub fn replace(&self, policy: Policy, keys: K) -> Result<bool, PolicyError> {
        let issuer = Arc::new(ConfiguredIssuer::new(policy, keys)?);
        let former = self.0.write().put(issuer);
        Ok(former.is_some())
    }

    /// Removes the issuer with this `iss` or template. Returns whether it was there.
    ///
    /// Verifications that have begun end under its policy. A resolver is asked again for the next
    /// token.
    pub fn remove(&self, issuer: &str) -> bool {
        let former = self.0.write().take(issuer);
        former.is_some()
    }

    /// The issuers, by `iss` or template, in the order of their text.
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> =
            self.0.read().by_name.keys().map(|name| String::from(&**name)).collect();
        names.sort_unstable();
        names
    }

    /// Where the keys of the issuer with this `iss` or template come from: with a
    /// [`RemoteJwks`](crate::RemoteJwks), its health too. Does not ask the resolver.
    pub fn keys_of(&self, issuer: &str) -> Option<impl Deref<Target = K> + use<K>> {
        let issuer = self.0.read().by_name.get(issuer).map(|known| Arc::clone(&known.issuer))?;
        Some(KeysOf(issuer))
    }
}

impl<K: KeySource + Send + Sync + 'static> Issuers<K> {
    pub(crate) fn registry(&self) -> Arc<dyn Registry> {
        self.0.clone()
    }
}

/// Has no key: a key belongs to one issuer, and only [`Verifier::with_issuers`] asks for an issuer
/// first. RFC 8725 section 3.8.
///
/// [`Verifier::with_issuers`]: crate::Verifier::with_issuers
impl<K> KeySource for Issuers<K> {
    fn key(&self, _: KeyQuery<'_>) -> Result<SelectedKey, KeyError> {
        Err(KeyError::UnknownKey)
    }

    fn try_key(&self, _: KeyQuery<'_>) -> Result<SelectedKey, KeyError> {
        Err(KeyError::UnknownKey)
    }
}

impl<K> Clone for Issuers<K> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K> Default for Issuers<K> {
    fn default() -> Self {
        Self::new()
    }
}

/// Shows how many there are.
impl<K> fmt::Debug for Issuers<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The keys of an issuer, which may have been removed since.
struct KeysOf<K>(Arc<ConfiguredIssuer<K>>);

impl<K> Deref for KeysOf<K> {
    type Target = K;

    fn deref(&self) -> &K {
        &self.0.keys
    }
}

/// The issuers as a verifier uses them, whatever the type of their keys is.
pub(crate) trait Registry: fmt::Debug + Send + Sync + UnwindSafe + RefUnwindSafe {
    /// The issuer of tokens with this `iss`, without asking the resolver.
    fn known(&self, iss: &str) -> Option<Arc<ConfiguredIssuer<dyn KeySource + Send + Sync>>>;

    /// The issuer of tokens with this `iss`.
    fn of_token(&self, iss: &str) -> Option<Arc<ConfiguredIssuer<dyn KeySource + Send + Sync>>>;

    /// All that are known, in the order of their names.
    fn all(&self) -> Vec<Arc<ConfiguredIssuer<dyn KeySource + Send + Sync>>>;
}

struct Known<K> {
    table: RwLock<Table<K>>,
    resolver: Option<Resolver<K>>,
}

// Whatever panics, the resolver or the drop of a key source, does so without the lock: the table is
// always whole.
impl<K> UnwindSafe for Known<K> {}
impl<K> RefUnwindSafe for Known<K> {}

struct Resolver<K> {
    at_most: NonZeroUsize,
    #[expect(clippy::type_complexity, reason = "a signature, written once")]
    resolve: Box<dyn Fn(&str) -> Option<(Policy, K)> + Send + Sync>,
}

impl<K> Known<K> {
    fn read(&self) -> RwLockReadGuard<'_, Table<K>> {
        self.table.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Table<K>> {
        self.table.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks the resolver for the issuer called `iss`. `changes` is the table's count from before.
    fn resolve(&self, iss: &str, changes: u64) -> Option<Arc<ConfiguredIssuer<K>>> {
        let Resolver { at_most, resolve } = self.resolver.as_ref()?;
        let (policy, keys) = resolve(iss)?;
        if policy.is_for_tenants() || policy.issuer() != iss {
            return None;
        }
        let issuer = Arc::new(ConfiguredIssuer::new(policy, keys).ok()?);
        let (used, _evicted) = self.write().keep(&issuer, changes, *at_most);
        Some(used)
    }
}

impl<K: KeySource + Send + Sync + 'static> Registry for Known<K> {
    fn known(&self, iss: &str) -> Option<Arc<ConfiguredIssuer<dyn KeySource + Send + Sync>>> {
        Some(self.read().of_token(iss)?)
    }

    fn of_token(&self, iss: &str) -> Option<Arc<ConfiguredIssuer<dyn KeySource + Send + Sync>>> {
        let changes = {
            let table = self.read();
            if let Some(issuer) = table.of_token(iss) {
                return Some(issuer);
            }
            table.changes
        };
        Some(self.resolve(iss, changes)?)
    }

    fn all(&self) -> Vec<Arc<ConfiguredIssuer<dyn KeySource + Send + Sync>>> {
        let mut all: Vec<_> =
            self.read().by_name.values().map(|known| Arc::clone(&known.issuer)).collect();
        all.sort_unstable_by(|one, other| one.policy.issuer().cmp(other.policy.issuer()));
        all.into_iter()
            .map(|issuer| -> Arc<ConfiguredIssuer<dyn KeySource + Send + Sync>> { issuer })
            .collect()
    }
}

impl<K> fmt::Debug for Known<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.read().by_name.len();
        f.debug_struct("Issuers").field("count", &count).finish_non_exhaustive()
    }
}

/// The issuers under the lock. The methods return what they take out, or borrow what they may not
/// use: the keys are a caller's type, which must not be dropped under the lock.
struct Table<K> {
    /// By `iss` or template. The hash is keyed: names come from tokens that are not verified.
    by_name: HashMap<Arc<str>, KnownIssuer<K>>,
    /// Those that are templates, in the order of their names. There are few.
    templates: Vec<Arc<ConfiguredIssuer<K>>>,
    /// The names of those that the resolver found. The first one makes room first.
    found: VecDeque<Arc<str>>,
    /// How many changes an operator has made.
    changes: u64,
}

struct KnownIssuer<K> {
    issuer: Arc<ConfiguredIssuer<K>>,
    origin: Origin,
}

#[derive(Clone, Copy, PartialEq)]
enum Origin {
    Added,
    Found,
}

impl<K> Table<K> {
    /// The issuer of tokens with this `iss`. One that is configured by its exact name comes before a
    /// template.
    fn of_token(&self, iss: &str) -> Option<Arc<ConfiguredIssuer<K>>> {
        let exact = self.by_name.get(iss).map(|known| &known.issuer);
        let template = || self.templates.iter().find(|issuer| issuer.policy.is_for_tenant_of(iss));
        exact.filter(|issuer| !issuer.policy.is_for_tenants()).or_else(template).map(Arc::clone)
    }

    /// Adds an issuer. Returns the one that the resolver had found.
    fn add(
        &mut self,
        issuer: &Arc<ConfiguredIssuer<K>>,
    ) -> Result<Option<Arc<ConfiguredIssuer<K>>>, PolicyError> {
        match self.by_name.get(issuer.policy.issuer()).map(|known| known.origin) {
            Some(Origin::Added) => Err(PolicyError::DuplicateIssuer),
            Some(Origin::Found) | None => Ok(self.put(Arc::clone(issuer))),
        }
    }

    /// Puts an issuer in the place of one with the same name, which is returned.
    fn put(&mut self, issuer: Arc<ConfiguredIssuer<K>>) -> Option<Arc<ConfiguredIssuer<K>>> {
        let former = self.take(issuer.policy.issuer());
        let name: Arc<str> = issuer.policy.issuer().into();
        if issuer.policy.is_for_tenants() {
            let place = self.templates.partition_point(|other| other.policy.issuer() < &*name);
            self.templates.insert(place, Arc::clone(&issuer));
        }
        self.by_name.insert(name, KnownIssuer { issuer, origin: Origin::Added });
        former
    }

    /// Takes an issuer out.
    fn take(&mut self, name: &str) -> Option<Arc<ConfiguredIssuer<K>>> {
        self.changes = self.changes.wrapping_add(1);
        let KnownIssuer { issuer, origin } = self.by_name.remove(name)?;
        if issuer.policy.is_for_tenants() {
            self.templates.retain(|other| other.policy.issuer() != name);
        }
        if origin == Origin::Found {
            self.found.retain(|other| **other != *name);
        }
        Some(issuer)
    }

    /// Keeps an issuer that the resolver found when there had been `changes`. Returns the one to use,
    /// and the one that made room.
    fn keep(
        &mut self,
        issuer: &Arc<ConfiguredIssuer<K>>,
        changes: u64,
        at_most: NonZeroUsize,
    ) -> (Arc<ConfiguredIssuer<K>>, Option<Arc<ConfiguredIssuer<K>>>) {
        let name = issuer.policy.issuer();
        // Another thread was faster: both use its issuer, so that the keys are fetched once.
        if let Some(known) = self.of_token(name) {
            return (known, None);
        }
        // After an operator's change, the answer may be out of date. It is used, but not kept; nor is
        // one whose name is the text of a template, which has its place.
        if self.changes != changes || self.by_name.contains_key(name) {
            return (Arc::clone(issuer), None);
        }
        let evicted = match self.found.len() < at_most.get() {
            true => None,
            false => self.evict(),
        };
        let name: Arc<str> = name.into();
        self.found.push_front(Arc::clone(&name));
        let issuer = Arc::clone(issuer);
        let known = KnownIssuer { issuer: Arc::clone(&issuer), origin: Origin::Found };
        self.by_name.insert(name, known);
        (issuer, evicted)
    }

    /// Removes the first issuer of which no token was accepted since it was last passed over (the
    /// CLOCK rule). The newest stands first until it has proved itself, so a flood of names evicts
    /// only its own.
    fn evict(&mut self) -> Option<Arc<ConfiguredIssuer<K>>> {
        for _ in 0..self.found.len() {
            let was_used = self.found.front().and_then(|name| self.by_name.get(name));
            if !was_used.is_some_and(|known| known.issuer.identity.take_mark()) {
                break;
            }
            self.found.rotate_left(1);
        }
        let name = self.found.pop_front()?;
        self.by_name.remove(&name).map(|known| known.issuer)
    }
}

impl<K> Default for Table<K> {
    fn default() -> Self {
        Self { by_name: HashMap::new(), templates: Vec::new(), found: VecDeque::new(), changes: 0 }
    }
}
