//! The idempotency keys that a record remembers, in the order in which they came.
//!
//! One key is 8 bytes of its hash and 4 of the version that it led to; a hit is checked against that act.

use domain::act::Version;

use super::{Fingerprint, Guard};
use crate::digest;

/// The keys of a record never expire: a forgotten one would let an old retry grant again.
const KEYS_MAX: usize = 1_000;
/// But for those of websites, which anybody can send. The newest are enough: what they led to grants nothing until
/// the person confirms it.
const SITE_KEYS_MAX: usize = 10;
const KEY_BYTES: usize = 12;
/// Marks the version that a website's key led to. No record has so many acts.
const OF_A_SITE: Version = 1 << 31;

/// The keys as they are stored.
#[derive(Debug, Clone, Default)]
pub(super) struct Remembered(Vec<u8>);

impl Remembered {
    pub(super) fn read(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The version that a key led to.
    pub(super) fn led_to(&self, asked: &Fingerprint) -> Option<Version> {
        let wanted = short(asked);
        let found = self.0.chunks_exact(KEY_BYTES).find(|key| key[..8] == wanted)?;
        Some(version(found) & !OF_A_SITE)
    }

    /// Whether there is no room for the key of this request.
    pub(super) fn is_full_for(&self, guard: &Guard) -> bool {
        let lasting = self.0.chunks_exact(KEY_BYTES).filter(|key| !is_of_a_site(key));
        guard.asked.is_some() && !guard.by_site && lasting.count() >= KEYS_MAX
    }

    /// Remember the key of a request. A website's takes the place of the oldest of its kind.
    pub(super) fn add(&mut self, guard: &Guard, mut led_to: Version) {
        let Some(asked) = &guard.asked else { return };
        if guard.by_site {
            led_to |= OF_A_SITE;
            let keys = self.0.chunks_exact(KEY_BYTES);
            let mut of_sites = keys.enumerate().filter(|(_, key)| is_of_a_site(key));
            let oldest = of_sites.next().map(|(place, _)| place * KEY_BYTES);
            if let Some(oldest) = oldest.filter(|_| of_sites.count() + 1 >= SITE_KEYS_MAX) {
                self.0.drain(oldest..oldest + KEY_BYTES);
            }
        }
        self.0.extend(short(asked));
        self.0.extend(led_to.to_be_bytes());
    }
}

fn version(key: &[u8]) -> Version {
    key[8..].try_into().map_or(0, Version::from_be_bytes)
}

fn is_of_a_site(key: &[u8]) -> bool {
    version(key) & OF_A_SITE != 0
}

/// 64 bits of the key's hash.
fn short(asked: &Fingerprint) -> [u8; 8] {
    let hash = digest::sha256(&[asked.key.as_bytes()]);
    let mut short = [0; 8];
    short.copy_from_slice(&hash[..8]);
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(key: &str, by_site: bool) -> Guard {
        let (key, body) = (key.to_owned(), String::new());
        Guard {
            asked: Some(Fingerprint { key, body }),
            by_site,
            ..Guard::default()
        }
    }

    #[test]
    fn the_keys_of_websites_push_out_none_but_the_oldest_of_their_own() {
        let mut keys = Remembered::default();
        let mut version = 0;
        let mut add = |keys: &mut Remembered, guard: &Guard| {
            version += 1;
            keys.add(guard, version);
        };
        let lasting = asked("form-1", false);
        add(&mut keys, &lasting);
        for place in 0..3 * SITE_KEYS_MAX {
            add(&mut keys, &asked(&format!("site-{place}"), true));
        }
        let led_to = |guard: &Guard| guard.asked.as_ref().and_then(|asked| keys.led_to(asked));

        assert_eq!(led_to(&lasting), Some(1));
        for place in 0..3 * SITE_KEYS_MAX {
            let expected = (place >= 2 * SITE_KEYS_MAX).then_some(place as Version + 2);
            assert_eq!(led_to(&asked(&format!("site-{place}"), true)), expected);
        }
        assert_eq!(keys.bytes().len(), (SITE_KEYS_MAX + 1) * KEY_BYTES);
    }

    #[test]
    fn a_record_that_has_no_room_for_a_key_has_some_for_a_websites() {
        let mut keys = Remembered::default();
        keys.add(&asked("site", true), 1);
        for place in 0..KEYS_MAX {
            let guard = asked(&format!("form-{place}"), false);
            assert!(!keys.is_full_for(&guard), "{place}");
            keys.add(&guard, 2);
        }
        assert!(keys.is_full_for(&asked("one more", false)));
        assert!(!keys.is_full_for(&asked("one more", true)));
        assert!(!keys.is_full_for(&Guard::default()));
    }
}
