//! Requests whose token is bound to a key, each with a new proof of its sender. RFC 9449. Of the libraries,
//! only tokenring checks proofs.

use std::{
    hint::black_box,
    sync::{Arc, Mutex},
};

use tokenring::{
    Guard, JwkSet, Verifier,
    possession::{ProofPolicy, ProofVerifier, ReplayMemory, Request},
    testkit::{DpopClient, Issuer},
};

use crate::{
    contest::{Contender, Contest},
    samples::{SUBJECT, token},
    with_ring::RingAlone,
    with_tokenring::{caching_verifier, subject_of, verifier},
};

/// tokenring's guard with and without the token cache, and ring verifying the signatures of one token and
/// one proof. The token is an RSA-2048 one, the proof ES256.
pub(crate) fn contest(issuer: &Issuer) -> Contest<'static> {
    let client = DpopClient::default();
    let token = token(issuer).bound_to(&client.confirmation()).mint();
    let proof = client.proof(METHOD, URL, &token).mint();
    let ring = [RingAlone::new(&issuer.keys()[0], &token), RingAlone::new(client.key(), &proof)];
    let both = move || {
        let accepted = black_box(&ring).each_ref().map(|ring| ring.verify().is_ok());
        assert_eq!(accepted, [true, true]);
    };
    let contenders = vec![
        guarded("tokenring", verifier(issuer), &client, &token),
        guarded("tokenring with token cache", caching_verifier(issuer), &client, &token),
        Contender::new("ring alone", 5, both),
    ];
    Contest { case: "DPoP", results: contenders.len(), contenders }
}

fn guarded(
    library: &'static str,
    verifier: Verifier<JwkSet>,
    client: &DpopClient,
    token: &str,
) -> Contender<'static> {
    let proofs = ProofVerifier::new(ProofPolicy::new(ORIGIN), ReplayMemory::default()).unwrap();
    let guard = Guard::new(verifier).require_dpop(proofs);
    let authorization = format!("DPoP {token}");
    // A proof is accepted once.
    let unused = Arc::new(Mutex::new(vec![]));
    let (client, token, made) = (client.clone(), token.to_owned(), unused.clone());
    let prepare = move |calls: u32| {
        let proof = |_| client.proof(METHOD, URL, &token).mint();
        *made.lock().unwrap() = (0..calls).map(proof).collect();
    };
    let call = move || {
        let proof: String = unused.lock().unwrap().pop().expect("a proof was prepared");
        let request = Request::new(METHOD, TARGET).authorization([&authorization]).dpop([&proof]);
        let admission = guard.check_request(black_box(&request)).unwrap();
        assert_eq!(subject_of(admission.verified()).as_deref(), Ok(SUBJECT));
    };
    Contender::new(library, 5, call).prepared_by(prepare)
}

const METHOD: &str = "GET";
const TARGET: &str = "/v1/users?page=2";
const ORIGIN: &str = "https://api.example.com";
const URL: &str = "https://api.example.com/v1/users";
