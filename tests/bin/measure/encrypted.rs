//! The engine behind TLS, for a client that opens it at its first request and trusts what `SSL_CERT_FILE` names.

use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rcgen::CertifiedKey;
use tests::{World, certified};
use tokio::io::copy_bidirectional;
use tokio::net::TcpStream;

/// What a function finds in its environment if the engine is to be reached over TLS alone.
///
/// # Panics
///
/// If no port or no file can be had: then nothing can be measured.
pub(crate) fn environment(world: &World) -> Vec<(String, String)> {
    let mut environment = world.environment();
    let url = environment
        .iter_mut()
        .find(|(name, _)| name == "AWS_ENDPOINT_URL_DYNAMODB");
    let (_, url) = url.expect("an address of the engine");
    let roots = std::env::temp_dir().join(format!("roots.{}.pem", std::process::id()));
    *url = before(url.trim_start_matches("http://").to_owned(), &roots);
    environment.push(("SSL_CERT_FILE".to_owned(), roots.display().to_string()));
    environment
}

/// Listen with a certificate, which is left in a file, and pass on what comes.
fn before(engine: String, roots: &Path) -> String {
    let CertifiedKey { cert, signing_key } =
        rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let pem = STANDARD.encode(cert.der());
    let pem = format!("-----BEGIN CERTIFICATE-----\n{pem}\n-----END CERTIFICATE-----\n");
    std::fs::write(roots, pem).expect("a file");
    let acceptor = certified::showing(&cert, &signing_key);

    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    listener.set_nonblocking(true).expect("a listener");
    let port = listener.local_addr().expect("an address").port();
    let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            let (acceptor, engine) = (acceptor.clone(), engine.clone());
            tokio::spawn(async move {
                let mut near = acceptor.accept(connection).await.ok()?;
                let mut far = TcpStream::connect(&engine).await.ok()?;
                copy_bidirectional(&mut near, &mut far).await.ok()
            });
        }
    });
    format!("https://localhost:{port}")
}
