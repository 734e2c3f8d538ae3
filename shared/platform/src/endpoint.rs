//! Where a recipient may listen: public hosts, over https, and nothing inside a network (SSRF).
//!
//! A name is vetted when it is registered, and what it resolves to each time it is connected to: the
//! connection is made to the very addresses that were vetted.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::inside::Inside;

/// What may be reached. The functions use [`PUBLIC`].
#[derive(Debug, Clone, Copy)]
pub struct Reach {
    pub url: fn(&Url) -> Result<(), BadEndpoint>,
    pub address: fn(IpAddr) -> bool,
}

/// https on port 443 of hosts with public addresses.
pub const PUBLIC: Reach = Reach {
    url: public_https,
    address: is_public,
};

/// Why a URL cannot be an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadEndpoint {
    #[error("not a URL")]
    Malformed,
    #[error("the URL must be https, on port 443")]
    NotHttps,
    #[error("the URL must not carry a user or password")]
    UserInfo,
    #[error("the URL must name a public host")]
    NotPublic,
    /// Not within a reach other than [`PUBLIC`], which says itself where it ends.
    #[error("{0}")]
    OutOfReach(&'static str),
}

impl Reach {
    /// Read a URL and vet it.
    pub fn vet(&self, text: &str) -> Result<Url, BadEndpoint> {
        let url = Url::parse(text).map_err(|_| BadEndpoint::Malformed)?;
        (self.url)(&url)?;
        Ok(url)
    }
}

/// A URL of https, on port 443, that names a host rather than an address.
fn public_https(url: &Url) -> Result<(), BadEndpoint> {
    if url.scheme() != "https" || url.port_or_known_default() != Some(443) {
        return Err(BadEndpoint::NotHttps);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(BadEndpoint::UserInfo);
    }
    let host = url.host_str().unwrap_or_default();
    let literal = host
        .trim_start_matches('[')
        .trim_end_matches(']')
        .parse::<IpAddr>()
        .is_ok();
    let local = ["localhost", "local", "internal", "localdomain", "arpa"];
    let top = host.trim_end_matches('.').rsplit('.').next().unwrap_or_default();
    if literal || !host.contains('.') || local.contains(&top) {
        Err(BadEndpoint::NotPublic)
    } else {
        Ok(())
    }
}

/// Whether an address is one of the public internet.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [first, second, third, _] = address.octets();
    let shared = first == 100 && (64..128).contains(&second);
    let protocols = first == 192 && second == 0 && third == 0;
    let benchmark = first == 198 && (second == 18 || second == 19);
    !(address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_broadcast()
        || address.is_documentation()
        || first == 0
        || first >= 240
        || shared
        || protocols
        || benchmark)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let groups = address.segments();
    // Addresses that carry an IPv4 one lead where that one leads: mapped, compatible, NAT64, 6to4, Teredo.
    if let Some(inner) = address.to_ipv4() {
        return is_public_v4(inner);
    }
    let embedded = matches!(groups, [0x64, 0xff9b, ..] | [0x2002, ..] | [0x2001, 0, ..]);
    let documentation = matches!(groups, [0x2001, 0xdb8, ..] | [0x3fff, ..]);
    // Only 2000::/3 is given out; everything else is local, multicast or reserved.
    let global = groups[0] & 0xe000 == 0x2000;
    global && !embedded && !documentation
}

/// Resolves names to the addresses that may be reached, and to no other.
pub(crate) struct VettedResolver {
    pub(crate) reach: Reach,
    pub(crate) inside: Arc<Inside>,
}

impl Resolve for VettedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (reach, inside) = (self.reach, Arc::clone(&self.inside));
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed = |address: IpAddr| (reach.address)(address) || inside.includes(address);
            let vetted: Vec<SocketAddr> = found.filter(|address| allowed(address.ip())).collect();
            if vetted.is_empty() {
                return Err(BadEndpoint::NotPublic.into());
            }
            Ok(Box::new(vetted.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_https_hosts_are_endpoints() {
        assert!(PUBLIC.vet("https://dealer.example.com/consent").is_ok());
        for bad in [
            "http://dealer.example.com/",
            "https://dealer.example.com:8443/",
            "https://user:pass@dealer.example.com/",
            "https://user@dealer.example.com/",
            "https://127.0.0.1/",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://[::1]/",
            "https://[::ffff:10.0.0.1]/",
            "https://169.254.169.254/latest/meta-data",
            "https://localhost/",
            "https://printer.local/",
            "https://queue.internal/",
            "https://dealer/",
            "ftp://dealer.example.com/",
            "file:///etc/passwd",
            "dealer.example.com",
            "",
        ] {
            assert!(PUBLIC.vet(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn only_addresses_of_the_public_internet_are_connected_to() {
        for good in ["93.184.216.34", "1.1.1.1", "2606:2800:220:1:248:1893:25c8:1946"] {
            assert!(is_public(good.parse().unwrap()), "{good}");
        }
        for bad in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "192.0.0.8",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:10.0.0.1",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::a00:1",
            "2002:a00:1::",
            "2001::a00:1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "ff02::1",
            "2001:db8::1",
        ] {
            assert!(!is_public(bad.parse().unwrap()), "{bad}");
        }
    }
}
