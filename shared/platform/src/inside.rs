//! Recipients inside a network of one's own: what may be reached and trusted beside the public internet.
//! Nothing, unless whoever deploys says so.

use std::env;
use std::net::IpAddr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ipnet::IpNet;
use rustls::pki_types::CertificateDer;

use crate::aws::Unset;

#[derive(Debug, Clone, Default)]
pub struct Inside {
    networks: Vec<IpNet>,
    roots: Vec<CertificateDer<'static>>,
}

impl Inside {
    /// From `RECIPIENT_NETWORKS` (`10.1.0.0/16,10.2.0.0/16`) and `RECIPIENT_ROOTS` (certificates in DER, as
    /// base64). Either may be empty or missing; what cannot be read stops the function from starting.
    pub fn from_env() -> Result<Self, Unset> {
        let networks = env::var("RECIPIENT_NETWORKS").unwrap_or_default();
        let roots = env::var("RECIPIENT_ROOTS").unwrap_or_default();
        Self::read(&networks, &roots)
    }

    /// From the same texts.
    pub fn read(networks: &str, roots: &str) -> Result<Self, Unset> {
        let networks = listed(networks, |network| network.parse().ok());
        let roots = listed(roots, |root| Some(STANDARD.decode(root).ok()?.into()));
        Ok(Self {
            networks: networks.ok_or(Unset {
                name: "RECIPIENT_NETWORKS",
            })?,
            roots: roots.ok_or(Unset {
                name: "RECIPIENT_ROOTS",
            })?,
        })
    }

    pub(crate) fn includes(&self, address: IpAddr) -> bool {
        self.networks.iter().any(|network| network.contains(&address))
    }

    pub(crate) fn roots(&self) -> impl Iterator<Item = CertificateDer<'static>> + '_ {
        self.roots.iter().cloned()
    }
}

fn listed<T>(text: &str, read: impl Fn(&str) -> Option<T>) -> Option<Vec<T>> {
    let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
    entries.map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn networks(text: &str) -> Option<Inside> {
        Inside::read(text, "").ok()
    }

    #[test]
    fn a_network_of_ones_own_is_its_addresses_and_no_others() {
        let inside = networks("10.1.0.0/16, fd00:1::/32").unwrap();
        for address in ["10.1.0.1", "10.1.255.255", "fd00:1::1"] {
            assert!(inside.includes(address.parse().unwrap()), "{address}");
        }
        for address in ["10.2.0.1", "127.0.0.1", "169.254.169.254", "fd00:2::1"] {
            assert!(!inside.includes(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn without_a_word_nothing_is_inside_and_a_bad_word_is_no_network() {
        let nothing = networks("").unwrap();
        assert!(!nothing.includes("10.1.0.1".parse().unwrap()));
        assert!(networks("10.1.0.0/16,everything").is_none());
        assert!(networks("10.1.0.0/33").is_none());
    }
}
