//! The proxy that requests go through.

use std::{env, ffi::OsString, string::String};

use ureq::{Proxy, ProxyProtocol, http::Uri};

use crate::remote::error::FetchConfigError;

/// The proxy setting.
#[derive(Clone)]
pub(crate) enum ProxyChoice {
    Environment,
    None,
    Explicit(String),
}

impl ProxyChoice {
    /// The proxy itself. The environment is read only here, once.
    pub(crate) fn resolve(&self) -> Result<Option<Proxy>, FetchConfigError> {
        match self {
            Self::Environment => of_environment(|name| env::var_os(name)),
            Self::None => Ok(None),
            Self::Explicit(url) => proxy_at(url).map(Some),
        }
    }
}

/// Whether a request to `url` goes through `proxy`, and not to the host itself.
pub(crate) fn is_for(proxy: &Proxy, url: &Uri) -> bool {
    // Plain `http:` was allowed for this host only: a proxy must neither read it nor send it elsewhere.
    url.scheme_str() != Some("http") && !proxy.is_no_proxy(url)
}

/// The first variable that is set decides. A value that cannot be read is an error and not ignored: the
/// network may forbid direct connections.
///
/// `HTTP_PROXY` is for `http:` URLs, and is never used here.
fn of_environment(
    variable: impl Fn(&str) -> Option<OsString>,
) -> Result<Option<Proxy>, FetchConfigError> {
    let is_set = |name: &&str| variable(name).filter(|value| !value.is_empty());
    let first = |names: [&'static str; 2]| names.iter().find_map(is_set);
    let Some(value) =
        first(["ALL_PROXY", "all_proxy"]).or_else(|| first(["HTTPS_PROXY", "https_proxy"]))
    else {
        return Ok(None);
    };
    let text = |value: OsString| value.into_string().map_err(|_| FetchConfigError::Proxy);
    let no_proxy = first(["NO_PROXY", "no_proxy"]).map(text).transpose()?.unwrap_or_default();
    except(&proxy_at(&text(value)?)?, &no_proxy).map(Some)
}

/// An HTTP proxy. Others are refused: ureq would bypass a SOCKS proxy, or panic.
fn proxy_at(url: &str) -> Result<Proxy, FetchConfigError> {
    let proxy = Proxy::new(url).map_err(|_| FetchConfigError::Proxy)?;
    match proxy.protocol() {
        ProxyProtocol::Http | ProxyProtocol::Https => Ok(proxy),
        _ => Err(FetchConfigError::Proxy),
    }
}

/// `proxy`, except for the hosts in the list `no_proxy`. Apart from ureq's own reading of the
/// environment, only its builder takes such a list.
fn except(proxy: &Proxy, no_proxy: &str) -> Result<Proxy, FetchConfigError> {
    let mut builder = Proxy::builder(proxy.protocol()).host(proxy.host()).port(proxy.port());
    if let Some(username) = proxy.username() {
        builder = builder.username(username);
    }
    if let Some(password) = proxy.password() {
        builder = builder.password(password);
    }
    for host in no_proxy.split(',').map(str::trim).filter(|host| !host.is_empty()) {
        builder = builder.no_proxy(host);
    }
    builder.build().map_err(|_| FetchConfigError::Proxy)
}

#[cfg(test)]
mod tests {
    use std::{string::ToString as _, vec::Vec};

    use super::*;

    fn with(variables: &[(&str, &str)]) -> Result<Option<Proxy>, FetchConfigError> {
        of_environment(|name| {
            let set = variables.iter().find(|(variable, _)| *variable == name);
            set.map(|(_, value)| OsString::from(value))
        })
    }

    /// The proxy's port, which shows which variable was used.
    fn port(variables: &[(&str, &str)]) -> Option<u16> {
        with(variables).unwrap().map(|proxy| proxy.port())
    }

    #[test]
    fn first_variable_that_is_set_decides() {
        let all = [
            ("ALL_PROXY", "http://proxy.example:1"),
            ("all_proxy", "http://proxy.example:2"),
            ("HTTPS_PROXY", "http://proxy.example:3"),
            ("https_proxy", "http://proxy.example:4"),
        ];
        for (index, number) in (1..=4).enumerate() {
            assert_eq!(port(&all[index..]), Some(number));
        }
        assert_eq!(port(&[("ALL_PROXY", ""), all[3]]), Some(4), "empty is not set");
        assert_eq!(port(&[]), None);
    }

    #[test]
    fn http_proxy_is_never_used_for_https() {
        for name in ["HTTP_PROXY", "http_proxy"] {
            assert_eq!(port(&[(name, "http://proxy.example:1")]), None, "{name}");
            assert_eq!(port(&[(name, "ht!tp:/x")]), None, "{name}");
        }
    }

    #[test]
    fn first_variable_that_cannot_be_read_is_not_passed_over_for_the_next() {
        let good = ("HTTPS_PROXY", "http://proxy.example:1");
        for bad in ["ht!tp:/x", "socks5://proxy.example", "/", "a b"] {
            let outcome = with(&[("ALL_PROXY", bad), good]).map(drop);
            assert_eq!(outcome, Err(FetchConfigError::Proxy), "{bad:?}");
        }
    }

    #[test]
    fn hosts_of_no_proxy_are_reached_without_it() {
        let proxy = ("HTTPS_PROXY", "http://a%40b:p%3Aw@proxy.example:1");
        let list = ("NO_PROXY", "one.example, .two.example,10.0.0.1");
        let proxy = with(&[proxy, list]).unwrap().unwrap();
        assert_eq!(proxy.username(), Some("a@b"));
        assert_eq!(proxy.password(), Some("p:w"));
        let direct: Vec<bool> = ["one.example", "a.two.example", "10.0.0.1", "three.example"]
            .map(|host| {
                let url = std::format!("https://{host}/").parse().unwrap();
                !is_for(&proxy, &url)
            })
            .to_vec();
        assert_eq!(direct, [true, true, true, false]);
        assert!(proxy.uri().to_string().contains("proxy.example"));
    }
}
