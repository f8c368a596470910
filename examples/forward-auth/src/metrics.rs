//! The answers given and the state of the keys, in Prometheus' text format.

use tokenring::remote::Health;

use crate::Answers;

pub(crate) fn text(answers: &Answers, health: &Health) -> String {
    let mut text = Text(String::new());
    text.head("forward_auth_answers_total", "counter", "Answers by status and reason.");
    for ((status, reason), answers) in answers {
        let labels = format!("{{status=\"{status}\",reason=\"{reason}\"}}");
        text.sample("forward_auth_answers_total", &labels, *answers);
    }

    let mut gauge = |name: &str, help: &str, value: u64| {
        text.head(name, "gauge", help);
        text.sample(name, "", value);
    };
    gauge("tokenring_ready", "Whether there are keys to verify with.", health.is_ready().into());
    let keys = |keys: usize| u64::try_from(keys).unwrap_or(u64::MAX);
    gauge("tokenring_keys", "Keys in use.", keys(health.usable_keys()));
    gauge("tokenring_keys_skipped", "Skipped entries of the key set.", keys(health.skipped_keys()));
    gauge("tokenring_waiters", "Requests that wait for keys.", keys(health.waiters()));
    let failures = health.consecutive_failures().into();
    gauge("tokenring_consecutive_failures", "Failed fetches since the last success.", failures);
    // Absent before the first key set: no age is better than a wrong one.
    if let Some(age) = health.age() {
        gauge("tokenring_keys_age_seconds", "Time since the keys were fetched.", age.as_secs());
    }

    text.head("tokenring_fetches_total", "counter", "Fetches of the key set by outcome.");
    text.sample("tokenring_fetches_total", "{outcome=\"ok\"}", health.fetches_ok());
    for (code, fetches) in health.fetches_failed() {
        text.sample("tokenring_fetches_total", &format!("{{outcome=\"{code}\"}}"), *fetches);
    }
    let mut counter = |name: &str, help: &str, value: u64| {
        text.head(name, "counter", help);
        text.sample(name, "", value);
    };
    counter("tokenring_stale_served_total", "Keys used past their ttl.", health.stale_served());
    counter("tokenring_unknown_kids_total", "Lookups of unknown keys.", health.unknown_kids());
    let suppressed = health.suppressed_refreshes();
    counter("tokenring_suppressed_total", "Lookups of unknown keys without a fetch.", suppressed);
    counter("tokenring_busy_total", "Lookups that found too many waiting.", health.busy());
    text.0
}

struct Text(String);

impl Text {
    fn head(&mut self, name: &str, kind: &str, help: &str) {
        self.0.push_str(&format!("# HELP {name} {help}\n# TYPE {name} {kind}\n"));
    }

    fn sample(&mut self, name: &str, labels: &str, value: u64) {
        self.0.push_str(&format!("{name}{labels} {value}\n"));
    }
}
