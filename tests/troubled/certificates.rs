//! A recipient whose certificate cannot be trusted is not told a word; nor is one whose name leads to a network of ours.

use std::io::ErrorKind;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use platform::courier::{Courier, Error, Letter, PATIENCE};
use platform::endpoint::{PUBLIC, Reach};
use platform::inside::Inside;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use tests::certified;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// Where the recipients of this file listen; what is tested here is not the address.
const HERE: Reach = Reach {
    url: |_| Ok(()),
    address: |address| address == Ipv4Addr::LOCALHOST,
};
const ANSWER: &[u8] = b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n";

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority() -> Authority {
    let mut params = CertificateParams::new(Vec::new()).expect("an authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("a certificate")
}

/// A recipient that shows a certificate for a name; its port, and how many requests it has got to read.
async fn recipient(by: &Authority, name: &str, years: (i32, i32)) -> (u16, Arc<AtomicUsize>) {
    let key = KeyPair::generate().expect("a key");
    let mut params = CertificateParams::new([name.to_owned()]).expect("a name");
    params.not_before = date_time_ymd(years.0, 1, 1);
    params.not_after = date_time_ymd(years.1, 1, 1);
    let certificate = params.signed_by(&key, by).expect("a certificate");
    let acceptor = certified::showing(&certificate, &key);

    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let requests = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&requests);
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            let Ok(mut connection) = acceptor.accept(connection).await else {
                continue;
            };
            let mut request = [0; 4_096];
            if connection.read(&mut request).await.is_ok_and(|read| read > 0) {
                count.fetch_add(1, Ordering::SeqCst);
                let _ = connection.write_all(ANSWER).await;
                let _ = connection.shutdown().await;
            }
        }
    });
    (port, requests)
}

#[tokio::test]
async fn a_recipient_whose_certificate_is_broken_is_not_told_a_word() {
    let (ours, unknown) = (authority(), authority());
    let inside = Inside::read("", &STANDARD.encode(ours.der())).expect("a root");
    let courier = Courier::new(HERE, inside, PATIENCE).expect("a courier");
    let letter = Letter {
        id: "evt_1".to_owned(),
        body: "{}".to_owned(),
    };
    let secrets = [format!("whsec_{}", STANDARD.encode([7; 32]))];
    let valid = (2020, 2200);
    for (what, by, name, years, is_good) in [
        ("a good one", &ours, "localhost", valid, true),
        ("an unknown authority", &unknown, "localhost", valid, false),
        ("another name", &ours, "dealer.example.com", valid, false),
        ("expired", &ours, "localhost", (2020, 2021), false),
        ("not valid yet", &ours, "localhost", (2199, 2200), false),
    ] {
        let (port, requests) = recipient(by, name, years).await;
        let endpoint = format!("https://localhost:{port}/events");
        let delivered = courier
            .deliver(&endpoint, &secrets, &letter, Timestamp::UNIX_EPOCH)
            .await;
        assert_eq!(delivered.is_ok(), is_good, "{what}: {delivered:?}");
        assert_eq!(requests.load(Ordering::SeqCst), usize::from(is_good), "{what}");
        // It did not arrive, and it is tried again by the schedule.
        if let Err(error) = delivered {
            assert!(matches!(error, Error::NotReached(_)), "{what}: {error:?}");
            assert!(!error.may_have_arrived() && !error.is_gone(), "{what}");
        }
    }
}

/// The name is good, what it resolves to is not: nobody connects there.
#[tokio::test]
async fn a_name_that_leads_to_an_address_that_is_not_public_is_not_connected_to() {
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    listener.set_nonblocking(true).expect("a listener");
    let port = listener.local_addr().expect("an address").port();
    let reach = Reach {
        address: PUBLIC.address,
        ..HERE
    };
    let inside = Inside::read("", "").expect("no network of ours");
    let courier = Courier::new(reach, inside, PATIENCE).expect("a courier");
    let letter = Letter {
        id: "evt_1".to_owned(),
        body: "{}".to_owned(),
    };
    let secrets = [format!("whsec_{}", STANDARD.encode([7; 32]))];
    let endpoint = format!("https://localhost:{port}/events");
    let delivered = courier
        .deliver(&endpoint, &secrets, &letter, Timestamp::UNIX_EPOCH)
        .await;
    assert!(matches!(delivered, Err(Error::NotReached(_))), "{delivered:?}");
    let connected = listener.accept().map_err(|error| error.kind());
    assert!(matches!(connected, Err(ErrorKind::WouldBlock)), "{connected:?}");
}
