//! Counts the allocations of one call. Prints lines of case, library, allocations and bytes.
//!
//! Only Rust's global allocator is counted. Growing an allocation counts as a new one.

use allocation_counter::measure;
use peers::{
    contest::Contest,
    peer::peers,
    samples::{issuer, samples},
};

fn main() {
    let issuer = issuer();
    let (peers, samples) = (peers(&issuer), samples(&issuer));
    for contest in Contest::all(&issuer, &peers, &samples) {
        for contender in &contest.contenders[..contest.results] {
            contender.prepare(2);
            // The first call sets up lazy state, and fills the token cache.
            contender.call();
            let allocated = measure(|| contender.call());
            let (case, library) = (contest.case, contender.library);
            println!("{case},{library},{},{}", allocated.count_total, allocated.bytes_total);
        }
    }
}
