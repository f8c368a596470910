//! Counts what one call allocates: a line of case, library, allocations and bytes each.
//!
//! Only Rust's global allocator is counted. Growing counts as allocating anew.

use allocation_counter::measure;
use peers::{
    contest::Contest,
    peer::peers,
    samples::{issuer, samples},
};

fn main() {
    let issuer = issuer();
    let (peers, samples) = (peers(&issuer), samples(&issuer));
    for contest in Contest::all(&peers, &samples) {
        for contender in &contest.contenders[..contest.results] {
            // What is set up once, and what goes into the token cache.
            contender.call();
            let allocated = measure(|| contender.call());
            let (case, library) = (contest.case, contender.library);
            println!("{case},{library},{},{}", allocated.count_total, allocated.bytes_total);
        }
    }
}
