//! The documents of the issuer's server, and their paths. OpenID Connect Discovery 1.0, RFC 8414
//! section 3.

use std::{
    collections::{BTreeMap, BTreeSet},
    format, io,
    net::{Shutdown, TcpStream},
    string::String,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
    vec::Vec,
};

use serde_json::{Value, json};

use crate::testkit::{Answer, Issuer, TestKey};

#[derive(Debug)]
pub(super) struct Site {
    /// The issuer's URL, as in `iss`.
    pub(super) url: String,
    /// The URL up to its path: `http://127.0.0.1:PORT`.
    pub(super) origin: String,
    /// The fixed keys that all published keys are made from.
    pub(super) material: Vec<TestKey>,
    pub(super) state: Mutex<State>,
    pub(super) stopped: Condvar,
}

#[derive(Debug)]
pub(super) struct State {
    /// The published keys; the first one signs.
    pub(super) keys: Vec<TestKey>,
    pub(super) rotations: usize,
    pub(super) key_set: Document,
    pub(super) metadata: Document,
    pub(super) oauth_metadata: Document,
    pub(super) down: bool,
    pub(super) hits: usize,
    pub(super) connections: usize,
    pub(super) last_request: Option<String>,
    /// The connections open now, by their number.
    pub(super) open: BTreeMap<usize, TcpStream>,
    pub(super) stopping: bool,
}

/// A document that the server has at a path.
#[derive(Debug)]
pub(super) struct Document {
    pub(super) path: String,
    pub(super) answer: Answer,
    pub(super) hits: usize,
}

impl State {
    /// Counts `request` and chooses its answer.
    pub(super) fn answer_to(&mut self, request: String) -> Answer {
        let path = request.split(' ').nth(1);
        let documents = [&mut self.key_set, &mut self.metadata, &mut self.oauth_metadata];
        let found = documents.into_iter().find(|document| path == Some(&document.path));
        let answer = match found {
            Some(document) => {
                document.hits = document.hits.saturating_add(1);
                document.answer.clone()
            }
            None => Answer::status(404),
        };
        self.hits = self.hits.saturating_add(1);
        self.last_request = Some(request);
        answer
    }

    pub(super) fn hang_up(&mut self) {
        for stream in self.open.values() {
            // It may be closed already.
            let _closed = stream.shutdown(Shutdown::Both);
        }
    }
}

impl Site {
    pub(super) fn new(origin: String, path: &str, material: Vec<TestKey>) -> Self {
        // One slash where the parts join, and none at the end: RFC 8414 section 3.1.
        let stem = path.strip_suffix('/').unwrap_or(path);
        let document = |path, answer| Document { path, answer, hits: 0 };
        let state = State {
            keys: material.iter().take(1).cloned().collect(),
            rotations: 0,
            key_set: document(format!("{stem}/.well-known/jwks.json"), Answer::key_set()),
            metadata: document(
                format!("{stem}/.well-known/openid-configuration"),
                Answer::metadata(),
            ),
            oauth_metadata: document(
                format!("/.well-known/oauth-authorization-server{stem}"),
                Answer::status(404),
            ),
            down: false,
            hits: 0,
            connections: 0,
            last_request: None,
            open: BTreeMap::new(),
            stopping: false,
        };
        Self {
            url: format!("{origin}{path}"),
            origin,
            material,
            state: Mutex::new(state),
            stopped: Condvar::new(),
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The issuer with the keys published now.
    pub(super) fn issuer(&self) -> Issuer {
        Issuer::with_keys(&*self.url, self.lock().keys.clone())
    }

    /// The current URL of the key set.
    pub(super) fn jwks_url(&self) -> String {
        format!("{}{}", self.origin, self.lock().key_set.path)
    }

    /// The current metadata: the members that OpenID Connect Discovery 1.0 section 3 requires.
    pub(super) fn metadata(&self) -> Value {
        let issuer = self.issuer();
        let algorithms: BTreeSet<&str> =
            issuer.keys().iter().map(|key| key.algorithm().name()).collect();
        json!({
            "authorization_endpoint": format!("{}/authorize", self.origin),
            "id_token_signing_alg_values_supported": algorithms,
            "issuer": self.url,
            "jwks_uri": self.jwks_url(),
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
        })
    }

    /// Waits for `length`. An error means that the server has been dropped.
    pub(super) fn pause(&self, length: Duration) -> io::Result<()> {
        let running = |state: &mut State| !state.stopping;
        let state = self.lock();
        let (state, _) = self
            .stopped
            .wait_timeout_while(state, length, running)
            .unwrap_or_else(PoisonError::into_inner);
        match state.stopping {
            true => Err(io::ErrorKind::ConnectionAborted.into()),
            false => Ok(()),
        }
    }
}
