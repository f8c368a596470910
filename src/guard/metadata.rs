//! A guard and the metadata of the resource that it protects. RFC 9728 section 5.

use alloc::string::String;

use super::Guard;
use crate::{KeySource, ResourceMetadata, ResourceMetadataBuilder};

impl<K: KeySource> Guard<K> {
    /// A builder of the metadata of `resource`, which is what this guard protects. If they are not set, its
    /// authorization servers are the issuers that the verifier trusts now, and its scopes are those that the
    /// guard requires so far. If the guard accepts or requires DPoP, the algorithms of proofs and the requirement
    /// are filled in too.
    ///
    /// Set the scopes if handlers require more of them with [`check_scope`](Self::check_scope). Set the
    /// authorization servers if an `iss` is not the https URL of one: a policy for tenants has a template,
    /// and Google's `iss` may be without `https://`.
    ///
    /// ```
    /// use tokenring::{Guard, JwkSet, Policy, Verifier};
    ///
    /// # let keys = JwkSet::from_json(br#"{"keys": []}"#)?;
    /// let resource = "https://api.example.com/mcp";
    /// let verifier = Verifier::new(Policy::new("https://issuer.example", resource), keys)?;
    /// let guard = Guard::new(verifier).require_scope("files:read");
    /// let metadata = guard.metadata_builder(resource).name("Files").build()?;
    /// assert_eq!(
    ///     metadata.to_json(),
    ///     r#"{"resource":"https://api.example.com/mcp","authorization_servers":["https://issuer.example"],"scopes_supported":["files:read"],"bearer_methods_supported":["header"],"resource_name":"Files"}"#,
    /// );
    ///
    /// let guard = guard.resource_metadata(&metadata);
    /// let (_, challenge) = guard.missing_token().headers().last().unwrap();
    /// assert_eq!(
    ///     challenge,
    ///     r#"Bearer scope="files:read", resource_metadata="https://api.example.com/.well-known/oauth-protected-resource/mcp", realm="api""#,
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn metadata_builder(&self, resource: impl Into<String>) -> ResourceMetadataBuilder {
        let issuers = self.verifier.issuers_for(None);
        let names = issuers.iter().map(|issuer| issuer.policy().issuer().into());
        let scopes = self.space.scopes.iter().cloned();
        let builder = ResourceMetadata::new(resource).of_guard(names, scopes);
        let builder = match &self.proofs {
            Some(proofs) => builder.of_proofs(proofs.algorithms().collect()),
            None => builder,
        };
        match self.requires_proof() {
            true => builder.dpop_bound_access_tokens_required(),
            false => builder,
        }
    }

    /// Adds `resource_metadata` to each challenge of a 401 and a 403: the URL of this document, by which a
    /// client finds the authorization server. RFC 9728 section 5.1.
    ///
    /// The guard does not serve the document: see [`ResourceMetadata`].
    #[must_use]
    pub fn resource_metadata(mut self, metadata: &ResourceMetadata) -> Self {
        self.space.metadata_url = Some(metadata.url().into());
        self
    }
}
