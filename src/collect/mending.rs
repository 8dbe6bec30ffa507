//! What is nearly JSON is read as what it means: a byte that is no UTF-8, half a letter, a number beyond all counting
//! cost themselves and not the batch around them. Most bodies are left as they are.

use std::borrow::Cow;

use super::surrogates;

/// The body with what could not be read replaced: broken bytes by U+FFFD, numbers that no double holds by their text.
pub fn mended(body: &[u8]) -> Cow<'_, [u8]> {
    let body = match String::from_utf8_lossy(body) {
        Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
        Cow::Owned(text) => Cow::Owned(text.into_bytes()),
    };
    then(then(body, surrogates::mended), quoted)
}

fn then(body: Cow<'_, [u8]>, mend: impl for<'a> Fn(&'a [u8]) -> Cow<'a, [u8]>) -> Cow<'_, [u8]> {
    match body {
        Cow::Borrowed(body) => mend(body),
        Cow::Owned(body) => Cow::Owned(mend(&body).into_owned()),
    }
}

/// Numbers beyond the largest double, such as `1e400`, as texts: what has no such number refuses it by its name.
fn quoted(json: &[u8]) -> Cow<'_, [u8]> {
    /// So many digits may be one without an exponent.
    const DIGITS: usize = 300;
    let may_be_one = |pair: &[u8]| pair[0].is_ascii_digit() && matches!(pair[1], b'e' | b'E');
    let is_digits = |part: &[u8]| part.len() > DIGITS;
    let has_long = || json.split(|byte| !byte.is_ascii_digit()).any(is_digits);
    if !json.windows(2).any(may_be_one) && !has_long() {
        return Cow::Borrowed(json);
    }
    let (mut mended, mut copied, mut at) = (Vec::new(), 0, 0);
    while at < json.len() {
        match json[at] {
            b'"' => at = end_of_text(json, at),
            b'-' | b'0'..=b'9' => {
                let length = json[at..].iter().take_while(|byte| b"+-.eE0123456789".contains(byte)).count();
                let number = &json[at..at + length];
                if is_too_large(number) {
                    mended.extend_from_slice(&json[copied..at]);
                    mended.push(b'"');
                    mended.extend_from_slice(number);
                    mended.push(b'"');
                    copied = at + length;
                }
                at += length;
            }
            _ => at += 1,
        }
    }
    if copied == 0 {
        return Cow::Borrowed(json);
    }
    mended.extend_from_slice(&json[copied..]);
    Cow::Owned(mended)
}

/// The place behind the text that begins here.
fn end_of_text(json: &[u8], begin: usize) -> usize {
    let mut at = begin + 1;
    while at < json.len() {
        match json[at] {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    json.len()
}

fn is_too_large(number: &[u8]) -> bool {
    std::str::from_utf8(number).ok().and_then(|text| text.parse::<f64>().ok()).is_some_and(f64::is_infinite)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn text(json: &str) -> String {
        String::from_utf8(mended(json.as_bytes()).into_owned()).unwrap()
    }

    #[test]
    fn numbers_that_no_double_holds_become_texts_and_others_stay() {
        assert_eq!(
            text(r#"{"n":1e400,"m":[-1E+999, 2],"t":"1e400 \" 1e999","z":1e-400}"#),
            r#"{"n":"1e400","m":["-1E+999", 2],"t":"1e400 \" 1e999","z":1e-400}"#
        );
        let long = "9".repeat(400);
        assert_eq!(text(&format!("[{long}]")), format!("[\"{long}\"]"));
        for kept in [r#"{"n":1e30}"#, "[1e308]", "1e", "\"1e400", "[0x1e9]"] {
            assert_eq!(text(kept), kept);
        }
    }

    #[test]
    fn a_byte_that_is_no_utf_8_costs_itself() {
        assert_eq!(
            &*mended(b"{\"name\":\"Zo\xeb\",\"n\":1e999}"),
            "{\"name\":\"Zo\u{fffd}\",\"n\":\"1e999\"}".as_bytes()
        );
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken_and_json_stays_what_it_is(bytes in prop::collection::vec(any::<u8>(), 0..60), text in "\\PC{0,20}", number in any::<f64>()) {
            let _ = mended(&bytes);
            prop_assume!(number.is_finite());
            let json = serde_json::json!({ "text": text, "number": number, "e": "5e9" }).to_string();
            let read: Value = serde_json::from_slice(&mended(json.as_bytes())).unwrap();
            prop_assert_eq!(read, serde_json::from_str::<Value>(&json).unwrap());
        }
    }
}
