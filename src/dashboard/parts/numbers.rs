//! Numbers as people read them: thin spaces between thousands, words with their plural.

use maud::{Markup, html};

use crate::store::list::Count;

/// The narrow space between thousands; it does not break a line.
const THIN_SPACE: char = '\u{202f}';

/// A whole number with thin spaces between thousands.
pub fn number(value: impl Into<i128>) -> String {
    let value: i128 = value.into();
    let digits = value.unsigned_abs().to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3 * 3 + 3);
    if value < 0 {
        text.push('−');
    }
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(THIN_SPACE);
        }
        text.push(digit);
    }
    text
}

/// A count that stops somewhere: `10 000+` beyond.
pub fn count(count: Count) -> String {
    match count {
        Count::Exactly(exactly) => number(exactly),
        Count::Over => format!("{}+", number(crate::store::list::COUNT_MAX)),
        Count::AtLeast(least) => format!("{}+", number(least)),
    }
}

/// A number with its noun: `1 member`, `17 members`.
pub fn counted(value: impl Into<i128>, one: &str, many: &str) -> String {
    let value = value.into();
    format!("{} {}", number(value), if value == 1 { one } else { many })
}

/// A number in a cell; zero in the third ink, since it is not hidden but says little.
pub fn cell(value: impl Into<i128>) -> Markup {
    let value = value.into();
    html! { @if value == 0 { span.zero { "0" } } @else { (number(value)) } }
}

/// The change between two numbers, with an arrow and a word for it; nothing where there is none.
pub fn delta(before: i128, now: i128) -> Markup {
    delta_of(now - before, "")
}

/// As [`delta`], of two shares in percent.
pub fn delta_points(before: i128, now: i128) -> Markup {
    delta_of(now - before, " pt")
}

fn delta_of(difference: i128, unit: &str) -> Markup {
    html! {
        @match difference {
            0 => {}
            1.. => { span.delta.good { span aria-hidden="true" { "↑" } span.vh { "up " } (number(difference)) (unit) } }
            _ => { span.delta.bad { span aria-hidden="true" { "↓" } span.vh { "down " } (number(-difference)) (unit) } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_parted_by_a_thin_space() {
        let plain = |value: i64| number(value).replace(THIN_SPACE, " ");
        assert_eq!(plain(0), "0");
        assert_eq!(plain(999), "999");
        assert_eq!(plain(4_182), "4 182");
        assert_eq!(plain(1_234_567), "1 234 567");
        assert_eq!(plain(-41_208), "−41 208");
        assert_eq!(count(Count::Over).replace(THIN_SPACE, " "), "10 000+");
        assert_eq!(counted(1, "member", "members"), "1 member");
    }
}
