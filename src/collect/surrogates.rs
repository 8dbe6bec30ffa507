//! Half letters: a page that cuts a text in the middle of an emoji makes half a surrogate pair,
//! which `JSON.stringify` writes as an escape and which is not a text. One such name must not cost
//! the whole batch, so each half becomes U+FFFD.

use std::borrow::Cow;

/// The JSON with every unpaired surrogate escape replaced; as it is where there is none.
pub fn mended(json: &[u8]) -> Cow<'_, [u8]> {
    if !json.contains(&b'\\') {
        return Cow::Borrowed(json);
    }
    let mut mended = Vec::new();
    let (mut copied, mut at) = (0, 0);
    while at < json.len() {
        if json[at] != b'\\' {
            at += 1;
            continue;
        }
        let length = match (escape(json, at), escape(json, at + 6)) {
            (Some(0xD800..=0xDBFF), Some(0xDC00..=0xDFFF)) => 12,
            (Some(0xD800..=0xDFFF), _) => {
                mended.extend_from_slice(&json[copied..at]);
                mended.extend_from_slice(b"\\ufffd");
                copied = at + 6;
                6
            }
            (Some(_), _) => 6,
            (None, _) => 2,
        };
        at += length;
    }
    if mended.is_empty() {
        return Cow::Borrowed(json);
    }
    mended.extend_from_slice(&json[copied..]);
    Cow::Owned(mended)
}

/// The code unit of the escape that starts here: `\u` and four hexadecimal digits.
fn escape(json: &[u8], at: usize) -> Option<u16> {
    let digits = json.get(at..at + 6)?.strip_prefix(b"\\u")?;
    let digits = std::str::from_utf8(digits).ok().filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))?;
    u16::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn mend(json: &str) -> String {
        String::from_utf8(mended(json.as_bytes()).into_owned()).unwrap()
    }

    #[test]
    fn halves_are_replaced_and_pairs_stay() {
        for (sent, read) in [
            (r#""a\ud83d""#, r#""a\ufffd""#),
            (r#""\ude00b\ud83d""#, r#""\ufffdb\ufffd""#),
            (r#""\ud83d\ud83d\ude00""#, r#""\ufffd\ud83d\ude00""#),
            (r#""\uD83D\uDE00 \u00e9""#, r#""\uD83D\uDE00 \u00e9""#),
            (r#""\\ud83d""#, r#""\\ud83d""#),
            (r#""\\\ud83d""#, r#""\\\ufffd""#),
            (r#""\u12""#, r#""\u12""#),
            (r"\", r"\"),
        ] {
            assert_eq!(mend(sent), read, "{sent}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_mended_and_what_is_json_stays(bytes in prop::collection::vec(any::<u8>(), 0..100), text in ".*") {
            let _ = mended(&bytes);
            let json = serde_json::to_vec(&text).unwrap();
            prop_assert_eq!(&*mended(&json), &json[..]);
        }

        #[test]
        fn any_run_of_code_units_becomes_a_text(units in prop::collection::vec(prop_oneof![any::<u16>(), 0xD7F0_u16..0xE010], 0..20)) {
            let escapes: String = units.iter().map(|unit| format!("\\u{unit:04x}")).collect();
            let read: String = serde_json::from_slice(&mended(format!("\"{escapes}\"").as_bytes())).unwrap();
            prop_assert_eq!(read, String::from_utf16_lossy(&units));
        }
    }
}
