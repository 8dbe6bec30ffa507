//! Addresses. The address bar is the state, and an id of the site may hold anything.

use std::fmt::Write as _;

use crate::domain::attributes::Owner;
use crate::domain::filter::{Filter, Listed};

/// A text as one segment of a path or one value of a query.
pub fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            write!(encoded, "%{byte:02X}").expect("a String takes all text");
        }
    }
    encoded
}

/// A page of one thing. Browsers take `.` and `..` for steps within a path, however
/// they are encoded, so these two go in the query.
fn one(list: &str, id: &str) -> String {
    match id {
        "." | ".." => format!("{list}?id={id}"),
        // Names of our own pages.
        "suggested" | "duplicates" => format!("{list}?id={id}"),
        _ => format!("{list}/{}", encode(id)),
    }
}

/// A user's page, by the site's id, else ours.
pub fn user(user_id: Option<&str>, id: &str) -> String {
    one("/users", user_id.unwrap_or(id))
}

/// A company's page.
pub fn company(company_id: &str) -> String {
    one("/companies", company_id)
}

/// The page that merges another company into one.
pub fn company_merge(company_id: &str) -> String {
    match company_id {
        "." | ".." => format!("/companies//merge?id={company_id}"),
        _ => format!("/companies/{}/merge", encode(company_id)),
    }
}

/// A segment's page.
pub fn segment(segment_id: &str) -> String {
    one("/segments", segment_id)
}

/// The list of those who are in a segment.
pub fn in_segment(listed: Listed, segment_id: &str) -> String {
    with_query(&format!("/{}", listed.as_str()), &[("f", Some(&format!("segment:is:{segment_id}")))])
}

/// The list of those whom an import made or changed.
pub fn of_import(listed: Listed, number: i64) -> String {
    with_query(&format!("/{}", listed.as_str()), &[("f", Some(&format!("import:is:{number}")))])
}

/// The page that saves a filter of a list as a segment.
pub fn save_segment(listed: Listed, filter: &Filter) -> String {
    format!("/segments/save?list={}&{}", listed.as_str(), filter.query())
}

/// An attribute's page. Its name may hold anything that an id may.
pub fn attribute(owner: Owner, name: &str) -> String {
    below("/attributes", owner, name)
}

/// The call of the API that answers an attribute.
pub fn attribute_api(owner: Owner, name: &str) -> String {
    below("/api/v1/attributes", owner, name)
}

fn below(list: &str, owner: Owner, name: &str) -> String {
    let list = format!("{list}/{}", owner.as_str());
    match name {
        "." | ".." => format!("{list}/?name={name}"),
        _ => format!("{list}/{}", encode(name)),
    }
}

/// What waits in the tray under a name.
pub fn tray(owner: Owner, name: &str) -> String {
    with_query("/refusals/tray", &[("owner", Some(owner.as_str())), ("name", Some(name))])
}

/// The call of the API that answers a user.
pub fn user_api(user_id: Option<&str>, id: &str) -> String {
    match user_id {
        Some(user_id) => one("/api/v1/users", user_id),
        None => format!("/api/v1/users/{}?by=id", encode(id)),
    }
}

/// The call of the API that answers a company.
pub fn company_api(company_id: &str) -> String {
    one("/api/v1/companies", company_id)
}

/// An address with a query of what is set.
pub fn with_query(path: &str, pairs: &[(&str, Option<&str>)]) -> String {
    let mut address = path.to_owned();
    for (name, value) in pairs {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            address.push(if address.contains('?') { '&' } else { '?' });
            address.push_str(name);
            address.push('=');
            address.push_str(&encode(value));
        }
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_of_a_site_stays_one_segment() {
        assert_eq!(user(Some("a/b c%?#"), "x"), "/users/a%2Fb%20c%25%3F%23");
        assert_eq!(user(Some("Åsa"), "x"), "/users/%C3%85sa");
        assert_eq!(user(None, "0190-x"), "/users/0190-x");
        assert_eq!(company(".."), "/companies?id=..");
        assert_eq!(user_api(None, "0190-x"), "/api/v1/users/0190-x?by=id");
    }

    #[test]
    fn a_query_holds_what_is_set() {
        assert_eq!(
            with_query("/users", &[("q", Some("a b")), ("sort", None), ("after", Some("x"))]),
            "/users?q=a%20b&after=x"
        );
        assert_eq!(with_query("/users?id=..", &[("tab", Some("a"))]), "/users?id=..&tab=a");
    }
}
