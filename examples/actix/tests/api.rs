//! The example over the wire: real requests to a server with one worker thread, whose issuer is slow
//! or down. RFC 6750 section 3.

use std::{net::TcpListener, thread};

use actix_web::{App, HttpServer, rt::System};
use tokenring::Guard;
use tokenring_actix::routes;
use tokenring_oracle::{
    api::{self, Api},
    program::{self, Started, without_settings},
};

#[test]
fn good_token_is_greeted_by_its_subject() {
    api::assert_greets_good_tokens_by_their_subject(&served());
}

#[test]
fn request_without_exactly_one_bearer_token_is_told_so() {
    api::assert_refuses_requests_without_one_bearer_token(&served());
}

#[test]
fn bad_tokens_get_one_answer_whatever_the_cause() {
    api::assert_refuses_bad_tokens_alike(&served());
}

#[test]
fn nothing_of_a_refused_request_comes_back() {
    api::assert_repeats_nothing_of_a_refused_request(&served());
}

#[test]
fn permission_is_required_where_a_handler_asks_for_it() {
    api::assert_requires_the_permission_where_a_handler_asks_for_it(&served());
}

#[test]
fn public_route_needs_no_token_and_looks_at_none() {
    api::assert_serves_the_public_route_without_looking_at_tokens(&served());
}

#[test]
fn issuer_that_is_down_is_no_fault_of_the_token() {
    api::assert_is_unavailable_while_the_issuer_is_down(&served());
}

#[test]
fn service_is_ready_as_long_as_it_has_keys_whatever_the_issuer_does() {
    api::assert_is_ready_as_long_as_it_has_keys(&served());
}

#[test]
fn many_requests_on_a_cold_start_cause_one_fetch_and_do_not_block_the_only_worker() {
    api::assert_fetches_once_for_many_requests_on_a_cold_start(&served(), 200);
}

#[test]
fn printed_curl_lines_work_as_printed() {
    let expected = [
        ("# a good token", 200, "Hello, auth0|64b7f1c2a9d3e8f0b5c6a7d8"),
        ("# no token", 401, "Authorization token is missing"),
        ("# an expired token", 401, "Invalid token"),
        ("# a token with the permission", 200, "read:messages"),
        ("# a token without it", 403, "Insufficient scope"),
        ("# ready?", 200, "fresh"),
    ];
    let mut example = Started::new(&mut without_settings(EXAMPLE));
    api::assert_printed_curl_lines_work(&mut example, &expected);
}

#[test]
fn refusals_are_logged_with_their_cause_and_without_the_token() {
    api::assert_logs_causes_without_tokens(Started::new(&mut without_settings(EXAMPLE)));
}

#[test]
fn issuer_of_the_environment_is_served() {
    api::assert_serves_the_issuer_of_its_environment(EXAMPLE);
}

#[test]
fn half_configured_environment_is_refused_by_name() {
    program::assert_half_configured_environment_is_refused_by_name(EXAMPLE);
}

/// The example with one worker. Its thread ends with the process.
fn served() -> Api {
    Api::start(|verifier| {
        let guard = Guard::new(verifier);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let app = move || App::new().configure(routes(guard.clone()));
        thread::spawn(move || {
            let server = HttpServer::new(app).workers(1).disable_signals();
            System::new().block_on(server.listen(listener).unwrap().run())
        });
        address
    })
}

const EXAMPLE: &str = env!("CARGO_BIN_EXE_tokenring-actix");
