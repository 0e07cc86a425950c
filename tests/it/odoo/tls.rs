//! Encryption: whose certificate is believed, and that nothing goes where it could be read.
//!
//! The certificates in `tls/` are signed by an authority that no machine trusts but one that is told to; `expired.pem` has
//! run out. All are for 127.0.0.1, and good for nothing but these tests.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::Desk;
use super::server::{KEY, Mishap};

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/odoo/tls").join(name)
}

/// Puts encryption in front of a plain server; the address of it.
fn in_front_of(server: &str, certificate: &str) -> String {
    let chain = CertificateDer::pem_file_iter(file(certificate)).expect("a certificate").flatten().collect();
    let key = PrivateKeyDer::from_pem_file(file("server.key")).expect("a key");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .expect("a certificate with its key");
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("https://{}", listener.local_addr().expect("an address"));
    let behind = server.trim_start_matches("http://").to_owned();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (config, behind) = (Arc::clone(&config), behind.clone());
            std::thread::spawn(move || {
                // Whoever does not trust the certificate goes away, which is no concern of the server.
                let _ = relay(stream, config, &behind);
            });
        }
    });
    url
}

fn relay(stream: TcpStream, config: Arc<ServerConfig>, behind: &str) -> std::io::Result<()> {
    let connection = ServerConnection::new(config).map_err(std::io::Error::other)?;
    let mut outside = StreamOwned::new(connection, stream);
    let mut request = Vec::new();
    let mut piece = [0; 16_384];
    loop {
        let read = outside.read(&mut piece)?;
        if read == 0 {
            return Ok(());
        }
        request.extend_from_slice(&piece[..read]);
        let text = String::from_utf8_lossy(&request).to_lowercase();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
        if body.len() >= length.map_or(0, |length| length.trim().parse().expect("a number")) {
            break;
        }
    }
    let mut inside = TcpStream::connect(behind)?;
    inside.write_all(&request)?;
    let mut answer = Vec::new();
    inside.read_to_end(&mut answer)?;
    outside.write_all(&answer)?;
    outside.conn.send_close_notify();
    outside.flush()
}

impl Desk {
    /// The same source at another address.
    pub(super) fn at(&self, url: &str) {
        let path = self.dir.path().join("tastevin.toml");
        let text = std::fs::read_to_string(&path).expect("the configuration");
        let line = text.lines().find(|line| line.starts_with("url")).expect("an address");
        std::fs::write(&path, text.replace(line, &format!("url = \"{url}\""))).expect("written");
    }

    /// The program, on a machine that trusts these authorities and no others.
    fn run(&self, trusted: &str, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_tastevin"))
            .args(arguments)
            .current_dir(self.dir.path())
            .env("SSL_CERT_FILE", file(trusted))
            .env_remove("SSL_CERT_DIR")
            .output()
            .expect("the binary runs")
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn a_certificate_that_nobody_trusted_has_signed_is_refused_before_the_key_is_sent() {
    let desk = Desk::on("19.0", "auto", "");
    let url = in_front_of(&desk.server.url, "server.pem");
    desk.at(&url);
    let refused = desk.load().expect_err("refused").to_string();
    assert!(
        refused.contains("the server's certificate is not accepted: nobody whom this machine trusts has signed it"),
        "{refused}"
    );
    let probes = desk.workbench().test_source("odoo", &|_| {}).expect("a test");
    let told = probes.last().and_then(|probe| probe.found.clone().err()).expect("the last step fails");
    assert!(told.contains("install its root certificate on this machine"), "{told}");
    assert!(desk.server.world().requests.is_empty(), "nothing came through");
}

/// Elsewhere the system's own store is asked, which tests cannot add to.
#[cfg(target_os = "linux")]
#[test]
fn the_authorities_of_the_system_are_believed_and_a_name_or_a_date_that_is_wrong_is_not() {
    let desk = Desk::on("19.0", "auto", "");
    desk.at(&in_front_of(&desk.server.url, "server.pem"));
    let tested = desk.run("authority.pem", &["source", "test"]);
    assert_eq!(tested.status.code(), Some(0), "{}{}", text(&tested.stdout), text(&tested.stderr));
    assert!(text(&tested.stdout).contains("Odoo 19.0, asked by JSON-2"), "{}", text(&tested.stdout));
    let loaded = desk.run("authority.pem", &["load", "--quiet"]);
    assert_eq!(loaded.status.code(), Some(0), "{}", text(&loaded.stderr));
    assert_eq!(desk.ids("partners").len(), 25);

    for (certificate, host, words) in [
        ("expired.pem", "127.0.0.1", "the server's certificate is not accepted: it has expired"),
        ("server.pem", "localhost", "the server's certificate is not accepted: it was made for another host"),
    ] {
        let before = desk.server.world().requests.len();
        desk.at(&in_front_of(&desk.server.url, certificate).replace("127.0.0.1", host));
        let refused = desk.run("authority.pem", &["load", "--quiet"]);
        assert_eq!(refused.status.code(), Some(3));
        assert!(text(&refused.stderr).contains(words), "{}", text(&refused.stderr));
        assert_eq!(desk.server.world().requests.len(), before);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_way_from_https_to_http_is_not_taken() {
    for protocol in ["xmlrpc", "json2"] {
        let desk = Desk::on("19.0", protocol, "");
        desk.at(&in_front_of(&desk.server.url, "server.pem"));
        // The plain server itself would answer, if it were asked.
        let plain: &'static str = Box::leak(format!("{}/json/2", desk.server.url).into_boxed_str());
        desk.server.world().mishaps = [Some(Mishap::Redirect(plain))].into();
        let refused = desk.run("authority.pem", &["load", "--quiet"]);
        assert_eq!(refused.status.code(), Some(3));
        let told = text(&refused.stderr);
        assert!(
            told.contains(&format!("the server sends us on to {plain}, where everybody could read the key")),
            "{told}"
        );
        let requests = desk.server.world().requests.clone();
        assert!(
            requests.last().is_some_and(|last| last.contains("order")),
            "{protocol}: no call after the one sent on"
        );
        assert!(!told.contains(KEY));
    }
}

#[test]
fn https_to_a_port_that_does_not_speak_it_is_told() {
    let desk = Desk::on("19.0", "auto", "");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    desk.at(&format!("https://{}", listener.local_addr().expect("an address")));
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
        }
    });
    let refused = desk.load().expect_err("refused").to_string();
    assert!(refused.contains("what answers there does not speak https"), "{refused}");
}
