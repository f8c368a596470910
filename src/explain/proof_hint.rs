//! The hints about bound tokens, proofs and client certificates.
//!
//! A new hint is a row here and a case in `tests/conformance/rfc9449_explain.rs`.

use super::Hint;

pub(super) const PROOFS_OFF: Hint = Hint::coded("proofs_off")
    .says("The token is bound to a key, and the guard accepts no proofs: set `Guard::accept_dpop`, or have the client request a bearer token.");
pub(super) const BOUND_TOKEN_AS_BEARER: Hint = Hint::coded("bound_token_as_bearer")
    .says("The token is bound to a key: the client must send it with the scheme `DPoP`, and a proof in the field `DPoP`.");
pub(super) const TOKEN_NOT_BOUND: Hint = Hint::coded("token_not_bound")
    .says("The token is not bound to a key: the client must send a proof with its token request too, and the issuer must support DPoP.");
pub(super) const CONFIRMATION_NOT_SUPPORTED: Hint = Hint::coded("confirmation_not_supported")
    .says("`cnf` has no thumbprint that can be compared: have the issuer bind its tokens by `jkt` (DPoP) or `x5t#S256` (mutual TLS).");
pub(super) const CERTIFICATE_MISSING: Hint = Hint::coded("certificate_missing")
    .says("No client certificate was given: have the server or the proxy ask for one, and pass it with `Request::client_certificate`.");
pub(super) const OTHER_CERTIFICATE: Hint = Hint::coded("other_certificate")
    .says("The client shows another certificate than it requested the token with: it must request a new token after it has renewed its certificate.");
pub(super) const PROOF_MISSING: Hint = Hint::coded("proof_missing")
    .says("The client must make a proof for each request and send it in the field `DPoP`: check that no proxy removes the field.");
pub(super) const SEVERAL_PROOFS: Hint = Hint::coded("several_proofs")
    .says("A request has one proof: a client that repeats a request must replace the field `DPoP`, not add one.");
pub(super) const PROOF_TOO_LONG: Hint = Hint::coded("proof_too_long")
    .says("A proof needs few parameters and claims: leave out the others, such as `x5c`.");
pub(super) const PROOF_MALFORMED: Hint = Hint::coded("proof_malformed")
    .says("A proof is a compact JWS whose header and payload are JSON objects without repeated members, in base64url without padding: use a DPoP library.");
pub(super) const PROOF_HEADER_FORBIDDEN: Hint = Hint::coded("proof_header_forbidden")
    .says("No proof needs this parameter: have the client leave it out.");
pub(super) const PROOF_HEADER: Hint = Hint::coded("proof_header")
    .says("The header of a proof has `typ` and `alg`, which are strings, and the public key as the object `jwk`: have the client correct `{}`.");
pub(super) const PROOF_TYPE: Hint = Hint::coded("proof_type")
    .says("The field `DPoP` has another kind of JWT: the header of a proof has `typ` with the value `dpop+jwt`.");
pub(super) const PROOF_ALGORITHM: Hint = Hint::coded("proof_algorithm").says(
    "Have the client use an accepted algorithm, or accept this one with `ProofPolicy::algorithms`.",
);
pub(super) const PROOF_KEY_PUBLISHED: Hint = Hint::coded("proof_key_published")
    .says("The client sends its private key: it must make a new one, request new tokens with it, and put only the public members into `jwk`.");
pub(super) const PROOF_KEY: Hint = Hint::coded("proof_key")
    .says("`jwk` must be the public key for `alg`, canonical and strong enough: have the client make a key with its platform's functions and export it as it is.");
pub(super) const PROOF_OTHER_KEY: Hint = Hint::coded("proof_other_key")
    .says("The client made the proof with another key than its token request: it must keep one key for as long as it has the token.");
pub(super) const PROOF_FOR_TOKEN_REQUEST: Hint = Hint::coded("proof_for_token_request")
    .says("The proof has no `ath`, as one for a token request: with an access token, the client must add the token's SHA-256.");
pub(super) const PROOF_CLAIM: Hint = Hint::coded("proof_claim")
    .says("A proof has `jti`, `htm`, `htu` and `ath`, which are strings, and the number `iat`: have the client correct `{}`.");
pub(super) const PROOF_METHOD: Hint = Hint::coded("proof_method")
    .says("`htm` must be the method as it is sent, also its case: a client that writes `PATCH` must send `PATCH`, and a proxy must hand on the original method.");
pub(super) const PROOF_TARGET_MALFORMED: Hint = Hint::coded("proof_target_malformed")
    .says("`htu` must be the whole URI of the request, from `https://` on.");
pub(super) const REQUEST_TARGET: Hint = Hint::coded("request_target")
    .says("Give `Request::new` the path and query as they arrived, or a URI under the origin of the `ProofPolicy`, with the prefix that it has.");
pub(super) const PROOF_PATH: Hint = Hint::coded("proof_path")
    .says("The paths differ: if a proxy strips a prefix, add it to the origin of the `ProofPolicy`; otherwise the client must use the path of the request, also its slash at the end.");
pub(super) const PROOF_ORIGIN: Hint = Hint::coded("proof_origin")
    .says("The client called another origin than the one of the `ProofPolicy`: that must be the service's public URL, as clients write it.");
pub(super) const PROOF_ACCESS_TOKEN: Hint = Hint::coded("proof_access_token")
    .says("The proof was made for another access token: after a new one, the client must make a new proof, with the base64url of the SHA-256 of the token as it is sent.");
pub(super) const PROOF_IDENTIFIER: Hint = Hint::coded("proof_identifier")
    .says("`jti` must be unique and of 1 to 256 bytes: have the client use a UUID.");
pub(super) const PROOF_OLD: Hint = Hint::coded("proof_old")
    .says("The proof's time ended or began {} ago: the client must make a proof for each request; or compare its clock with this host's, or demand nonces with `ProofPolicy::nonces`.");
pub(super) const PROOF_AHEAD: Hint = Hint::coded("proof_ahead")
    .says("The proof's time is {} in the future: compare the clocks of the client and of this host, allow more with `ProofPolicy::ahead`, or demand nonces with `ProofPolicy::nonces`.");
pub(super) const PROOF_NONCE_MISSING: Hint = Hint::coded("proof_nonce_missing")
    .says("The first request of a client has no nonce: it must repeat the request with a new proof that has the `DPoP-Nonce` of the response as `nonce`.");
pub(super) const PROOF_NONCE_OLD: Hint = Hint::coded("proof_nonce_old")
    .says("The client must use the newest `DPoP-Nonce`: if it does, give all guards of the origin one secret with `Nonces::with_secret`, and check that browsers may read the field.");
pub(super) const PROOF_SIGNATURE: Hint = Hint::coded("proof_signature")
    .says("The proof was changed, or not signed with the private half of `jwk`: a signature of ECDSA is `R` and `S`, not DER.");
