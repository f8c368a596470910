//! The main job with nothing configured: over the wire, with an issuer that changes its keys.

use std::{
    io::{self, Write},
    thread,
    time::Duration,
};

use tokenring::{
    CompactJws, Policy, RemoteJwks, UnixTime, Verifier,
    testkit::{AUDIENCE, IssuerServer},
};

use crate::report::{print_explanation, print_verdict};

pub(crate) fn run(out: &mut impl Write) -> io::Result<()> {
    let issuer = IssuerServer::start();
    writeln!(out, "A test issuer at {}. Its keys are found from there.\n", issuer.url())?;
    let ttl = Duration::from_secs(1);
    let keys = RemoteJwks::discovery_builder(issuer.url()).danger_allow_http_loopback().ttl(ttl);
    let policy = Policy::new(issuer.url(), AUDIENCE);
    let verifier = Verifier::new(policy, keys.build().unwrap()).unwrap();

    let good = issuer.token().mint();
    writeln!(out, "A token:\n{good}")?;
    print_verdict(out, &verifier, &good)?;

    // The same signature under claims that say something else.
    let genuine = issuer.token();
    let payload = genuine.payload_json().replace("read:messages", "admin:messages");
    let signature = good.rsplit('.').next().unwrap();
    let tampered = genuine.raw_payload(payload).signature_segment(signature).mint();
    writeln!(out, "\nThe same with more permissions written into it:")?;
    print_verdict(out, &verifier, &tampered)?;

    writeln!(out, "\nOne that has expired:")?;
    let yesterday = UnixTime::from_secs(UnixTime::now().as_secs() - 86_400);
    print_verdict(out, &verifier, &issuer.token().expires_at(yesterday).mint())?;

    writeln!(out, "\nOne for another audience, explained:\n")?;
    let other = issuer.token().audience("https://other.example.com/").mint();
    print_explanation(out, &verifier, &other)?;

    writeln!(out, "\nThe issuer has a new key. A token signed with it:")?;
    let old = CompactJws::parse(&good).unwrap().header().key_id().unwrap().to_owned();
    issuer.rotate();
    print_verdict(out, &verifier, &issuer.token().mint())?;

    writeln!(
        out,
        "\nThe issuer withdraws the old key. The first token, once the known keys are too old:"
    )?;
    issuer.revoke(&old);
    thread::sleep(ttl);
    print_verdict(out, &verifier, &good)?;
    writeln!(
        out,
        "\nFor all this, {} requests were made to the issuer. Next: --help",
        issuer.hits()
    )
}
