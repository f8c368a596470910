//! A rejection as the response type of the crate `http`, which axum, hyper, poem, tower and warp use.

use alloc::string::String;

use ureq::http::{HeaderName, HeaderValue, Response, StatusCode};

use crate::Rejection;

/// Status, header fields and body.
impl From<Rejection> for Response<String> {
    fn from(rejection: Rejection) -> Self {
        let mut response = Self::new(rejection.body());
        *response.status_mut() =
            StatusCode::from_u16(rejection.status()).unwrap_or(StatusCode::UNAUTHORIZED);
        for (name, value) in rejection.headers() {
            // All are valid: names are constants, and values are printable ASCII.
            let (name, value) = (HeaderName::try_from(name), HeaderValue::try_from(value));
            if let (Ok(name), Ok(value)) = (name, value) {
                response.headers_mut().append(name, value);
            }
        }
        response
    }
}
