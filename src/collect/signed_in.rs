//! One address from which users of many companies are named within an hour: colleagues who sign in as customers, it
//! may be.
//!
//! The browser does not tell: whoever is another user gets another anonymous id (R3, R4). So the address does, in
//! memory alone, and it decides nothing (R6).

use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;

use actix_web::HttpRequest;

use super::posts::Read;
use super::senders::Sender;
use crate::domain::access::Grade;
use crate::domain::ids::excerpt;
use crate::domain::message::{Kind, Message};
use crate::domain::time::HOUR_MS;
use crate::http::client;

/// Users of so many companies, each another user, are many.
const COMPANIES_MANY: usize = 5;
/// Companies that are named as examples.
const EXAMPLES: usize = 3;
/// Addresses remembered at most, each for an hour.
const HELD_MAX: usize = 1_000;

/// Who was named from which address.
#[derive(Default)]
pub struct SignedIn {
    held: RefCell<HashMap<IpAddr, Named>>,
    /// Users are held as hashes that nobody outside of this process can make.
    hashes: RandomState,
}

/// Users of different companies, from the first of them on for an hour.
struct Named {
    since_ms: i64,
    people: Vec<(u64, String)>,
}

impl SignedIn {
    /// The companies of which users were named from the address of this request, once they are many.
    pub(super) fn odd(&self, request: &HttpRequest, sender: Sender, messages: &[Read], now_ms: i64) -> Option<String> {
        if sender.grade != Grade::Unsigned || !sender.keeps {
            return None;
        }
        let mut found = None;
        for (_, message) in messages {
            let Some((user, company)) = message.as_ref().ok().and_then(user_of_company) else { continue };
            // Behind a proxy that is not set up everybody has one address; so has an office whose server it is.
            let address = client::address(request);
            if client::is_near(address) || client::proxy_trouble(request).is_some() {
                return None;
            }
            found = self.named(client::household(address), user, company, now_ms).or(found);
        }
        found
    }

    fn named(&self, address: IpAddr, user: &str, company: &str, now_ms: i64) -> Option<String> {
        let mut held = self.held.borrow_mut();
        let is_of_this_hour = |named: &Named| (0..HOUR_MS).contains(&(now_ms - named.since_ms));
        if held.len() >= HELD_MAX && !held.contains_key(&address) {
            held.retain(|_, named| is_of_this_hour(named));
            if held.len() >= HELD_MAX {
                return None;
            }
        }
        let named = held.entry(address).or_insert_with(|| Named { since_ms: now_ms, people: Vec::new() });
        if !is_of_this_hour(named) {
            *named = Named { since_ms: now_ms, people: Vec::new() };
        }
        let user = self.hashes.hash_one(user);
        let is_new = named.people.iter().all(|(known, of)| *known != user && of != company);
        if !is_new || named.people.len() >= COMPANIES_MANY {
            return None;
        }
        named.people.push((user, company.to_owned()));
        (named.people.len() == COMPANIES_MANY).then(|| {
            let some: Vec<String> = named.people[..EXAMPLES].iter().map(|(_, company)| excerpt(company)).collect();
            format!("{} and others", some.join(", "))
        })
    }
}

/// The user and the company that a message of a page says anew, not as staff who look at a customer.
fn user_of_company(message: &Message) -> Option<(&str, &str)> {
    if message.acting_as || !matches!(message.kind, Kind::Identify | Kind::Group) {
        return None;
    }
    let company = message.companies.iter().find_map(|company| company.company_id.as_ref())?;
    Some((message.user_id.as_ref()?.as_str(), company.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_000_000;

    fn address(number: u8) -> IpAddr {
        IpAddr::from([203, 0, 113, number])
    }

    #[test]
    fn five_users_of_five_companies_from_one_address_within_an_hour_are_told_once() {
        let seen = SignedIn::default();
        let names = |number: i64| seen.named(address(1), &format!("u{number}"), &format!("c{number}"), NOW + number);
        for number in 0..4 {
            assert_eq!(names(number), None);
            assert_eq!(names(number), None, "said again");
        }
        assert_eq!(seen.named(address(1), "u9", "c0", NOW), None, "a colleague of one of them");
        assert_eq!(seen.named(address(1), "u0", "c9", NOW), None, "one who has two companies");
        assert_eq!(seen.named(address(2), "u9", "c9", NOW), None, "elsewhere");
        assert_eq!(names(4).as_deref(), Some("c0, c1, c2 and others"));
        assert_eq!(names(5), None, "told for this hour");
    }

    #[test]
    fn an_hour_later_it_begins_anew_and_addresses_are_bounded() {
        let seen = SignedIn::default();
        for number in 0..4 {
            seen.named(address(1), &format!("u{number}"), &format!("c{number}"), NOW);
        }
        assert_eq!(seen.named(address(1), "u4", "c4", NOW + HOUR_MS), None);
        for number in 0..2 * HELD_MAX as u32 {
            seen.named(IpAddr::from(number.to_be_bytes()), "u", "c", NOW + HOUR_MS);
        }
        assert_eq!(seen.held.borrow().len(), HELD_MAX);
    }
}
