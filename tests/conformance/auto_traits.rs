//! The types can be shared between threads and survive panics, whatever is in them.

use std::panic::{RefUnwindSafe, UnwindSafe};

use tokenring::{
    Authentication, CompactJws, Guard, JwkSet, Policy, PublicKey, Rejection, SelectedKey, Verified,
    VerifiedPayload, Verifier, VerifyError,
};

#[test]
fn types_of_the_pipeline_can_be_shared_between_threads_and_survive_panics() {
    fn shared<T: Send + Sync + Unpin + UnwindSafe + RefUnwindSafe>() {}
    shared::<Authentication>();
    shared::<CompactJws<'_>>();
    shared::<Guard<JwkSet>>();
    shared::<JwkSet>();
    shared::<Policy>();
    shared::<PublicKey>();
    shared::<Rejection>();
    shared::<SelectedKey>();
    shared::<Verified>();
    shared::<VerifiedPayload>();
    shared::<Verifier<JwkSet>>();
    shared::<VerifyError>();
}
