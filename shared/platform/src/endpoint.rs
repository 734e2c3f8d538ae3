//! Where a recipient may listen.

use std::net::IpAddr;

use reqwest::Url;

/// Decides whether a URL may be told anything. The functions use [`public_https`].
pub type Vet = fn(&Url) -> Result<(), BadEndpoint>;

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
}

/// https on port 443 of a host with a public name: nothing inside a network can be reached (SSRF).
pub fn public_https(url: &Url) -> Result<(), BadEndpoint> {
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

/// Read a URL and vet it.
pub fn vetted(text: &str, vet: Vet) -> Result<Url, BadEndpoint> {
    let url = Url::parse(text).map_err(|_| BadEndpoint::Malformed)?;
    vet(&url)?;
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_https_hosts_are_endpoints() {
        assert!(vetted("https://dealer.example.com/consent", public_https).is_ok());
        for bad in [
            "http://dealer.example.com/",
            "https://dealer.example.com:8443/",
            "https://user:pass@dealer.example.com/",
            "https://127.0.0.1/",
            "https://[::1]/",
            "https://169.254.169.254/latest/meta-data",
            "https://localhost/",
            "https://queue.internal/",
            "https://dealer/",
            "ftp://dealer.example.com/",
            "dealer.example.com",
            "",
        ] {
            assert!(vetted(bad, public_https).is_err(), "{bad}");
        }
    }
}
