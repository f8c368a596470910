//! A guard in front of the handlers of actix-web: a middleware, and an extractor.

use std::{fmt, pin::Pin};

use actix_web::{
    Error, FromRequest, HttpMessage as _, HttpRequest, HttpResponse, ResponseError,
    body::MessageBody,
    dev::{Payload, ServiceRequest, ServiceResponse},
    error::ErrorInternalServerError,
    http::{StatusCode, header},
    middleware::Next,
    web::Data,
};
use tokenring::{Guard, Rejection, RemoteJwks, Verified};

/// An extractor: the caller of a request with a valid token.
pub struct Caller(pub Verified);

impl FromRequest for Caller {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Error>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        // Clones of a request are handles to it, and actix-web's futures borrow nothing.
        let request = request.clone();
        Box::pin(async move { check(&request).await.map(Self) })
    }
}

/// A middleware that passes on requests with a valid token.
///
/// # Errors
///
/// [`Refused`], which actix-web turns into the response.
pub async fn require_token(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let caller = check(request.request()).await?;
    request.extensions_mut().insert(caller);
    next.call(request).await
}

async fn check(request: &HttpRequest) -> Result<Verified, Error> {
    let guard = request.app_data::<Data<Guard<RemoteJwks>>>();
    let guard = guard.ok_or_else(|| ErrorInternalServerError("the routes have no guard"))?;
    // All values: a client that sends two must be refused, even if one of them is valid.
    let values = request.headers().get_all(header::AUTHORIZATION);
    Ok(guard.check_async(values).await.map_err(Refused)?)
}

/// A rejection as an error of actix-web, which turns it into the response.
#[derive(Debug)]
pub struct Refused(Rejection);

impl From<Rejection> for Refused {
    fn from(rejection: Rejection) -> Self {
        Self(rejection)
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl ResponseError for Refused {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.0.status()).unwrap_or(StatusCode::UNAUTHORIZED)
    }

    fn error_response(&self) -> HttpResponse {
        eprintln!("{}: {}", self.0.code(), self.0);
        let mut response = HttpResponse::build(self.status_code());
        for header in self.0.headers() {
            response.append_header(header);
        }
        response.body(self.0.body())
    }
}
