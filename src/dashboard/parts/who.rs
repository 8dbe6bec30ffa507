//! Who: round is a person, square is a company. The hue is a hash of the name.

use maud::{Markup, html};

use super::values;
use crate::dashboard::links;
use crate::domain::time::MINUTE_MS;
use crate::store::companies::CompanyRow;
use crate::store::users::{CompanyName, UserRow};

/// Somebody active within this span is here now.
const HERE_MS: i64 = 5 * MINUTE_MS;

/// How large a face or tile is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// Within a line of text.
    Small,
    /// In a row.
    Row,
    /// In the head of a page.
    Large,
}

impl Size {
    fn class(self) -> &'static str {
        match self {
            Size::Small => " small",
            Size::Row => "",
            Size::Large => " large",
        }
    }
}

/// One of eight hues, the same for the same name.
fn hue(name: &str) -> u32 {
    name.bytes().fold(17_u32, |hash, byte| hash.wrapping_mul(31).wrapping_add(u32::from(byte))) % 8 + 1
}

/// The first letters of the first and last word that have one, at most `most`.
fn initials(name: &str, most: usize) -> String {
    let local = name.split('@').next().unwrap_or(name);
    let letters: Vec<char> = local
        .split(|c: char| c.is_whitespace() || "._-".contains(c))
        .filter_map(|word| word.chars().find(|c| c.is_alphanumeric()))
        .collect();
    let chosen = match letters.as_slice() {
        [] => vec![],
        [.., last] if most > 1 && letters.len() > 1 => vec![letters[0], *last],
        [first, ..] => vec![*first],
    };
    if chosen.is_empty() { "?".to_owned() } else { chosen.into_iter().flat_map(char::to_uppercase).collect() }
}

/// A person's mark.
pub fn face(name: &str, size: Size, here: bool) -> Markup {
    let here = if here { " here" } else { "" };
    html! { span class={ "face" (size.class()) " h" (hue(name)) (here) } aria-hidden="true" { (initials(name, 2)) } }
}

/// A company's mark.
pub fn tile(name: &str, size: Size) -> Markup {
    html! { span class={ "tile" (size.class()) " h" (hue(name)) } aria-hidden="true" { (initials(name, 1)) } }
}

/// Whether somebody is here now.
pub fn is_here(last_seen_ms: Option<i64>, now_ms: i64) -> bool {
    last_seen_ms.is_some_and(|seen| now_ms - seen < HERE_MS)
}

/// What a user is called: name, else e-mail, else the site's id, else ours.
pub fn user_name(user: &UserRow) -> &str {
    [&user.name, &user.email, &user.user_id].into_iter().flatten().find(|text| !text.is_empty()).unwrap_or(&user.id)
}

/// What a company is called: name, else id.
pub fn company_name<'a>(name: Option<&'a str>, company_id: &'a str) -> &'a str {
    name.filter(|name| !name.is_empty()).unwrap_or(company_id)
}

/// A user in a row: face, name as a link, and a second line.
pub fn user(user: &UserRow, now_ms: i64, below: Markup) -> Markup {
    let name = user_name(user);
    let here = is_here(user.last_seen_ms, now_ms);
    html! {
        span.who {
            (face(name, Size::Row, here))
            span {
                a href=(links::user(user.user_id.as_deref(), &user.id)) { (values::name(name)) }
                @if here { span.vh { " (here now)" } }
                small { (below) }
            }
        }
    }
}

/// A company in a row: tile, name as a link, and a second line.
pub fn company(company_id: &str, name: Option<&str>, below: Markup) -> Markup {
    let shown = company_name(name, company_id);
    html! {
        span.who {
            (tile(shown, Size::Row))
            span { a href=(links::company(company_id)) { (values::name(shown)) } small { (below) } }
        }
    }
}

/// A company in a row, with id and domain below the name.
pub fn company_row(row: &CompanyRow) -> Markup {
    let (id, name) = (row.company_id.as_str(), row.name.as_deref());
    company(id, name, company_second_line(id, name, row.domain.as_deref()))
}

/// The mark of an archived company.
pub fn archived() -> Markup {
    super::pill::word("Archived", "Left out of lists and numbers; its messages are still stored")
}

/// A company's name within a line.
pub fn company_text(company: &CompanyName) -> Markup {
    values::name(company_name(company.name.as_deref(), &company.company_id))
}

/// A company's name as a quiet link within a line.
pub fn company_link(company: &CompanyName) -> Markup {
    html! {
        a.quiet href=(links::company(&company.company_id)) {
            (company_text(company))
        }
    }
}

/// The second line of a user: the id where the name is not it, and the current company.
pub fn user_second_line(user: &UserRow) -> Markup {
    let name = user_name(user);
    let id = user.user_id.as_deref();
    html! {
        @match id {
            None => "e-mail only",
            Some(id) if id == name => "known by id only",
            Some(id) => (values::name(id)),
        }
        @if let Some(company) = &user.company { " · " (company_text(company)) }
        @if user.companies > 1 { " +" (user.companies - 1) }
    }
}

/// The second line of a company: the id where the name is not it, and its domain.
pub fn company_second_line(company_id: &str, name: Option<&str>, domain: Option<&str>) -> Markup {
    html! {
        @if company_name(name, company_id) == company_id { "known by id only" } @else { (values::name(company_id)) }
        @if let Some(domain) = domain { " · " (values::name(domain)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initials_are_of_the_first_and_the_last_word() {
        assert_eq!(initials("Marta Lindqvist", 2), "ML");
        assert_eq!(initials("Maria del Carmen Ortega", 2), "MO");
        assert_eq!(initials("marta.berg@kestrel.example", 2), "MB");
        assert_eq!(initials("u_30418", 2), "U3");
        assert_eq!(initials("Kestrel Electrical", 1), "K");
        assert_eq!(initials("ليلى حداد", 2), "لح");
        assert_eq!(initials("***", 2), "?");
        assert_eq!(initials("", 2), "?");
    }
}
