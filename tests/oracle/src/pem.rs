//! A second reader of keys in PEM and DER. It reads DER leniently and then encodes again what it found: strict
//! DER is what comes out the same. RFC 7468, RFC 5280 section 4.1, ITU-T X.690.

use tokenring::Algorithm;

use crate::{
    curves::{self, Curve},
    keys::{self, Key, Numbers, is_private_pem},
};

/// The key in a PEM text, if it is accepted.
pub fn of_pem(bytes: &[u8], algorithm: Algorithm) -> Option<Key> {
    let text = std::str::from_utf8(bytes).ok().filter(|text| text.len() <= 65_536)?;
    if is_private_pem(text) || text.contains('\\') {
        return None;
    }
    let text = text.replace('\r', "\n");
    let lines: Vec<&str> =
        text.split('\n').map(|line| line.trim_matches([' ', '\t', '\x0c'])).collect();
    let text = lines.join("\n").trim_matches('\n').to_owned();
    let (label, wrapped) = text.strip_prefix("-----BEGIN ")?.split_once("-----\n")?;
    let base64 = wrapped.strip_suffix(&format!("-----END {label}-----"))?;
    // The last line is a line, and the lines between are nothing but base64.
    let base64 = if base64.is_empty() { base64 } else { base64.strip_suffix('\n')? };
    let der = base64_decoded(&base64.replace('\n', ""))?;
    match label {
        "PUBLIC KEY" => of_der(&der, algorithm),
        "RSA PUBLIC KEY" => of_pkcs1(&der, algorithm),
        "CERTIFICATE" => of_certificate(&der, algorithm),
        _ => None,
    }
}

/// The key of a SubjectPublicKeyInfo, if it is accepted.
pub fn of_der(der: &[u8], algorithm: Algorithm) -> Option<Key> {
    let info = (der.len() <= 65_536).then(|| only(der, 0x30)).flatten()?;
    let [(0x30, identifier), (3, bits)] = &elements(&info)?[..] else { return None };
    let key = bits.strip_prefix(&[0])?;
    let curve = match (hex(identifier).as_str(), algorithm) {
        ("06092a864886f70d0101010500", _) => return of_pkcs1(key, algorithm),
        ("06032b6570", Algorithm::EdDSA) => {
            let is_key = key.len() == 32 && curves::check_ed25519(key).is_ok();
            return is_key.then(|| named(algorithm, Numbers::Ed25519 { x: key.to_vec() }));
        }
        ("06072a8648ce3d020106082a8648ce3d030107", Algorithm::ES256) => Curve::P256,
        ("06072a8648ce3d020106052b81040022", Algorithm::ES384) => Curve::P384,
        _ => return None,
    };
    let (x, y) = key.strip_prefix(&[4])?.split_at_checked(curve.bytes())?;
    let is_point = y.len() == curve.bytes() && curves::is_on_curve(curve, x, y);
    is_point.then(|| named(algorithm, Numbers::Ec { curve, x: x.to_vec(), y: y.to_vec() }))
}

fn of_pkcs1(der: &[u8], algorithm: Algorithm) -> Option<Key> {
    let [(2, n), (2, e)] = &elements(&only(der, 0x30)?)?[..] else { return None };
    let positive = |number: &[u8]| {
        let stripped: Vec<u8> = number.iter().copied().skip_while(|byte| *byte == 0).collect();
        let sign = usize::from(*stripped.first()? >= 0x80);
        (number.len() == stripped.len() + sign).then_some(stripped)
    };
    let (n, e) = (positive(n)?, positive(e)?);
    let is_rsa = algorithm.name().starts_with(['R', 'P']);
    (is_rsa && keys::is_rsa_key(&n, &e)).then(|| named(algorithm, Numbers::Rsa { n, e }))
}

fn of_certificate(der: &[u8], algorithm: Algorithm) -> Option<Key> {
    let parts = elements(&only(der, 0x30)?)?;
    let [(0x30, fields), (0x30, _), (3, _)] = &parts[..] else { return None };
    let mut fields = elements(fields)?;
    let mut tags: Vec<u8> = fields.iter().map(|(tag, _)| *tag).collect();
    if tags.first() == Some(&0xa0) {
        tags.remove(0);
        fields.remove(0);
    }
    let after = tags.strip_prefix(&[2, 0x30, 0x30, 0x30, 0x30, 0x30])?;
    let all = [0x81, 0x82, 0xa3];
    let in_order = after.windows(2).all(|pair| pair[0] < pair[1]);
    if !in_order || !after.iter().all(|tag| all.contains(tag)) {
        return None;
    }
    of_der(&encoded(&fields[5]), algorithm)
}

fn named(algorithm: Algorithm, numbers: Numbers) -> Key {
    let (kid, issuer, x5t, x5t_s256) = (None, None, None, None);
    Key { kid, issuer, x5t, x5t_s256, algorithm: Some(algorithm), numbers }
}

type Element = (u8, Vec<u8>);

/// The contents of the one element that `der` is.
fn only(der: &[u8], tag: u8) -> Option<Vec<u8>> {
    match &elements(der)?[..] {
        [(found, contents)] if *found == tag => Some(contents.clone()),
        _ => None,
    }
}

/// The elements of `der`, if it is their only encoding.
fn elements(der: &[u8]) -> Option<Vec<Element>> {
    let (mut found, mut rest) = (Vec::new(), der);
    while let [tag, first, after @ ..] = rest {
        let octets = usize::from(if *first < 0x80 { 0 } else { first - 0x80 });
        let (length, after) = after.split_at_checked(octets)?;
        let length = match octets {
            0 => u128::from(*first),
            1..=16 => length.iter().fold(0, |length, octet| length * 256 + u128::from(*octet)),
            _ => return None,
        };
        let (contents, after) = after.split_at_checked(length.try_into().ok()?)?;
        found.push((*tag, contents.to_vec()));
        rest = after;
    }
    let again: Vec<u8> = found.iter().flat_map(encoded).collect();
    (again == der).then_some(found)
}

/// An element in DER.
fn encoded((tag, contents): &Element) -> Vec<u8> {
    let length = contents.len().to_be_bytes();
    let octets = &length[length.iter().take_while(|octet| **octet == 0).count()..];
    let mut element = vec![*tag];
    if contents.len() >= 0x80 {
        element.push(0x80 + u8::try_from(octets.len()).expect("at most eight"));
        element.extend(octets);
    } else {
        element.push(contents.len().try_into().expect("less than 128"));
    }
    element.extend(contents);
    element
}

/// Standard base64, decoded bit by bit. RFC 4648 section 4.
fn base64_decoded(text: &str) -> Option<Vec<u8>> {
    let unpadded = text.trim_end_matches('=');
    let bits = unpadded.len() * 6;
    let whole = text.len() % 4 == 0 && text.len() - unpadded.len() <= 2 && bits % 8 < 6;
    let digits = unpadded.chars().map(|digit| match digit {
        'A'..='Z' => Some(u32::from(digit) - u32::from('A')),
        'a'..='z' => Some(u32::from(digit) - u32::from('a') + 26),
        '0'..='9' => Some(u32::from(digit) - u32::from('0') + 52),
        '+' => Some(62),
        '/' => Some(63),
        _ => None,
    });
    let digits = digits.collect::<Option<Vec<u32>>>().filter(|_| whole)?;
    let bit = |at: usize| digits[at / 6] >> (5 - at % 6) & 1;
    let unused = bits - bits % 8..bits;
    let octet = |at: usize| (at * 8..at * 8 + 8).fold(0, |octet, at| octet * 2 + bit(at));
    let octets = (0..bits / 8).map(|at| u8::try_from(octet(at)).expect("eight bits"));
    unused.into_iter().all(|at| bit(at) == 0).then(|| octets.collect())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
