//! The issuer that the environment names: `ISSUER` and `AUDIENCE` for any issuer, or the variables of Auth0.

use std::{
    env::{self, VarError},
    error::Error,
};

use tokenring::{Auth0, Policy, RemoteJwks};

const ANY: [&str; 3] = ["ISSUER", "AUDIENCE", "JWKS_URL"];
const AUTH0: [&str; 3] = ["AUTH0_ISSUER_BASE_URL", "AUTH0_AUDIENCE", "AUTH0_CLIENT_ID"];

/// The policy and the keys of this issuer, or none if no variable is set. One is enough: if the others are
/// missing, that is an error.
pub(crate) fn settings() -> Result<Option<(Policy, RemoteJwks)>, Box<dyn Error>> {
    let first =
        |names: [&'static str; 3]| names.into_iter().find(|name| env::var_os(name).is_some());
    match (first(ANY), first(AUTH0)) {
        (Some(any), Some(auth0)) => {
            Err(format!("{any} is for any issuer and {auth0} for Auth0, set one of them only")
                .into())
        }
        (Some(_), None) => any_issuer().map(Some),
        (None, Some(_)) => {
            let auth0 = Auth0::from_env()?;
            Ok(Some((auth0.policy(), RemoteJwks::new(auth0.jwks_url())?)))
        }
        (None, None) => Ok(None),
    }
}

fn any_issuer() -> Result<(Policy, RemoteJwks), Box<dyn Error>> {
    let issuer = required("ISSUER", "the value of `iss`")?;
    let audience = required("AUDIENCE", "a value that `aud` must contain")?;
    let (name, url, keys) = match env::var_os("JWKS_URL") {
        Some(_) => {
            let url = required("JWKS_URL", "the URL of the issuer's keys")?;
            ("JWKS_URL", url.clone(), RemoteJwks::builder(url))
        }
        None => ("ISSUER", issuer.clone(), RemoteJwks::discovery_builder(&issuer)),
    };
    let keys = match url.starts_with("http://") {
        // A sidecar or a test issuer. `http:` to any other machine is refused.
        true => keys.danger_allow_http_loopback(),
        false => keys,
    };
    let keys = keys.build().map_err(|error| format!("{name}: {error}"))?;
    Ok((Policy::new(issuer, audience), keys))
}

fn required(name: &str, meaning: &str) -> Result<String, String> {
    match env::var(name) {
        Ok(value) if !value.trim().is_empty() => Ok(value),
        Err(VarError::NotUnicode(_)) => Err(format!("{name} is not UTF-8")),
        _ => Err(format!("{name} is not set, it must be {meaning}")),
    }
}
