//! The comparisons: all libraries and ring alone with the same sample.

use std::hint::black_box;

use tokenring::testkit::Issuer;

use crate::{
    dpop,
    peer::{Peer, Refusal},
    samples::Sample,
    with_ring::RingAlone,
};

/// Everything that takes turns with one sample.
pub struct Contest<'a> {
    pub case: &'static str,
    /// The others are compared with the last one: ring accepting the sample's signature or, if the
    /// sample is refused, that of the accepted token with the same key.
    pub contenders: Vec<Contender<'a>>,
    /// The number of contenders, from the first on, that are results of this case.
    pub results: usize,
}

impl<'a> Contest<'a> {
    /// One contest for each of the `samples` of `issuer`, and that of DPoP requests.
    pub fn all(issuer: &Issuer, peers: &'a [Box<dyn Peer>], samples: &'a [Sample]) -> Vec<Self> {
        let tokens = samples.iter().map(|sample| Self::new(peers, samples, sample));
        tokens.chain([dpop::contest(issuer)]).collect()
    }

    fn new(peers: &'a [Box<dyn Peer>], samples: &[Sample], sample: &'a Sample) -> Self {
        let mut contenders: Vec<_> =
            peers.iter().map(|peer| Contender::peer(&**peer, sample)).collect();
        // ring alone has no part in cases about claims or junk.
        if matches!(sample.expected, Ok(_) | Err(Refusal::BadSignature)) {
            contenders.push(Contender::ring(sample));
        }
        let results = contenders.len();
        if sample.expected.is_err() {
            let accepted =
                |other: &&Sample| other.expected.is_ok() && other.key.kid() == sample.key.kid();
            contenders.push(Contender::ring(samples.iter().find(accepted).unwrap()));
        }
        Self { case: sample.case, contenders, results }
    }
}

/// One library and one sample.
pub struct Contender<'a> {
    pub library: &'static str,
    /// The number of calls in a batch: enough to be timed, and so few that all batches of a round
    /// see the same machine.
    pub batch: u32,
    prepare: Box<dyn Fn(u32) + Sync + 'a>,
    call: Box<dyn Fn() + Sync + 'a>,
}

impl<'a> Contender<'a> {
    pub(crate) fn new(library: &'static str, batch: u32, call: impl Fn() + Sync + 'a) -> Self {
        Self { library, batch, prepare: Box::new(|_| ()), call: Box::new(call) }
    }

    /// `prepare` makes what the next calls use up; it gets their number.
    pub(crate) fn prepared_by(self, prepare: impl Fn(u32) + Sync + 'a) -> Self {
        Self { prepare: Box::new(prepare), ..self }
    }

    fn peer(peer: &'a dyn Peer, sample: &'a Sample) -> Self {
        let call = || {
            let outcome = peer.subject(black_box(&sample.token));
            assert_eq!(outcome.as_deref(), sample.expected.as_ref().copied());
        };
        // Junk and cache hits take about a microsecond or less.
        let cached = peer.library() == "tokenring with token cache" && sample.expected.is_ok();
        let batch = if cached || sample.expected == Err(Refusal::Malformed) { 100 } else { 5 };
        Self::new(peer.library(), batch, call)
    }

    fn ring(sample: &Sample) -> Self {
        let ring = RingAlone::new(&sample.key, &sample.token);
        let accepts = sample.expected.is_ok();
        let call = move || assert_eq!(black_box(&ring).verify().is_ok(), accepts);
        Self::new("ring alone", 5, call)
    }

    /// Prepares this many calls. It is not timed.
    pub fn prepare(&self, calls: u32) {
        (self.prepare)(calls);
    }

    /// Makes one prepared call, and asserts its outcome.
    pub fn call(&self) {
        (self.call)();
    }
}
