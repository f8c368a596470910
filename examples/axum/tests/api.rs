//! The example over the wire: real requests to a server on a runtime of two threads, whose issuer is
//! slow, down or changing its keys. RFC 6750 section 3.

use tokenring_axum::{Api as Example, router};
use tokenring_oracle::{
    api::{self, Api, run_curl},
    http::bearer,
    issued::MINUTE,
    program::{self, Started, refusal_to_start, without_settings},
};
use tokio::{net::TcpListener, runtime::Builder};

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
fn new_keys_are_taken_at_once_and_withdrawn_ones_given_up() {
    let api = served();
    let issuer = &api.issued.issuer;
    let status = |token: &String| api.get("/api/v1/", &[bearer(token)]).status;
    let old = issuer.token().mint();
    assert_eq!((status(&old), issuer.hits()), (200, 1));

    issuer.rotate();
    let new = issuer.token().mint();
    assert_eq!((status(&new), issuer.hits()), (200, 2));
    assert_eq!((status(&old), issuer.hits()), (200, 2));

    issuer.revoke("tokenring-test-key-01");
    api.issued.clock.advance(15 * MINUTE);
    assert_eq!((status(&old), status(&new)), (401, 200));
}

#[test]
fn thousand_requests_on_a_cold_start_cause_one_fetch_and_block_no_thread() {
    let files = rlimit::increase_nofile_limit(4096).unwrap();
    assert!(files >= 3000, "both ends of the connections are in this process: ulimit -n {files}");
    api::assert_fetches_once_for_many_requests_on_a_cold_start(&served(), 1000);
}

#[test]
fn printed_curl_lines_work_as_printed() {
    let expected = [
        ("# a good token", 200, "Hello, auth0|64b7f1c2a9d3e8f0b5c6a7d8"),
        ("# no token", 401, "Authorization token is missing"),
        ("# a malformed header", 401, "Invalid token format"),
        ("# an expired token", 401, "Invalid token"),
        ("# a token for another audience", 401, "Invalid token"),
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
fn refusals_are_explained_in_the_log_if_asked_for() {
    let mut example = without_settings(EXAMPLE);
    let log = api::log_of_two_refusals(Started::new(example.env("LOG", "explanation")));
    let expired = log.iter().position(|line| line.starts_with("expired: ")).unwrap();
    let insufficient =
        log.iter().position(|line| line.starts_with("insufficient_scope: ")).unwrap();
    // The extractor's refusal, then the middleware's, each with its report.
    let reports = [&log[expired + 1..insufficient], &log[insufficient + 1..]];
    for (report, expected) in reports.iter().zip(["exp", "permission"]) {
        let failed = report.iter().filter_map(|line| line.trim().strip_prefix("FAILED "));
        let failed: Vec<_> = failed.map(|check| check.split_whitespace().next()).collect();
        assert_eq!(failed, [Some(expected)], "{report:#?}");
    }
    assert!(!log.iter().any(|line| line.contains("eyJ")), "{log:#?}");
}

#[test]
fn issuer_of_the_environment_is_served() {
    api::assert_serves_the_issuer_of_its_environment(EXAMPLE);
}

#[test]
fn half_configured_environment_is_refused_by_name() {
    program::assert_half_configured_environment_is_refused_by_name(EXAMPLE);
    let stderr = refusal_to_start(without_settings(EXAMPLE).env("LOG", ""));
    assert!(stderr.starts_with("LOG must be cause or explanation"), "{stderr}");
}

#[test]
fn configured_environment_is_served_without_a_test_issuer() {
    // A name that does not exist (RFC 6761 section 6.4). Nothing here requests its keys.
    let variables = [
        ("AUTH0_ISSUER_BASE_URL", "tenant.invalid"),
        ("AUTH0_AUDIENCE", "https://api.example.com/"),
        ("LISTEN", "0.0.0.0:0"),
    ];
    let mut example = Started::new(without_settings(EXAMPLE).envs(variables));
    let line = example.lines().next().unwrap();
    let url = line.split(' ').next().unwrap().replace("//0.0.0.0:", "//127.0.0.1:");
    assert_ne!(line.split(' ').next(), Some(url.as_str()));
    assert_eq!(run_curl(&format!("curl -i {url}")).status, 401);
    // Only the test issuer prints tokens.
    assert!(!line.contains("Bearer") && !line.contains("curl"), "{line}");
}

/// The example on a runtime of two threads, which end with the process.
fn served() -> Api {
    Api::start(|verifier| {
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_io().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let router = router(Example::new(verifier));
        Box::leak(Box::new(runtime)).spawn(async move { axum::serve(listener, router).await });
        address
    })
}

const EXAMPLE: &str = env!("CARGO_BIN_EXE_tokenring-axum");
