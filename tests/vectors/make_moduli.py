#!/usr/bin/env python3
"""Writes rsa_moduli.txt: RSA moduli at the limits a strict JWK reader must know.

Usage: python3 make_moduli.py [--check] > rsa_moduli.txt

The seed is fixed, so the output is the same on every run. Only the standard library is needed;
gmpy2, if installed, makes it faster (seconds instead of minutes). `--check` reads an
existing rsa_moduli.txt next to this script and checks lengths, parity and fingerprints only.
The factors are reproducible by anybody: never use any of these as a key.

ROCA (CVE-2017-15361; Nemec et al., "The Return of Coppersmith's Attack", CCS 2017): the Infineon
library made primes p = k*M + (65537^a mod M), M the product of the first 39 primes (RSA-512) up to
the first 126 (RSA-2048). So n mod r is a power of 65537 mod r for every odd prime r up to 167: the
published fingerprint, 38 primes. For 21 of them 65537 generates the whole group and any n not
divisible by r passes; only the other 17, the markers, distinguish anything.
"""

import math
import pathlib
import random
import sys

try:
    from gmpy2 import powmod
except ImportError:
    powmod = pow

E = 65537
RNG = random.Random(b"tokenring tests/vectors/rsa_moduli.txt")


def primes_below(limit):
    sieve = bytearray([1]) * limit
    for i in range(2, limit):
        if sieve[i]:
            yield i
            for j in range(i * i, limit, i):
                sieve[j] = 0


SMALL = list(primes_below(1 << 15))
SMALL_PRODUCT = math.prod(SMALL)
FINGERPRINT = [r for r in SMALL if 3 <= r <= 167]
SUBGROUP = {r: {pow(E, i, r) for i in range(r)} for r in FINGERPRINT}
MARKERS = [r for r in FINGERPRINT if len(SUBGROUP[r]) < r - 1]
M39 = math.prod(SMALL[:39])  # 2..167
M126 = math.prod(SMALL[:126])  # 2..701, 971 bits: what the cards used for 1024-bit primes
assert (len(FINGERPRINT), len(MARKERS)) == (38, 17)
assert (SMALL[38], SMALL[125], M126.bit_length()) == (167, 701, 971)


def mismatches(n):
    """The primes of the fingerprint that n does not fit. If there are none, n has the fingerprint."""
    return [r for r in FINGERPRINT if n % r not in SUBGROUP[r]]


def is_prime(n, rounds=32):
    """Trial division, then Miller-Rabin. Only for n larger than SMALL[-1]."""
    if math.gcd(n, SMALL_PRODUCT) != 1:
        return False
    s = (n - 1 & 1 - n).bit_length() - 1
    for _ in range(rounds):
        x = powmod(RNG.randrange(2, n - 1), n - 1 >> s, n)
        if x in (1, n - 1):
            continue
        for _ in range(s - 1):
            x = x * x % n
            if x == n - 1:
                break
        else:
            return False
    return True


def prime(bits, m=2):
    """A random prime p = k*m + (65537^a mod m), its two top bits set, usable with e = 65537.

    With m = 2 that is any odd prime."""
    low = 3 << bits - 2
    while True:
        p = RNG.randrange(low, 1 << bits) // m * m + pow(E, RNG.randrange(m), m)
        if low <= p < 1 << bits and (p - 1) % E and is_prime(p):
            return p


def modulus(bits, m=2):
    n = prime(bits - bits // 2, m) * prime(bits // 2, m)
    assert n.bit_length() == bits
    return n


def near_miss(r):
    """A modulus that fits the fingerprint for all primes of M39 except r."""
    while True:
        n = modulus(2048, M39 // r)
        if mismatches(n) == [r]:
            return n


def vectors():
    two_primes = "product of two random primes"
    plain = modulus(2048)
    yield "bits-1024", modulus(1024), f"1024 bits, {two_primes}. Refused: too small."
    yield "bits-2041", modulus(2041), (
        f"2041 bits, {two_primes}. Refused: too small, though 256 octets long (ring accepts it).")
    yield "bits-2047", modulus(2047), (
        f"2047 bits, {two_primes}. Refused: too small by one bit (ring accepts it).")
    yield "bits-2048", plain, f"2048 bits, {two_primes}. Accepted: the smallest size."
    yield "bits-2049", modulus(2049), (
        f"2049 bits, {two_primes}; 257 octets, the first is 01. Accepted.")
    yield "bits-8192", modulus(8192), f"8192 bits, {two_primes}. Accepted: the largest size."
    while True:
        n = 1 << 8192 | RNG.getrandbits(8192) | 1
        if mismatches(n):
            break
    yield "bits-8193", n, (
        "8193 bits, a random odd number (not a product of two primes). Refused: too large.")
    yield "even-2048", plain - 1, (
        "2048 bits, bits-2048 minus one: even. Refused: a product of odd primes is odd.")
    yield "roca-2048", modulus(2048, M126), (
        "2048 bits, two Infineon-shaped primes, M = product of the first 126 primes as on the"
        " cards. Refused: ROCA.")
    yield "roca-2048-m39", modulus(2048, M39), (
        "2048 bits, two Infineon-shaped primes, M = product of the first 39 primes: fits the 38"
        " odd ones and not all beyond them. Refused: ROCA.")
    for r in MARKERS:
        yield f"roca-near-miss-{r}", near_miss(r), (
            f"2048 bits, {two_primes.replace('random ', '')}, fits the ROCA fingerprint for all"
            f" primes but {r}. Accepted.")


def check(name, n):
    """Asserts that n is what the name says."""
    kind, _, rest = name.partition("-")
    bits = int(rest) if kind in ("bits", "even") else 2048
    assert n.bit_length() == bits, name
    assert n % 2 == (kind != "even"), name
    if name.startswith("roca-near-miss-"):
        assert mismatches(n) == [int(name.rsplit("-", 1)[1])], name
    else:
        assert (mismatches(n) == []) == (kind == "roca"), name


def main():
    if "--check" in sys.argv[1:]:
        text = pathlib.Path(__file__).with_name("rsa_moduli.txt").read_text()
        lines = [line.split() for line in text.splitlines() if line and line[0] != "#"]
        for name, digits in lines:
            check(name, int(digits, 16))
        print(f"{len(lines)} moduli are what they are called", file=sys.stderr)
        return
    print("# Made by make_moduli.py. One modulus a line: name, two spaces, hex (whole octets,")
    print("# big-endian, no leading zero octet). Above each: what is special, what is expected")
    print("# of it as `n` with e = 65537. The factors are public: never use these as keys.")
    for name, n, comment in vectors():
        check(name, n)
        print(f"\n# {comment}\n{name}  {n.to_bytes((n.bit_length() + 7) // 8, 'big').hex()}")


if __name__ == "__main__":
    main()
