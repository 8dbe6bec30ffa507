//! TLS of our own: the certificate and its key, read again when their files change.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::server::{ClientHello, ParsedCertificate, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{CertificateError, RootCertStore};

use super::StartError;
use crate::domain::time::SECOND_MS;

/// How often it is looked whether the files have changed.
const LOOK: Duration = Duration::from_secs(60);
/// The first second of the year 10000, in Unix seconds: RFC 5280 has no later end of a certificate.
const YEAR_10000_S: u64 = 253_402_300_800;

/// A certificate and its key, as PEM files.
#[derive(Debug, Clone)]
pub struct TlsFiles {
    /// The certificate, with those between it and the root.
    pub certificates: PathBuf,
    /// Its key.
    pub key: PathBuf,
}

/// Whether a server could speak TLS with these files: they are read, and the key is the certificate's.
/// Answers until when the certificate holds (Unix milliseconds), where it says so.
///
/// # Errors
/// [`StartError::Tls`].
pub fn check_tls(files: &TlsFiles) -> Result<Option<i64>, StartError> {
    certified(files)?;
    let certificate = CertificateDer::pem_file_iter(&files.certificates).ok().and_then(|mut all| all.next()?.ok());
    Ok(certificate.as_ref().and_then(holds_until))
}

/// Asked whether it holds after the last day that a certificate can name, a verifier says when it ended; so what
/// checks others' certificates reads ours, and no second parser is needed.
fn holds_until(certificate: &CertificateDer<'_>) -> Option<i64> {
    let after_all = UnixTime::since_unix_epoch(Duration::from_secs(YEAR_10000_S));
    let certificate = ParsedCertificate::try_from(certificate).ok()?;
    let algorithms = rustls::crypto::ring::default_provider().signature_verification_algorithms.all;
    let no_roots = RootCertStore::empty();
    match verify_server_cert_signed_by_trust_anchor(&certificate, &no_roots, &[], after_all, algorithms) {
        Err(rustls::Error::InvalidCertificate(CertificateError::ExpiredContext { not_after, .. })) => {
            i64::try_from(not_after.as_secs()).ok().map(|seconds| seconds * SECOND_MS)
        }
        _ => None,
    }
}

/// How the server speaks TLS with these files.
///
/// # Errors
/// [`StartError::Tls`].
pub(super) fn config(files: &TlsFiles) -> Result<rustls::ServerConfig, StartError> {
    let certificate = Arc::new(Renewing::new(files, LOOK)?);
    rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map(|builder| builder.with_no_client_auth().with_cert_resolver(certificate))
        .map_err(|error| wrong(&files.certificates, error.to_string()))
}

fn wrong(path: &Path, reason: String) -> StartError {
    StartError::Tls { path: path.to_owned(), reason }
}

fn certified(files: &TlsFiles) -> Result<CertifiedKey, StartError> {
    let certificates: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(&files.certificates)
        .and_then(Iterator::collect)
        .map_err(|error| wrong(&files.certificates, format!("no certificates as PEM: {error}")))?;
    if certificates.is_empty() {
        return Err(wrong(&files.certificates, "no certificates as PEM".to_owned()));
    }
    let key = PrivateKeyDer::from_pem_file(&files.key)
        .map_err(|error| wrong(&files.key, format!("no private key as PEM: {error}")))?;
    CertifiedKey::from_der(certificates, key, &rustls::crypto::ring::default_provider())
        .map_err(|error| wrong(&files.certificates, error.to_string()))
}

/// The certificate as its files have it: whoever renews it need not restart the server.
#[derive(Debug)]
struct Renewing {
    files: TlsFiles,
    look: Duration,
    held: Mutex<Held>,
}

#[derive(Debug)]
struct Held {
    certificate: Arc<CertifiedKey>,
    /// When its files were changed last.
    changed: [Option<SystemTime>; 2],
    looked: Instant,
}

impl Renewing {
    fn new(files: &TlsFiles, look: Duration) -> Result<Renewing, StartError> {
        let changed = changed(files);
        let held = Held { certificate: Arc::new(certified(files)?), changed, looked: Instant::now() };
        Ok(Renewing { files: files.clone(), look, held: Mutex::new(held) })
    }

    /// The certificate of now. Where the files have changed and can't be used, or not yet, the former one stays.
    fn certificate(&self) -> Arc<CertifiedKey> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.looked.elapsed() >= self.look {
            held.looked = Instant::now();
            let changed = changed(&self.files);
            if changed != held.changed {
                held.changed = changed;
                match certified(&self.files) {
                    Ok(renewed) => {
                        held.certificate = Arc::new(renewed);
                        tracing::info!("The certificate's files have changed: the new one is served from now on.");
                    }
                    Err(error) => {
                        tracing::error!(%error, "The certificate's files have changed and can't be used: the former one is served on.");
                    }
                }
            }
        }
        Arc::clone(&held.certificate)
    }
}

impl ResolvesServerCert for Renewing {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.certificate())
    }
}

fn changed(files: &TlsFiles) -> [Option<SystemTime>; 2] {
    [&files.certificates, &files.key].map(|path| path.metadata().and_then(|file| file.modified()).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fixture(name: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tls").join(name)
    }

    #[test]
    fn a_certificate_says_until_when_it_holds() {
        let files = TlsFiles { certificates: fixture("certificate.pem"), key: fixture("key.pem") };
        let until = crate::domain::time::instant_from_text("2126-11-01T03:18:42Z");
        assert!(until.is_some());
        assert_eq!(check_tls(&files).unwrap(), until);
        let swapped = TlsFiles { certificates: files.key.clone(), key: files.certificates };
        assert!(check_tls(&swapped).is_err());
    }

    #[test]
    fn a_renewed_certificate_is_served_and_a_broken_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let files = TlsFiles { certificates: folder.path().join("cert.pem"), key: folder.path().join("key.pem") };
        std::fs::copy(fixture("certificate.pem"), &files.certificates).unwrap();
        std::fs::copy(fixture("key.pem"), &files.key).unwrap();
        let serving = Renewing::new(&files, Duration::ZERO).unwrap();
        let first = serving.certificate();
        assert!(Arc::ptr_eq(&first, &serving.certificate()), "nothing has changed");
        let written = |text: &[u8], seconds: u64| {
            std::fs::write(&files.certificates, text).unwrap();
            let file = std::fs::File::options().write(true).open(&files.certificates).unwrap();
            file.set_modified(SystemTime::now() + Duration::from_secs(seconds)).unwrap();
        };
        written(b"half of it", 10);
        assert!(Arc::ptr_eq(&first, &serving.certificate()), "the former one stays");
        written(&std::fs::read(fixture("certificate.pem")).unwrap(), 20);
        assert!(!Arc::ptr_eq(&first, &serving.certificate()), "it was read again");
        let patient = Renewing::new(&files, LOOK).unwrap();
        let held = patient.certificate();
        written(&std::fs::read(fixture("certificate.pem")).unwrap(), 30);
        assert!(Arc::ptr_eq(&held, &patient.certificate()), "a minute has not passed");
    }
}
