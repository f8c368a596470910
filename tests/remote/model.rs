//! Random sequences of operations beside a second implementation of the rules.

use std::{task::Poll, time::Duration};

use tokenring::{
    Algorithm, KeyError, KeyQuery, KeySource,
    remote::{Clock, FetchError, KeysState},
};

use crate::fake::{
    COOLDOWN, Manual, NANO, Random, Reply, Rig, STALE_CAP, TTL, UNKNOWN, found, last_error, millis,
    name, secs, unavailable, until,
};

#[test]
fn random_sequences_of_operations_go_as_the_rules_say() {
    let mut covered = Covered::default();
    for seed in 1..=16 {
        Run::new(seed).steps(500, &mut covered);
    }
    // Or the sequences would show little.
    let Covered { waits, stale, unknown, unavailable, dead, ended, second_attempts, dropped } =
        covered;
    let least = [waits, stale, unknown, unavailable, dead, ended, second_attempts, dropped];
    assert!(least.iter().all(|&count| count >= 40), "{least:?}");
}

#[derive(Default)]
struct Covered {
    waits: usize,
    stale: usize,
    unknown: usize,
    unavailable: usize,
    dead: usize,
    ended: usize,
    second_attempts: usize,
    dropped: usize,
}

/// What a lookup comes to.
#[derive(Clone, Debug, PartialEq)]
enum Expected {
    Is(Result<String, KeyError>),
    Waits,
}

/// The rules, with one thread and no time but its own.
#[derive(Clone)]
struct Model {
    monotonic: Duration,
    wall: Duration,
    set: Option<ModelSet>,
    generation: u64,
    /// Since the last success.
    failed_tries: u32,
    last_error: Option<FetchError>,
    quiet_until: Duration,
    last_kid_attempt: Option<Duration>,
    /// When the attempt under way began, on both clocks.
    attempt: Option<(Duration, Duration)>,
    /// Whether each fetch so far went past caches.
    fetches: Vec<bool>,
    ok: u64,
    failed: u64,
    stale: u64,
    unknown: u64,
    suppressed: u64,
}

#[derive(Clone)]
struct ModelSet {
    monotonic: Duration,
    wall: Duration,
    ahead: Duration,
    kids: Vec<&'static str>,
    /// When the first of the sets without a key was requested that came since, on both clocks.
    empty_since: Option<(Duration, Duration)>,
}

#[derive(Clone)]
enum Outcome {
    Keys(Vec<&'static str>),
    /// A valid set without a key.
    Empty,
    Error(FetchError),
    Panic,
}

impl Model {
    fn age(&self) -> Option<Duration> {
        let set = self.set.as_ref()?;
        Some(self.since((set.monotonic, set.wall)))
    }

    fn since(&self, (monotonic, wall): (Duration, Duration)) -> Duration {
        let monotonic = self.monotonic.checked_sub(monotonic).unwrap_or_default();
        monotonic.max(self.wall.checked_sub(wall).unwrap_or_default())
    }

    /// Whether the issuer has served nothing for a whole `ttl`.
    fn ended(&self) -> bool {
        let since = self.set.as_ref().and_then(|set| set.empty_since);
        since.is_some_and(|since| self.since(since) >= TTL)
    }

    fn state(&self) -> KeysState {
        match self.age() {
            None => KeysState::Empty,
            Some(age) if age >= STALE_CAP || self.ended() => KeysState::Dead,
            Some(age) if age >= TTL => KeysState::Expired,
            Some(age) if age >= self.set.as_ref().unwrap().ahead => KeysState::RefreshDue,
            Some(_) => KeysState::Fresh,
        }
    }

    fn back_off(&self) -> Duration {
        self.quiet_until.checked_sub(self.monotonic).unwrap_or_default()
    }

    fn cooldown(&self) -> Duration {
        let over = self.last_kid_attempt.map(|attempt| attempt + COOLDOWN);
        over.and_then(|over| over.checked_sub(self.monotonic)).unwrap_or_default()
    }

    fn may_start(&self) -> bool {
        self.attempt.is_none() && self.back_off() == Duration::ZERO
    }

    fn start(&mut self, no_cache: bool) {
        assert!(self.attempt.is_none());
        self.attempt = Some((self.monotonic, self.wall));
        self.fetches.push(no_cache);
    }

    /// What the set says, whatever its age.
    fn select(&self, kid: Option<&str>) -> Result<String, KeyError> {
        let kids = &self.set.as_ref().unwrap().kids;
        match kid {
            Some(kid) if kids.contains(&kid) => found(kid),
            Some(_) => UNKNOWN,
            None if kids.len() == 1 => found(kids[0]),
            None => Err(KeyError::AmbiguousKey),
        }
    }

    fn lookup(&mut self, kid: Option<&str>, waited: u32) -> Expected {
        let refuse = |model: &mut Self, wait: Duration| {
            model.suppressed += u64::from(kid.is_some() && waited == 0);
            Expected::Is(unavailable(wait.max(secs(1))))
        };
        match self.state() {
            KeysState::Empty | KeysState::Dead => {
                if waited < 2 && self.attempt.is_some() {
                    return Expected::Waits;
                }
                if waited < 2 && self.may_start() {
                    self.start(false);
                    return Expected::Waits;
                }
                let back_off = self.back_off();
                return refuse(self, back_off);
            }
            // One minute after a back-off an old failure is no excuse any more.
            KeysState::Expired
                if waited == 0
                    && (self.failed_tries == 0
                        || self.monotonic >= self.quiet_until + secs(60)) =>
            {
                if self.attempt.is_none() {
                    self.start(false);
                }
                return Expected::Waits;
            }
            _ => {}
        }
        let answer = self.select(kid);
        if answer != UNKNOWN {
            let state = self.state();
            if state != KeysState::Fresh && self.may_start() {
                self.start(false);
            }
            self.stale += u64::from(state == KeysState::Expired);
            return Expected::Is(answer);
        }
        if waited < 2 && self.attempt.is_some() {
            return Expected::Waits;
        }
        if waited < 2 && self.may_start() && self.cooldown() == Duration::ZERO {
            self.start(true);
            self.last_kid_attempt = Some(self.monotonic);
            return Expected::Waits;
        }
        if self.failed_tries > 0 {
            let wait = self.back_off().max(self.cooldown());
            return refuse(self, wait);
        }
        self.unknown += 1;
        self.suppressed += u64::from(waited == 0);
        Expected::Is(UNKNOWN)
    }

    /// The same, without a fetch.
    fn try_lookup(&mut self, kid: Option<&str>) -> Result<String, KeyError> {
        let mut after = self.clone();
        let expected = after.lookup(kid, 0);
        let Expected::Is(answer) = expected else { return unavailable(secs(1)) };
        (self.stale, self.unknown, self.suppressed) =
            (after.stale, after.unknown, after.suppressed);
        answer
    }

    /// Polled again, although nothing has happened but time.
    fn poll_again(&self, kid: Option<&str>) -> Expected {
        match self.state() {
            KeysState::Fresh | KeysState::RefreshDue if self.select(kid) != UNKNOWN => {
                Expected::Is(self.select(kid))
            }
            _ => Expected::Waits,
        }
    }

    fn end(&mut self, outcome: &Outcome, jitter: u32) {
        let (monotonic, wall) = self.attempt.take().unwrap();
        let error = match outcome {
            Outcome::Keys(kids) => {
                // 72 to 80 % of 600 s, in steps of 12 s.
                let (ahead, kids) = (secs(432) + secs(12) * jitter, kids.clone());
                self.set = Some(ModelSet { monotonic, wall, ahead, kids, empty_since: None });
                self.generation += 1;
                self.ok += 1;
                self.failed_tries = 0;
                self.last_error = None;
                self.quiet_until = Duration::ZERO;
                return;
            }
            Outcome::Empty => {
                if let Some(set) = &mut self.set {
                    set.empty_since = set.empty_since.or(Some((monotonic, wall)));
                }
                FetchError::NoUsableKeys { skipped: 0, reasons: vec![] }
            }
            Outcome::Error(error) => error.clone(),
            Outcome::Panic => FetchError::Thread,
        };
        let most = match self.state() {
            KeysState::Empty | KeysState::Dead => 10,
            _ => 60,
        };
        let whole = secs(1 << self.failed_tries.min(10)).min(secs(most));
        // From all of it down to a half, in steps of an eighth.
        let mut wait = whole * (8 - jitter) / 8;
        if let FetchError::Status { retry_after: Some(asked_for), .. } = error {
            wait = wait.max(asked_for.max(secs(1)).min(secs(300)));
        }
        self.quiet_until = self.monotonic + wait;
        self.failed_tries += 1;
        self.failed += 1;
        self.last_error = Some(error);
    }
}

/// The model beside the real thing.
struct Run {
    rig: Rig,
    model: Model,
    random: Random,
    waiting: Vec<Waiting>,
}

struct Waiting {
    kid: Option<&'static str>,
    waited: u32,
    future: Manual<'static, Result<String, KeyError>>,
}

impl Run {
    fn new(seed: u64) -> Self {
        // No attempt is ever overdue.
        let rig = Rig::with(|builder| builder.timeout(secs(86_400)));
        rig.issuer.close_gate();
        let model = Model {
            monotonic: rig.clock.monotonic(),
            wall: rig.clock.wall(),
            set: None,
            generation: 0,
            failed_tries: 0,
            last_error: None,
            quiet_until: Duration::ZERO,
            last_kid_attempt: None,
            attempt: None,
            fetches: Vec::new(),
            ok: 0,
            failed: 0,
            stale: 0,
            unknown: 0,
            suppressed: 0,
        };
        Self { rig, model, random: Random::new(seed), waiting: Vec::new() }
    }

    fn steps(mut self, steps: usize, covered: &mut Covered) {
        for _ in 0..steps {
            covered.dead += usize::from(self.model.state() == KeysState::Dead);
            covered.ended += usize::from(self.model.ended() && self.model.age() < Some(STALE_CAP));
            match self.random.below(20) {
                0..=6 => self.lookup(covered),
                7..=8 => self.try_lookup(),
                9..=13 => self.time_goes_by(),
                14 => self.wall_jumps(),
                15..=17 if self.model.attempt.is_some() => self.end_attempt(covered),
                15 => self.prime(),
                16 => self.refresh_now(),
                18 => self.poll_again(),
                _ if !self.waiting.is_empty() => {
                    let index = self.random.below(self.waiting.len());
                    drop(self.waiting.swap_remove(index));
                    covered.dropped += 1;
                }
                _ => self.time_goes_by(),
            }
            self.compare();
        }
        self.rig.issuer.open_gate();
    }

    fn kid(&mut self) -> Option<&'static str> {
        self.random.pick(&[Some("a"), Some("a"), Some("b"), Some("c"), Some("d"), None])
    }

    fn lookup(&mut self, covered: &mut Covered) {
        let kid = self.kid();
        let expected = self.model.lookup(kid, 0);
        match &expected {
            Expected::Waits => covered.waits += 1,
            Expected::Is(Ok(_)) if self.model.state() == KeysState::Expired => covered.stale += 1,
            Expected::Is(Err(KeyError::UnknownKey)) => covered.unknown += 1,
            Expected::Is(Err(KeyError::Unavailable { .. })) => covered.unavailable += 1,
            Expected::Is(_) => {}
        }
        let keys = self.rig.keys.clone();
        // Only one of them can be seen to wait.
        if let (Expected::Is(answer), 0) = (&expected, self.random.below(2)) {
            assert_eq!(name(keys.key(KeyQuery::new(kid, Algorithm::RS256))), *answer);
            return;
        }
        let lookup =
            async move { name(keys.key_async(KeyQuery::new(kid, Algorithm::RS256)).await) };
        let mut future = Manual::new(lookup);
        assert_eq!(polled(&mut future), expected);
        if expected == Expected::Waits {
            self.waiting.push(Waiting { kid, waited: 0, future });
        }
    }

    fn try_lookup(&mut self) {
        let kid = self.kid();
        let answer = name(self.rig.keys.try_key(KeyQuery::new(kid, Algorithm::RS256)));
        assert_eq!(answer, self.model.try_lookup(kid));
    }

    fn poll_again(&mut self) {
        for index in (0..self.waiting.len()).rev() {
            let waiting = &mut self.waiting[index];
            let expected = self.model.poll_again(waiting.kid);
            assert_eq!(polled(&mut waiting.future), expected);
            if expected != Expected::Waits {
                self.waiting.remove(index);
            }
        }
    }

    /// To where something is about to happen, or just has, more often than not.
    fn time_goes_by(&mut self) {
        let now = self.model.monotonic;
        let mut ends = vec![now + self.model.back_off(), now + self.model.cooldown()];
        if let (Some(set), Some(age)) = (&self.model.set, self.model.age()) {
            let marks = [set.ahead, TTL, STALE_CAP];
            let empty_for = set.empty_since.map(|since| self.model.since(since));
            ends.extend(empty_for.filter(|&time| time < TTL).map(|time| now + (TTL - time)));
            let next = marks.into_iter().find(|&mark| mark > age);
            ends.extend(next.map(|mark| now + (mark - age)));
        }
        let end = self.random.pick(&ends).saturating_sub(now);
        let choices =
            [end, end, end.saturating_sub(NANO), end + NANO, millis(300), secs(1), secs(20)];
        let step = self.random.pick(&choices);
        self.rig.clock.advance(step);
        self.model.monotonic += step;
        self.model.wall += step;
    }

    fn wall_jumps(&mut self) {
        let jump = self.random.pick(&[secs(1), secs(100), TTL, STALE_CAP, secs(7200)]);
        match self.random.below(4) {
            0 => {
                self.rig.clock.set_wall_forward(jump);
                self.model.wall += jump;
            }
            1 => {
                self.rig.clock.set_wall_back(jump);
                self.model.wall -= jump;
            }
            _ => {}
        }
    }

    fn outcome(&mut self) -> (Outcome, u32) {
        let sets: [&[&'static str]; 4] = [&["a"], &["a", "b"], &["b", "c"], &["a", "b", "c"]];
        let retry_after = self.random.pick(&[None, None, Some(0), Some(7), Some(1000)]).map(secs);
        let outcome = match self.random.below(16) {
            0..=6 => Outcome::Keys(self.random.pick(&sets).to_vec()),
            7 => Outcome::Empty,
            8..=11 => Outcome::Error(FetchError::Status { status: 503, retry_after }),
            12..=14 => Outcome::Error(FetchError::Timeout),
            _ => Outcome::Panic,
        };
        let jitter = self.random.pick(&[0, 1, 2, 3, 4]);
        self.rig.clock.set_jitter(f64::from(jitter) / 4.0);
        self.rig.issuer.reply(match &outcome {
            Outcome::Keys(kids) => Reply::keys(kids),
            Outcome::Empty => Reply::Body(b"{\"keys\":[]}".to_vec()),
            Outcome::Error(error) => Reply::Fail(error.clone()),
            Outcome::Panic => Reply::Panic,
        });
        (outcome, jitter)
    }

    fn end_attempt(&mut self, covered: &mut Covered) {
        let (outcome, jitter) = self.outcome();
        self.rig.issuer.open_gate();
        self.rig.settle();
        self.rig.issuer.close_gate();
        self.model.end(&outcome, jitter);
        for mut waiting in std::mem::take(&mut self.waiting) {
            until(|| waiting.future.woken() == usize::try_from(waiting.waited).unwrap() + 1);
            waiting.waited += 1;
            let expected = self.model.lookup(waiting.kid, waiting.waited);
            assert_eq!(polled(&mut waiting.future), expected);
            if expected == Expected::Waits {
                covered.second_attempts += 1;
                self.waiting.push(waiting);
            }
        }
    }

    /// With nothing under way.
    fn prime(&mut self) {
        let (outcome, jitter) = self.outcome();
        let asks = !matches!(self.model.state(), KeysState::Fresh | KeysState::RefreshDue);
        let expected = match self.model.last_error.clone() {
            _ if !asks => Ok(()),
            Some(error) if self.model.back_off() > Duration::ZERO => Err(error),
            _ => {
                self.model.start(false);
                self.model.end(&outcome, jitter);
                self.model.last_error.clone().map_or(Ok(()), Err)
            }
        };
        self.rig.issuer.open_gate();
        assert_eq!(self.rig.keys.prime(), expected);
        self.rig.issuer.close_gate();
    }

    /// With nothing under way.
    fn refresh_now(&mut self) {
        let (outcome, jitter) = self.outcome();
        self.model.start(true);
        self.model.end(&outcome, jitter);
        self.rig.issuer.open_gate();
        let expected = self.model.last_error.clone().map_or(Ok(()), Err);
        assert_eq!(self.rig.keys.refresh_now(), expected);
        self.rig.issuer.close_gate();
    }

    fn compare(&self) {
        let (health, model) = (self.rig.keys.health(), &self.model);
        assert_eq!((health.state(), health.age()), (model.state(), model.age()));
        assert_eq!(health.generation(), model.generation);
        let kids = model.set.as_ref().map_or(0, |set| set.kids.len());
        assert_eq!(health.usable_keys(), kids);
        assert_eq!(health.consecutive_failures(), model.failed_tries);
        assert_eq!(last_error(&health), model.last_error);
        assert_eq!(health.next_attempt_in(), model.back_off());
        assert_eq!(health.is_fetching(), model.attempt.is_some());
        assert_eq!(health.waiters(), self.waiting.len());
        let failed: u64 = health.fetches_failed().values().sum();
        assert_eq!((health.fetches_ok(), failed), (model.ok, model.failed));
        assert_eq!(health.stale_served(), model.stale);
        assert_eq!(health.unknown_kids(), model.unknown);
        assert_eq!(health.suppressed_refreshes(), model.suppressed);
        self.rig.issuer.await_count(model.fetches.len());
        let asked: Vec<bool> = self.rig.issuer.asked().iter().map(|asked| asked.no_cache).collect();
        assert_eq!(asked, model.fetches);
        assert!(self.rig.issuer.most_in_flight() <= 1);
    }
}

fn polled(future: &mut Manual<'static, Result<String, KeyError>>) -> Expected {
    match future.poll() {
        Poll::Ready(answer) => Expected::Is(answer),
        Poll::Pending => Expected::Waits,
    }
}
