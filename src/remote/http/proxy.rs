//! The proxy that a request goes through: from the settings or from the environment, as curl, Go and
//! reqwest read it.

use std::{
    env,
    ffi::OsString,
    fmt, format,
    string::{String, ToString as _},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ureq::{
    Proxy,
    http::{StatusCode, Uri},
};

use crate::{
    host::host_of,
    remote::{
        config_error::FetchConfigError,
        error::{FetchError, ProxyError},
        http::{connection::PlainHttp, no_proxy::NoProxy},
    },
};

/// The proxy setting.
#[derive(Clone)]
pub(crate) enum ProxyChoice {
    Environment,
    None,
    Explicit(String),
}

impl ProxyChoice {
    /// The proxies themselves. The environment is read only here, once.
    pub(crate) fn resolve(&self, plain_http: &PlainHttp) -> Result<Proxies, FetchConfigError> {
        match self {
            Self::Environment => of_environment(plain_http, |name| env::var_os(name)),
            Self::None => Ok(Proxies::default()),
            Self::Explicit(url) => {
                let proxy = HttpProxy::at("proxy", url)?;
                Ok(Proxies { https: Some(proxy.clone()), http: Some(proxy), ..Proxies::default() })
            }
        }
    }
}

/// The proxies of a source.
#[derive(Default)]
pub(crate) struct Proxies {
    https: Option<HttpProxy>,
    http: Option<HttpProxy>,
    no_proxy: NoProxy,
}

impl Proxies {
    /// The proxy for `url`. None if the host is contacted directly.
    pub(crate) fn proxy_for(&self, url: &Uri) -> Option<&HttpProxy> {
        let proxy = match is_plain(url) {
            true => self.http.as_ref(),
            false => self.https.as_ref(),
        };
        proxy.filter(|_| !self.no_proxy.has(url))
    }
}

/// Whether a proxy gets the request itself, and not only a `CONNECT` to its host.
pub(crate) fn is_plain(url: &Uri) -> bool {
    url.scheme_str() == Some("http")
}

/// The first variable that is set decides. A value that cannot be read is an error and not ignored: the
/// network may forbid direct connections.
///
/// Upper case before lower case is the order of Go and reqwest; curl has the other. In a CGI program,
/// `HTTP_PROXY` is the header `Proxy` of whoever sent the request, so there all three ignore it.
fn of_environment(
    plain_http: &PlainHttp,
    variable: impl Fn(&str) -> Option<OsString>,
) -> Result<Proxies, FetchConfigError> {
    let first = |names: &[&'static str]| {
        names.iter().find_map(|&name| {
            let value = variable(name).filter(|value| !value.is_empty());
            value.map(|value| (name, value))
        })
    };
    let proxy = |names: &[&'static str]| {
        let found = first(names).or_else(|| first(&["ALL_PROXY", "all_proxy"]));
        found.map(|(name, value)| HttpProxy::at(name, &value.to_string_lossy())).transpose()
    };
    let is_cgi = variable("REQUEST_METHOD").is_some();
    Ok(Proxies {
        https: proxy(&["HTTPS_PROXY", "https_proxy"])?,
        // A value that no request can use is no reason to fail.
        http: match (plain_http.hosts.is_empty(), is_cgi) {
            (true, _) => None,
            (false, true) => proxy(&["http_proxy"])?,
            (false, false) => proxy(&["HTTP_PROXY", "http_proxy"])?,
        },
        no_proxy: match first(&["NO_PROXY", "no_proxy"]) {
            Some((_, list)) => NoProxy::parse(&list.to_string_lossy()),
            None => NoProxy::default(),
        },
    })
}

/// An HTTP proxy, with or without TLS.
#[derive(Clone)]
pub(crate) struct HttpProxy {
    /// Without credentials, since ureq may write it to a log.
    pub(crate) address: Proxy,
    /// The value of `Proxy-Authorization`. RFC 9110 section 11.7.2, RFC 7617 section 2.
    pub(crate) authorization: Option<String>,
    /// For texts, with the port if one was given.
    pub(crate) host: String,
}

impl HttpProxy {
    /// The proxy at the URL in the setting of this name, which may lack the scheme. ureq would bypass a
    /// SOCKS proxy, or panic.
    fn at(setting: &'static str, text: &str) -> Result<Self, FetchConfigError> {
        let invalid = || FetchConfigError::Proxy { setting };
        let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        // These end the host. So they would turn a part of the credentials into a host if they were not
        // encoded, and so would a second `@` for some parsers.
        let is_cut = authority.contains(['/', '?', '#', '\\']);
        if is_cut || authority.bytes().filter(|&byte| byte == b'@').count() > 1 {
            return Err(invalid());
        }
        let url = format!("{scheme}://{authority}");
        let host = host_of(&url).ok_or_else(invalid)?;
        if !["http", "https"].iter().any(|known| known.eq_ignore_ascii_case(scheme)) {
            return Err(FetchConfigError::ProxyScheme { setting });
        }
        let given = Proxy::new(&url).map_err(|_| invalid())?;
        let address = Proxy::builder(given.protocol()).host(given.host()).port(given.port());
        let authorization = given.username().map(|username| {
            let credentials = format!("{username}:{}", given.password().unwrap_or_default());
            format!("Basic {}", STANDARD.encode(credentials))
        });
        let address = address.build().map_err(|_| invalid())?;
        Ok(Self { address, authorization, host: host.to_string() })
    }

    /// The error if the proxy answered a request with `status`, and not the host. A 503 may be the host's.
    pub(crate) fn refusal(&self, status: StatusCode) -> Option<FetchError> {
        matches!(status.as_u16(), 407 | 502 | 504)
            .then(|| self.failure(ProxyError::of_status(status.as_u16())))
    }

    pub(crate) fn failure(&self, error: ProxyError) -> FetchError {
        FetchError::Proxy { proxy: self.host.clone(), error }
    }
}

impl fmt::Debug for HttpProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpProxy").field("host", &self.host).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;

    /// With one host that plain `http:` is allowed for.
    fn with(variables: &[(&str, &str)]) -> Result<Proxies, FetchConfigError> {
        let plain_http = PlainHttp { loopback: false, hosts: Vec::from(["keycloak".into()]) };
        of_environment(&plain_http, lookup(variables))
    }

    fn lookup(variables: &[(&str, &str)]) -> impl Fn(&str) -> Option<OsString> {
        |name| {
            let set = variables.iter().find(|(variable, _)| *variable == name);
            set.map(|(_, value)| OsString::from(value))
        }
    }

    /// The proxy for `url`, by its host.
    fn host(variables: &[(&str, &str)], url: &str) -> Option<String> {
        let proxies = with(variables).unwrap();
        proxies.proxy_for(&url.parse().unwrap()).map(|proxy| proxy.host.clone())
    }

    fn error(text: &str) -> Option<FetchConfigError> {
        HttpProxy::at("HTTPS_PROXY", text).err()
    }

    const HTTPS: &str = "https://issuer.example/";
    const HTTP: &str = "http://keycloak:8080/";

    #[test]
    fn first_variable_that_is_set_decides() {
        let all = [
            ("HTTPS_PROXY", "http://a.example"),
            ("https_proxy", "http://b.example"),
            ("ALL_PROXY", "http://c.example"),
            ("all_proxy", "http://d.example"),
        ];
        for (index, expected) in
            ["a.example", "b.example", "c.example", "d.example"].iter().enumerate()
        {
            assert_eq!(host(&all[index..], HTTPS).as_deref(), Some(*expected));
        }
        assert_eq!(
            host(&[("HTTPS_PROXY", ""), all[3]], HTTPS).as_deref(),
            Some("d.example"),
            "empty"
        );
        assert_eq!(host(&[], HTTPS), None);
        let all = [
            ("HTTP_PROXY", "http://e.example"),
            ("http_proxy", "http://f.example"),
            all[2],
            all[3],
        ];
        for (index, expected) in
            ["e.example", "f.example", "c.example", "d.example"].iter().enumerate()
        {
            assert_eq!(host(&all[index..], HTTP).as_deref(), Some(*expected));
        }
        assert_eq!(host(&[], HTTP), None);
    }

    #[test]
    fn proxy_of_one_scheme_is_never_used_for_the_other() {
        for name in ["HTTP_PROXY", "http_proxy"] {
            assert_eq!(host(&[(name, "http://proxy.example")], HTTPS), None, "{name}");
        }
        for name in ["HTTPS_PROXY", "https_proxy"] {
            assert_eq!(host(&[(name, "http://proxy.example")], HTTP), None, "{name}");
        }
    }

    /// In CGI, the header `Proxy` of a request is in this variable.
    #[test]
    fn upper_case_http_proxy_is_not_read_in_cgi() {
        let (cgi, upper) = (("REQUEST_METHOD", "GET"), ("HTTP_PROXY", "http://evil.example"));
        assert_eq!(host(&[cgi, upper], HTTP), None);
        assert_eq!(host(&[cgi, ("HTTP_PROXY", "ht!tp")], HTTP), None);
        for (name, url) in [("http_proxy", HTTP), ("ALL_PROXY", HTTP), ("HTTPS_PROXY", HTTPS)] {
            let found = host(&[cgi, upper, (name, "http://good.example")], url);
            assert_eq!(found.as_deref(), Some("good.example"), "{name}");
        }
    }

    #[test]
    fn variable_that_cannot_be_read_is_named_and_not_passed_over_for_the_next() {
        let good = ("all_proxy", "http://proxy.example:1");
        for setting in ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY"] {
            let outcome = with(&[(setting, "ht!tp:/SECRET"), good]).map(drop);
            assert_eq!(outcome, Err(FetchConfigError::Proxy { setting }));
            let outcome = with(&[(setting, "socks5://u:SECRET@h"), good]).map(drop);
            assert_eq!(outcome, Err(FetchConfigError::ProxyScheme { setting }));
        }
    }

    #[test]
    fn variable_for_plain_http_is_not_read_where_that_is_not_allowed() {
        let bad = [("HTTP_PROXY", "ht!tp:/x"), ("http_proxy", "ht!tp:/x")];
        for loopback in [false, true] {
            let plain_http = PlainHttp { loopback, hosts: Vec::new() };
            let proxies = of_environment(&plain_http, lookup(&bad)).unwrap();
            assert!(proxies.http.is_none() && proxies.https.is_none());
        }
    }

    #[test]
    #[cfg(unix)]
    fn variables_that_are_not_text() {
        use std::os::unix::ffi::OsStringExt as _;

        let bytes = |name: &str, value: &[u8]| {
            let name = String::from(name);
            let value = OsString::from_vec(value.to_vec());
            move |asked: &str| match asked {
                "ALL_PROXY" if name != asked => Some("http://proxy.example".into()),
                _ => (name == asked).then(|| value.clone()),
            }
        };
        let outcome =
            of_environment(&PlainHttp::default(), bytes("ALL_PROXY", b"http://\xff.example"));
        assert_eq!(outcome.err(), Some(FetchConfigError::Proxy { setting: "ALL_PROXY" }));
        let list = bytes("NO_PROXY", b"a.exa\xffmple,issuer.example");
        let proxies = of_environment(&PlainHttp::default(), list).unwrap();
        for (url, direct) in [(HTTPS, true), ("https://b.example/", false)] {
            assert_eq!(proxies.proxy_for(&url.parse().unwrap()).is_none(), direct, "{url}");
        }
    }

    #[test]
    fn first_list_that_is_set_and_not_empty_is_read() {
        let proxy = ("ALL_PROXY", "http://proxy.example");
        for (lists, direct) in [
            (["issuer.example", "a.example"], true),
            (["a.example", "issuer.example"], false),
            (["", "issuer.example"], true),
        ] {
            let [upper, lower] = lists;
            let found = host(&[proxy, ("NO_PROXY", upper), ("no_proxy", lower)], HTTPS);
            assert_eq!(found.is_none(), direct, "{lists:?}");
        }
        assert_eq!(host(&[proxy, ("no_proxy", "keycloak:8080")], HTTP), None);
        assert_eq!(host(&[proxy], "https://127.0.0.1/"), None);
    }

    #[test]
    fn explicit_proxy_is_for_all_hosts_but_this_machine() {
        let choice = ProxyChoice::Explicit("proxy.example:3128".into());
        let proxies = choice.resolve(&PlainHttp::default()).unwrap();
        for (url, used) in [(HTTPS, true), (HTTP, true), ("https://localhost/", false)] {
            assert_eq!(proxies.proxy_for(&url.parse().unwrap()).is_some(), used, "{url}");
        }
    }

    #[test]
    fn urls_of_proxies() {
        // The URL, the host that is shown, the port, the decoded credentials.
        for (url, shown, port, credentials) in [
            ("http://proxy.example:3128", "proxy.example:3128", 3128, None),
            ("http://proxy.example:3128/", "proxy.example:3128", 3128, None),
            ("HTTP://Proxy.Example", "Proxy.Example", 80, None),
            ("https://proxy.example", "proxy.example", 443, None),
            ("proxy.example:3128", "proxy.example:3128", 3128, None),
            ("proxy", "proxy", 80, None),
            ("proxy/", "proxy", 80, None),
            ("192.0.2.1:8080", "192.0.2.1:8080", 8080, None),
            ("http://[2001:db8::1]:8080", "[2001:db8::1]:8080", 8080, None),
            ("http://u:p@proxy", "proxy", 80, Some("u:p")),
            ("u:p@proxy:3128", "proxy:3128", 3128, Some("u:p")),
            ("http://a%40b:p%3Aw%2F%23%25@proxy", "proxy", 80, Some("a@b:p:w/#%")),
            ("http://u%C3%A9:+@proxy", "proxy", 80, Some("u\u{e9}:+")),
            ("http://user@proxy", "proxy", 80, Some("user:")),
            ("http://:p@proxy", "proxy", 80, Some(":p")),
            ("http://u:a:b@proxy", "proxy", 80, Some("u:a:b")),
        ] {
            let proxy = HttpProxy::at("proxy", url).unwrap();
            assert_eq!((&*proxy.host, proxy.address.port()), (shown, port), "{url}");
            let expected = credentials.map(|text| format!("Basic {}", STANDARD.encode(text)));
            assert_eq!(proxy.authorization, expected, "{url}");
            assert!(proxy.address.username().or(proxy.address.password()).is_none());
            assert_eq!(format!("{proxy:?}"), format!("HttpProxy {{ host: {shown:?}, .. }}"));
        }
    }

    #[test]
    fn urls_that_are_of_no_proxy() {
        let setting = "HTTPS_PROXY";
        for url in [
            "",
            "/",
            " ",
            "http://",
            "http:///",
            "http://:3128",
            "http:proxy",
            "ht!tp:/x",
            "ht!tp://x",
            "://x",
            "http://proxy:0",
            "http://proxy:65536",
            "http://proxy:",
            "http://proxy:+80",
            "proxy:port",
            "http://proxy/proxy.pac",
            "http://proxy//",
            "http://proxy?a",
            "http://proxy#a",
            " http://proxy",
            "http://proxy\n",
            "http://pro xy",
            "http://pr\u{f6}xy",
            "\"http://proxy\"",
            "${PROXY}",
            "http://[::1",
            "http://::1",
            "http://[::g]",
            // Credentials that are not encoded. The first ones would send a request to the host `user`.
            "http://user:12/SECRET@proxy",
            "http://user:12#SECRET@proxy",
            "http://user:12?SECRET@proxy",
            "http://user:12\\SECRET@proxy",
            "http://user:SECRET@SECRET@proxy",
            "http://user:SEC RET@proxy",
            "http://user:%ff@proxy",
        ] {
            assert_eq!(error(url), Some(FetchConfigError::Proxy { setting }), "{url:?}");
        }
        for url in ["socks5://proxy", "socks5h://u:p@proxy:1080", "socks4://proxy", "ftp://proxy"] {
            assert_eq!(error(url), Some(FetchConfigError::ProxyScheme { setting }), "{url}");
        }
    }

    #[test]
    fn statuses_of_a_proxy_that_forwards() {
        let proxy = HttpProxy::at("proxy", "proxy").unwrap();
        for (status, expected) in [
            (407, Some(ProxyError::Refused { status: 407 })),
            (502, Some(ProxyError::HostUnreachable { status: 502 })),
            (504, Some(ProxyError::HostUnreachable { status: 504 })),
            // These may be the host's.
            (200, None),
            (401, None),
            (403, None),
            (500, None),
            (503, None),
        ] {
            let expected = expected.map(|error| proxy.failure(error));
            assert_eq!(proxy.refusal(StatusCode::from_u16(status).unwrap()), expected, "{status}");
        }
    }
}
