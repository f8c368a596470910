//! Every fault of protected resource metadata.

use core::{error::Error, fmt};

use crate::SettingFault;

/// Why [`ResourceMetadataBuilder::build`](crate::ResourceMetadataBuilder::build) refused the metadata.
///
/// `member` is the name of the member of the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResourceMetadataError {
    /// Operator: no URL is meant with this text.
    SpoiledUrl {
        /// A member that is a URL or has some.
        member: &'static str,
        /// The fault of its text.
        fault: SettingFault,
    },
    /// Operator: not an absolute URL with a host, or a character in it that no URL may contain, such as a
    /// space or one outside ASCII. RFC 3986.
    Url {
        /// A member that is a URL or has some.
        member: &'static str,
    },
    /// Operator: the URL has user information.
    UserInformation {
        /// A member that is a URL or has some.
        member: &'static str,
    },
    /// Operator: the URL does not begin with `https://`, in lower case, nor is it an `http:` URL that was
    /// allowed. RFC 9728 sections 1.2 and 2.
    NotHttps {
        /// A member that is a URL or has some.
        member: &'static str,
    },
    /// Operator: the URL has a fragment. RFC 9728 section 1.2, RFC 8414 section 2.
    Fragment {
        /// `resource` or `authorization_servers`.
        member: &'static str,
    },
    /// Operator: the path of the resource has a segment `.` or `..`, which clients take out: they would look
    /// for the document elsewhere. RFC 3986 section 5.2.4.
    DotSegment,
    /// Operator: no authorization server was named.
    NoAuthorizationServer,
    /// Operator: the issuer of an authorization server has a query. RFC 8414 section 2.
    IssuerQuery,
    /// Operator: a scope is empty, or has a character that no scope may contain: a space, a quotation mark, a
    /// backslash, or anything but printable ASCII. RFC 6749 section 3.3.
    Scope {
        /// The index of the scope, from 0.
        index: usize,
    },
    /// Operator: `offline_access` is among the scopes. It asks the authorization server for a refresh token,
    /// and is none of a resource's scopes.
    OfflineAccess,
    /// Operator: the name has a control character, such as a line feed.
    ControlCharacter,
    /// Operator: a list has a value twice.
    Duplicate {
        /// A member that is a list.
        member: &'static str,
    },
    /// Operator: a list or a text was set, but is empty. RFC 9728 section 3.2.
    Empty {
        /// A member that is a list, or `resource_name`.
        member: &'static str,
    },
}

impl fmt::Display for ResourceMetadataError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SpoiledUrl { member, fault } => write!(f, "`{member}`: the URL {fault}"),
            Self::Url { member } => {
                write!(
                    f,
                    "`{member}`: not an absolute URL with a host, or with a character that no URL may contain"
                )
            }
            Self::UserInformation { member } => {
                write!(f, "`{member}`: the URL has user information")
            }
            Self::NotHttps { member } => write!(
                f,
                "`{member}`: the URL must begin with https://, unless danger_allow_http_loopback allows http: for its host"
            ),
            Self::Fragment { member } => write!(f, "`{member}`: the URL has a fragment"),
            Self::DotSegment => f.write_str("`resource`: the path has a segment `.` or `..`"),
            Self::NoAuthorizationServer => {
                f.write_str("`authorization_servers`: no authorization server was named")
            }
            Self::IssuerQuery => {
                f.write_str("`authorization_servers`: the issuer's URL has a query")
            }
            Self::Scope { index } => write!(
                f,
                "`scopes_supported`: scope number {} is empty or has a character that no scope may contain",
                index.saturating_add(1)
            ),
            Self::OfflineAccess => {
                f.write_str("`scopes_supported`: `offline_access` is not a scope of a resource")
            }
            Self::ControlCharacter => f.write_str("`resource_name`: a control character"),
            Self::Duplicate { member } => write!(f, "`{member}`: a value occurs twice"),
            Self::Empty { member } => write!(f, "`{member}`: was set, but is empty"),
        }
    }
}

impl Error for ResourceMetadataError {}
