//! The proof that audited rows are complete, in order and unchanged.
//!
//! A row's leaf is `SHA-256(0x00 ‖ its canonical form)`; the chain goes `link(n) = SHA-256(link(n-1) ‖
//! leaf(n))`, from 32 zero bytes on. A segment's Merkle root is that of RFC 6962, section 2.1 over its
//! leaves, so that one row can be proved without showing the others.

use sha2::{Digest, Sha256};

pub type Hash = [u8; 32];

/// Before the first row.
pub const ORIGIN: Hash = [0; 32];

pub fn leaf(canonical: &[u8]) -> Hash {
    let mut sha = Sha256::new();
    sha.update([0]);
    sha.update(canonical);
    sha.finalize().into()
}

pub fn link(before: &Hash, leaf: &Hash) -> Hash {
    let mut sha = Sha256::new();
    sha.update(before);
    sha.update(leaf);
    sha.finalize().into()
}

/// Of no leaves: the hash of nothing.
pub fn merkle_root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => Sha256::digest([]).into(),
        [leaf] => *leaf,
        leaves => {
            // The largest power of two below their number goes to the left.
            let middle = leaves.len().next_power_of_two() / 2;
            let (left, right) = leaves.split_at(middle);
            let mut sha = Sha256::new();
            sha.update([1]);
            sha.update(merkle_root(left));
            sha.update(merkle_root(right));
            sha.finalize().into()
        }
    }
}

pub fn to_hex(hash: &Hash) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = hash.iter().flat_map(|byte| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
    digits.map(char::from).collect()
}

pub fn from_hex(text: &str) -> Option<Hash> {
    let digits = text.as_bytes();
    let mut hash = [0; 32];
    if digits.len() != 64 {
        return None;
    }
    for (byte, pair) in hash.iter_mut().zip(digits.chunks_exact(2)) {
        let digit = |digit: u8| (digit as char).to_digit(16);
        *byte = (digit(pair[0])? << 4 | digit(pair[1])?) as u8;
    }
    Some(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Test vectors of the Certificate Transparency project (its `MerkleTreeTest`).
    #[test]
    fn roots_are_those_of_rfc_6962() {
        let inputs: [&[u8]; 8] = [
            b"",
            b"\x00",
            b"\x10",
            b"\x20\x21",
            b"\x30\x31",
            b"\x40\x41\x42\x43",
            b"\x50\x51\x52\x53\x54\x55\x56\x57",
            b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
        ];
        let leaves: Vec<Hash> = inputs.map(leaf).to_vec();
        for (count, root) in [
            (0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            (1, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
            (2, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"),
            (3, "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"),
            (5, "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"),
            (8, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"),
        ] {
            assert_eq!(to_hex(&merkle_root(&leaves[..count])), root, "{count} leaves");
            assert_eq!(from_hex(root), Some(merkle_root(&leaves[..count])));
        }
        assert_eq!(from_hex("zz"), None);
    }
}
