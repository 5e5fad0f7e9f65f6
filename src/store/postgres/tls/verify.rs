//! Whether a server's certificate will do: from an authority, for the name, or any at all.
//!
//! What people run PostgreSQL with is often one self-made certificate that is its own authority. That is refused as a
//! server's by the rules of the web, and taken here where it is the very one that `sslrootcert` holds, as libpq does.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_name;
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

use crate::store::StoreError;
use crate::store::postgres::settings::unusable;

#[derive(Debug)]
struct Verifier {
    /// Whose certificates count; any do where there is none.
    authority: Option<Authority>,
    provider: Arc<CryptoProvider>,
}

#[derive(Debug)]
struct Authority {
    web: Arc<WebPkiServerVerifier>,
    own: Vec<CertificateDer<'static>>,
    names: bool,
}

/// Takes whoever comes; only that nobody listens.
pub(super) fn anyone(provider: &Arc<CryptoProvider>) -> Arc<dyn ServerCertVerifier> {
    Arc::new(Verifier { authority: None, provider: Arc::clone(provider) })
}

/// Takes those whom one of `own` certifies; where `names`, for the name we ask for.
pub(super) fn by(
    own: Vec<CertificateDer<'static>>,
    names: bool,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>, StoreError> {
    let mut roots = RootCertStore::empty();
    let (taken, _) = roots.add_parsable_certificates(own.iter().cloned());
    if taken == 0 {
        let hint = "it must be of version 3: openssl req -x509 makes such";
        return Err(unusable("sslrootcert: no certificate in it can be an authority", Some(hint)));
    }
    let web = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider)).build();
    let web = web.map_err(|error| unusable(format!("sslrootcert: {error}"), None))?;
    Ok(Arc::new(Verifier { authority: Some(Authority { web, own, names }), provider: Arc::clone(provider) }))
}

impl Authority {
    fn judge(
        &self,
        (cert, between): (&CertificateDer<'_>, &[CertificateDer<'_>]),
        name: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<(), Error> {
        let judged = self.web.verify_server_cert(cert, between, name, &[], now).map(drop);
        match judged {
            Err(Error::InvalidCertificate(error)) if misnamed(&error) && !self.names => Ok(()),
            // Its dates were looked at before; this is the last thing that was wrong with it.
            Err(Error::InvalidCertificate(error)) if an_authority(&error) && self.own.iter().any(|own| own == cert) => {
                if self.names {
                    verify_server_name(&ParsedCertificate::try_from(cert)?, name)
                } else {
                    Ok(())
                }
            }
            judged => judged,
        }
    }
}

/// Whether all but the name was right.
fn misnamed(error: &CertificateError) -> bool {
    matches!(error, CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. })
}

fn an_authority(error: &CertificateError) -> bool {
    matches!(error, CertificateError::Other(other) if other.to_string().contains("CaUsedAsEndEntity"))
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        cert: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        _ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if let Some(authority) = &self.authority {
            authority.judge((cert, between), name, now)?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
