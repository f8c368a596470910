//! ID tokens: the whole pipeline, and the checks of one login. OpenID Connect Core section 3.1.3.7.

use super::{Verifier, trusted};
use crate::{
    Explanation, KeySource, Login, UnixTime, Verified, VerifyError, explain, policy::Usage,
    trust::Chosen,
};

impl<K: KeySource> Verifier<K> {
    /// Verifies the ID token of one login, under a policy of
    /// [`Policy::for_id_tokens`](crate::Policy::for_id_tokens), as of the system clock. The page
    /// [`id_tokens`](crate::id_tokens) has an example.
    ///
    /// Makes all checks of [`verify`](Self::verify), and compares the token with `login`. May block as
    /// that method does. A token cache saves the signature check, but the token is compared with `login`
    /// each time.
    ///
    /// # Errors
    ///
    /// The first reason to refuse the token, as [`VerifyError`]. `PolicyNotForIdTokens` if the policy for
    /// the token's issuer is another one.
    #[cfg(feature = "std")]
    pub fn verify_id_token(&self, token: &str, login: &Login) -> Result<Verified, VerifyError> {
        self.run(token, Usage::Login(login), Chosen::key, UnixTime::now)
    }

    /// The same as of `now`.
    ///
    /// # Errors
    ///
    /// As [`verify_id_token`](Self::verify_id_token).
    pub fn verify_id_token_at(
        &self,
        token: &str,
        login: &Login,
        now: UnixTime,
    ) -> Result<Verified, VerifyError> {
        self.run(token, Usage::Login(login), Chosen::key, || now)
    }

    /// The same with the keys in memory, as [`try_verify`](Self::try_verify): never does I/O, never waits.
    ///
    /// # Errors
    ///
    /// As [`verify_id_token`](Self::verify_id_token).
    #[cfg(feature = "std")]
    pub fn try_verify_id_token(&self, token: &str, login: &Login) -> Result<Verified, VerifyError> {
        self.run(token, Usage::Login(login), Chosen::try_key, UnixTime::now)
    }

    /// The same as a future, as [`verify_async`](Self::verify_async): it waits where
    /// [`verify_id_token`](Self::verify_id_token) blocks.
    ///
    /// # Errors
    ///
    /// As [`verify_id_token`](Self::verify_id_token).
    #[cfg(feature = "std")]
    pub async fn verify_id_token_async(
        &self,
        token: &str,
        login: &Login,
    ) -> Result<Verified, VerifyError> {
        self.run_async(token, Usage::Login(login)).await
    }

    /// Explains the verdict on the ID token of one login, as of the system clock, with the keys in
    /// memory. Read the warnings at [`Explanation`] first.
    #[cfg(feature = "std")]
    pub fn explain_id_token(&self, token: &str, login: &Login) -> Explanation {
        self.explain_id_token_at(token, login, UnixTime::now())
    }

    /// The same explanation as of `now`.
    pub fn explain_id_token_at(&self, token: &str, login: &Login, now: UnixTime) -> Explanation {
        let issuers = self.issuers_for(Some(token));
        explain::token(self.routing(), &trusted(&issuers), token, Usage::Login(login), now).finish()
    }
}
