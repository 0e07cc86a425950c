//! What a row is called: its business key, with a digest of the record and a number behind it where others have the same key
//! or it has none.

/// The business key in an identity: all of it, or what stands before the digest and the number.
pub fn key_in(identity: &str) -> &str {
    let Some((key, digest)) = identity.rsplit_once('#') else { return identity };
    let is_ours = digest.split_once('.').is_some_and(|(hash, number)| {
        hash.len() == 12 && hash.bytes().all(|b| b.is_ascii_hexdigit()) && number.parse::<u64>().is_ok()
    });
    if is_ours { key } else { identity }
}

#[cfg(test)]
mod tests {
    use super::key_in;

    #[test]
    fn a_number_sign_in_a_key_is_no_digest() {
        assert_eq!(key_in("C#12"), "C#12");
        assert_eq!(key_in("C#12#0123456789ab.2"), "C#12");
        assert_eq!(key_in("#0123456789ab.1"), "");
        assert_eq!(key_in("C12"), "C12");
    }
}
