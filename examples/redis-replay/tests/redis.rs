//! A real Redis server, and servers that answer nonsense.
//!
//! `run-tests` installs Redis and starts this.

use std::{
    io::{Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    sync::Barrier,
    thread,
    time::{Duration, Instant},
};

use tokenring::{
    Guard, JwkSet, Policy, UnixTime, Verifier,
    possession::{ProofPolicy, ProofVerifier, ReplayError, ReplayKey, ReplayStore, Request},
    testkit::{AUDIENCE, DpopClient, ISSUER, Issuer},
};
use tokenring_redis_replay::RedisReplay;

/// A Redis server on a port of its own, without files. It ends when this value is dropped.
struct Redis {
    process: Child,
    address: SocketAddr,
}

impl Redis {
    fn start(settings: &[&str]) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        Self::start_at(address, settings)
    }

    fn start_at(address: SocketAddr, settings: &[&str]) -> Self {
        let process = Command::new("redis-server")
            .args(["--bind", "127.0.0.1", "--port", &address.port().to_string()])
            .args(["--save", "", "--appendonly", "no", "--daemonize", "no"])
            .args(settings)
            .stdout(Stdio::null())
            .spawn()
            .expect("start this with `examples/redis-replay/run-tests`");
        let deadline = Instant::now() + Duration::from_secs(30);
        while TcpStream::connect(address).is_err() {
            assert!(Instant::now() < deadline, "Redis does not listen");
            thread::sleep(Duration::from_millis(10));
        }
        Self { process, address }
    }

    fn store(&self) -> RedisReplay {
        patient(RedisReplay::new(self.address))
    }

    /// The answer to a command, as it arrives.
    fn ask(&self, command: &str) -> String {
        let mut stream = TcpStream::connect(self.address).unwrap();
        write!(stream, "{command}\r\nQUIT\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The machine of a test may be busy.
fn patient(store: RedisReplay) -> RedisReplay {
    store.timeout(Duration::from_secs(20))
}

fn key(jti: &str) -> ReplayKey {
    ReplayKey::new(&DpopClient::default().thumbprint(), "https://api.example.com/", jti)
}

fn in_seconds(seconds: u64) -> UnixTime {
    UnixTime::from_secs(UnixTime::now().as_secs() + seconds)
}

fn insert(store: &RedisReplay, jti: &str) -> Result<(), ReplayError> {
    store.insert(&key(jti), in_seconds(300), UnixTime::now())
}

#[test]
fn proof_is_recorded_once_for_all_processes() {
    let redis = Redis::start(&[]);
    let (one, other) = (redis.store(), redis.store());
    assert_eq!(insert(&one, "a"), Ok(()));
    assert_eq!(insert(&one, "a"), Err(ReplayError::Replayed));
    assert_eq!(insert(&other, "a"), Err(ReplayError::Replayed));
    assert_eq!(insert(&other, "b"), Ok(()));
    // Another service in the same Redis.
    assert_eq!(insert(&redis.store().prefix("another:"), "a"), Ok(()));
    assert!(redis.ask("DBSIZE").starts_with(":3\r\n"));
}

#[test]
fn of_eight_racing_calls_exactly_one_wins() {
    let redis = Redis::start(&[]);
    let stores = [redis.store(), redis.store()];
    for round in 0..100 {
        let (name, barrier) = (round.to_string(), Barrier::new(8));
        let outcomes: Vec<_> = thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|number| {
                    let (store, name, barrier) = (&stores[number % 2], &name, &barrier);
                    scope.spawn(move || {
                        barrier.wait();
                        insert(store, name)
                    })
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let won = outcomes.iter().filter(|outcome| **outcome == Ok(())).count();
        let lost = outcomes.iter().filter(|outcome| **outcome == Err(ReplayError::Replayed));
        assert_eq!((won, lost.count()), (1, 7), "{outcomes:?}");
    }
}

#[test]
fn proof_is_kept_for_a_margin_after_its_end_and_then_forgotten() {
    let redis = Redis::start(&[]);
    assert_eq!(insert(&redis.store(), "a"), Ok(()));
    let answer = redis.ask(&format!("TTL dpop:{}", key("a")));
    let seconds: u64 = answer.split_once("\r\n").unwrap().0[1..].parse().unwrap();
    assert!((340..=360).contains(&seconds), "{answer}");

    let store = redis.store().margin(Duration::from_secs(0));
    let begin = Instant::now();
    assert_eq!(store.insert(&key("b"), in_seconds(2), UnixTime::now()), Ok(()));
    assert_eq!(store.insert(&key("b"), in_seconds(2), UnixTime::now()), Err(ReplayError::Replayed));
    while !redis.ask(&format!("EXISTS dpop:{}", key("b"))).starts_with(":0") {
        assert!(begin.elapsed() < Duration::from_secs(20));
        thread::sleep(Duration::from_millis(50));
    }
    assert!(begin.elapsed() >= Duration::from_secs(1));
    assert!(redis.ask("DBSIZE").starts_with(":1\r\n"));
}

/// Its first use may be forgotten by then.
#[test]
fn proof_that_has_ended_meanwhile_is_refused() {
    let redis = Redis::start(&[]);
    let now = UnixTime::now();
    let store = redis.store();
    assert_eq!(store.insert(&key("a"), now, now), Err(ReplayError::TooLate));
    assert_eq!(store.insert(&key("a"), now, in_seconds(1)), Err(ReplayError::TooLate));
    assert!(redis.ask("DBSIZE").starts_with(":0\r\n"));
    // A process that read its clock five minutes ago and stood still.
    let then = UnixTime::from_secs(now.as_secs() - 300);
    let end = UnixTime::from_secs(then.as_secs() + 10);
    assert_eq!(store.insert(&key("a"), end, then), Err(ReplayError::TooLate));
    // Within the margin.
    let end = UnixTime::from_secs(now.as_secs() - 1);
    assert_eq!(store.insert(&key("b"), end, then), Ok(()));
    assert_eq!(store.insert(&key("b"), end, then), Err(ReplayError::Replayed));
}

#[test]
fn without_redis_no_proof_is_accepted() {
    let redis = Redis::start(&[]);
    let (address, store) = (redis.address, redis.store());
    for name in ["a", "b"] {
        assert_eq!(insert(&store, name), Ok(()));
    }
    drop(redis);
    assert_eq!(insert(&store, "c"), Err(ReplayError::Unavailable));
    assert_eq!(insert(&store, "a"), Err(ReplayError::Unavailable));
    // The connection that was kept is replaced.
    let redis = Redis::start_at(address, &[]);
    assert_eq!(insert(&store, "c"), Ok(()));
    assert_eq!(insert(&store, "c"), Err(ReplayError::Replayed));
    assert!(redis.ask("DBSIZE").starts_with(":1\r\n"));
}

#[test]
fn connections_are_kept_and_replaced() {
    let redis = Redis::start(&[]);
    let store = redis.store();
    for name in ["a", "b", "c"] {
        assert_eq!(insert(&store, name), Ok(()));
    }
    let connections = |redis: &Redis| redis.ask("CLIENT LIST").matches("cmd=set").count();
    assert_eq!(connections(&redis), 1);
    assert!(redis.ask("CLIENT KILL TYPE normal SKIPME yes").starts_with(':'));
    assert_eq!(insert(&store, "d"), Ok(()));
    assert_eq!(connections(&redis), 1);
}

#[test]
fn full_redis_accepts_no_proof() {
    let redis = Redis::start(&["--maxmemory", "1", "--maxmemory-policy", "noeviction"]);
    assert_eq!(insert(&redis.store(), "a"), Err(ReplayError::Full));
}

#[test]
fn redis_may_want_a_password() {
    let redis = Redis::start(&["--requirepass", "correct horse"]);
    assert_eq!(insert(&redis.store().password("correct horse"), "a"), Ok(()));
    assert_eq!(insert(&redis.store().password("wrong"), "b"), Err(ReplayError::Unavailable));
    assert_eq!(insert(&redis.store(), "b"), Err(ReplayError::Unavailable));
    assert_eq!(insert(&redis.store().password("correct horse"), "a"), Err(ReplayError::Replayed));
}

#[test]
fn replica_accepts_no_proof() {
    let main = Redis::start(&[]);
    let (host, port) = (main.address.ip().to_string(), main.address.port().to_string());
    let replica = Redis::start(&["--replicaof", &host, &port]);
    assert_eq!(insert(&replica.store(), "a"), Err(ReplayError::Unavailable));
}

/// A server that sends these bytes and then nothing, but stays.
fn odd_server(answer: &'static [u8]) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let mut open = Vec::new();
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 1024]);
            let _ = stream.write_all(answer);
            open.push(stream);
        }
    });
    address
}

#[test]
fn only_ok_accepts_a_proof() {
    for (answer, error) in [
        (&b""[..], ReplayError::Unavailable),
        (b"+OK", ReplayError::Unavailable),
        (b"+OK\n", ReplayError::Unavailable),
        (b"+OK\r\n+OK\r\n", ReplayError::Unavailable),
        (b"$-1\r\n+OK\r\n", ReplayError::Unavailable),
        (b"+QUEUED\r\n", ReplayError::Unavailable),
        (b"+ok\r\n", ReplayError::Unavailable),
        (b":1\r\n", ReplayError::Unavailable),
        (b"$2\r\nOK\r\n", ReplayError::Unavailable),
        (b"HTTP/1.1 200 OK\r\n\r\n", ReplayError::Unavailable),
        (b"-ERR unknown\r\n", ReplayError::Unavailable),
        (b"-MOVED 3999 127.0.0.1:6381\r\n", ReplayError::Unavailable),
        (b"-OOM command not allowed\r\n", ReplayError::Full),
        (b"$-1\r\n", ReplayError::Replayed),
        (&[b'x'; 100_000], ReplayError::Unavailable),
    ] {
        let store = RedisReplay::new(odd_server(answer)).timeout(Duration::from_millis(200));
        let begin = Instant::now();
        assert_eq!(insert(&store, "a"), Err(error), "{}", answer.escape_ascii());
        assert!(begin.elapsed() < Duration::from_secs(20));
    }
    let store = patient(RedisReplay::new(odd_server(b"+OK\r\n")));
    assert_eq!(insert(&store, "a"), Ok(()));
}

/// An answer that comes too late must not be taken for that of the next command.
#[test]
fn connection_is_not_used_again_after_a_timeout() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let server = thread::spawn(move || {
        let (mut first, _) = listener.accept().unwrap();
        let _ = first.read(&mut [0; 1024]);
        let (mut second, _) = listener.accept().unwrap();
        let _ = first.write_all(b"+OK\r\n");
        let _ = second.read(&mut [0; 1024]);
        let _ = second.write_all(b"$-1\r\n");
        (first, second)
    });
    let store = RedisReplay::new(address).timeout(Duration::from_secs(1));
    assert_eq!(insert(&store, "a"), Err(ReplayError::Unavailable));
    assert_eq!(insert(&store, "a"), Err(ReplayError::Replayed));
    drop(server.join().unwrap());
}

/// A guard of one of several processes.
fn guard(store: RedisReplay) -> Guard<JwkSet> {
    let keys = JwkSet::from_json(Issuer::default().jwks().as_bytes()).unwrap();
    let verifier = Verifier::new(Policy::new(ISSUER, AUDIENCE), keys).unwrap();
    let policy = ProofPolicy::new("https://api.example.com");
    Guard::new(verifier).accept_dpop(ProofVerifier::new(policy, store).unwrap())
}

#[test]
fn two_processes_accept_a_proof_once() {
    let redis = Redis::start(&[]);
    let guards = [guard(redis.store()), guard(redis.store())];
    let client = DpopClient::default();
    let token = Issuer::default().token().bound_to(&client.confirmation()).mint();
    let authorization = format!("DPoP {token}");
    let new_proof = || client.proof("GET", "https://api.example.com/", &token).mint();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let check = |guard: &Guard<JwkSet>, proof: &str| {
        let request = Request::new("GET", "/").authorization([&authorization]).dpop([proof]);
        guard.check_request(&request).map_or_else(|refused| refused.status(), |_| 200)
    };
    let check_async = |guard: &Guard<JwkSet>, proof: &str| {
        let request = Request::new("GET", "/").authorization([&authorization]).dpop([proof]);
        let verdict = runtime.block_on(guard.check_request_async(&request));
        verdict.map_or_else(|refused| refused.status(), |_| 200)
    };
    let proof = new_proof();
    assert_eq!(check(&guards[0], &proof), 200);
    assert_eq!(check(&guards[1], &proof), 401);
    assert_eq!(check_async(&guards[1], &proof), 401);
    let proof = new_proof();
    assert_eq!(check_async(&guards[1], &proof), 200);
    assert_eq!(check_async(&guards[0], &proof), 401);
    // Not the fault of the proof: the client may send it again.
    drop(redis);
    assert_eq!(check(&guards[0], &new_proof()), 503);
    assert_eq!(check_async(&guards[0], &new_proof()), 503);
    // Without a proof, Redis is not asked.
    let bearer = format!("Bearer {}", Issuer::default().token().mint());
    let request = Request::new("GET", "/").authorization([&bearer]);
    assert!(guards[0].check_request(&request).is_ok());
}
