//! RS256 by ring, behind the seam that `jsonwebtoken` has for it. The one algorithm, because API Gateway's
//! authorizers know RSA alone.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::{Algorithm, DecodingKey, DecodingKeyKind, EncodingKey};
use ring::rand::SystemRandom;
use ring::rsa::{KeyPair, PublicKeyComponents};
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256};
use signature::{Signer, Verifier};

static RING: CryptoProvider = CryptoProvider {
    signer_factory: |algorithm, key| {
        only_rs256(*algorithm)?;
        Ok(Box::new(Signs(key.clone())))
    },
    verifier_factory: |algorithm, key| {
        only_rs256(*algorithm)?;
        Ok(Box::new(Verifies(key.clone())))
    },
    key_utils: KeyUtils::new_unimplemented(),
};

fn only_rs256(algorithm: Algorithm) -> Result<(), Error> {
    if algorithm == Algorithm::RS256 {
        Ok(())
    } else {
        Err(ErrorKind::InvalidAlgorithm.into())
    }
}

/// Have `jsonwebtoken` use ring.
pub(super) fn install() {
    // It is an error to do it again, and of no consequence: nobody else does.
    let _ = RING.install_default();
}

/// The modulus and the exponent of a key, as a JWK writes them.
pub(super) fn public(key: &[u8]) -> Option<(String, String)> {
    let pair = KeyPair::from_der(key).ok()?;
    let public: PublicKeyComponents<Vec<u8>> = pair.public().into();
    Some((URL_SAFE_NO_PAD.encode(public.n), URL_SAFE_NO_PAD.encode(public.e)))
}

struct Signs(EncodingKey);

struct Verifies(DecodingKey);

impl Signer<Vec<u8>> for Signs {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, signature::Error> {
        let pair = KeyPair::from_der(self.0.as_bytes()).map_err(signature::Error::from_source)?;
        let mut signature = vec![0; pair.public().modulus_len()];
        pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature)
            .map_err(signature::Error::from_source)?;
        Ok(signature)
    }
}

impl JwtSigner for Signs {
    fn algorithm(&self) -> Algorithm {
        Algorithm::RS256
    }
}

impl Verifier<Vec<u8>> for Verifies {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), signature::Error> {
        match self.0.kind() {
            DecodingKeyKind::RsaModulusExponent { n, e } => PublicKeyComponents { n, e }
                .verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
                .map_err(signature::Error::from_source),
            DecodingKeyKind::SecretOrDer(_) => Err(signature::Error::new()),
        }
    }
}

impl JwtVerifier for Verifies {
    fn algorithm(&self) -> Algorithm {
        Algorithm::RS256
    }
}
