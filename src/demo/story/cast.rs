//! Who plays: firms, each on a course of its own, and their people.

use std::collections::HashSet;

use super::Scale;
use super::chance::Chance;
use super::words;
use crate::domain::ids::{AnonymousId, CompanyId, UserId};
use crate::domain::time::DAY_MS;

/// Days of the story; the last one is today.
pub const DAYS: i64 = 91;

/// Where a firm is going.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Course {
    /// As ever.
    Steady,
    /// More people, more often.
    Growing,
    /// Fewer people, less often.
    Shrinking,
    /// As ever, until nobody came any more from a day of the story on.
    Stopped(i64),
    /// Its people are known, and none of them ever came.
    Never,
}

/// A customer.
pub struct Firm {
    /// Its id at Quayside.
    pub id: CompanyId,
    /// What it is called.
    pub name: String,
    /// Its website and the host of its addresses.
    pub domain: String,
    /// What it does.
    pub industry: &'static str,
    /// Which of the countries it is in.
    pub country: usize,
    /// Where it is going.
    pub course: Course,
    /// The day of the story on which it is first heard of.
    pub begins: i64,
    /// When it became a customer, Unix milliseconds.
    pub created_ms: i64,
    /// People who work there.
    pub employees: i64,
    /// What it pays for.
    pub plan: &'static str,
    /// For how many people it pays.
    pub seats: i64,
    /// The day on which its plan changes, and to which.
    pub turn: Option<(i64, &'static str)>,
}

/// Somebody who uses the program, or thinks of it.
pub struct Person {
    /// The id at Quayside; none of a lead.
    pub user_id: Option<UserId>,
    /// First and last name.
    pub name: String,
    /// E-mail address, where there is one.
    pub email: Option<String>,
    /// What they do for a living.
    pub title: &'static str,
    /// What they may do in the program.
    pub role: &'static str,
    /// The firm they work for.
    pub firm: Option<usize>,
    /// Another firm that they help out.
    pub second_firm: Option<usize>,
    /// The day of the story on which they are first heard of.
    pub begins: i64,
    /// The day on which they leave the firm.
    pub leaves: Option<i64>,
    /// When their account was made, Unix milliseconds.
    pub created_ms: i64,
    /// How likely they come on a working day.
    pub zeal: f64,
    /// Their browsers: the id, and which of the agents it is.
    pub browsers: Vec<(AnonymousId, usize)>,
    /// Which of the countries they are in.
    pub country: usize,
}

/// All who play.
pub struct Cast {
    /// Customers.
    pub firms: Vec<Firm>,
    /// People, those of one firm one after the other.
    pub people: Vec<Person>,
}

/// The share of people who are known by an e-mail address alone.
const LEADS: f64 = 0.03;
/// Leads come from so many firms.
const LEADS_FIRMS: usize = 9;
/// The share of people whose company nobody has said.
const WITHOUT_FIRM: f64 = 0.03;

impl Cast {
    /// The cast of a story of so many firms and people, whose first day begins at an instant.
    pub fn of(scale: Scale, start_ms: i64, chance: &mut Chance) -> Cast {
        let firms = firms(scale.companies, start_ms, chance);
        let aside = |share: f64| (f64::from(scale.users) * share) as usize;
        let (leads, alone) = (aside(LEADS), aside(WITHOUT_FIRM));
        let employed = (scale.users as usize).saturating_sub(leads + alone);
        let mut cast = Cast { firms, people: Vec::with_capacity(scale.users as usize) };
        let mut names = Names::default();
        for (firm, people) in sizes(employed, cast.firms.len()).into_iter().enumerate() {
            for place in 0..people {
                let person = employee(&cast, firm, place, start_ms, &mut names, chance);
                cast.people.push(person);
            }
            let seats = people as i64;
            cast.firms[firm].employees = seats * 2 + chance.between(0, 1 + seats * 3);
            cast.firms[firm].seats = (seats * 6 / 5).div_euclid(5) * 5 + 5;
        }
        for place in 0..leads + alone {
            let person = loner(place < leads, place, start_ms, &mut names, chance);
            cast.people.push(person);
        }
        cast.number();
        cast
    }

    /// Ids follow the order in which accounts were made, as a table's row numbers do.
    fn number(&mut self) {
        let mut order: Vec<usize> = (0..self.people.len()).filter(|at| self.people[*at].user_id.is_some()).collect();
        order.sort_by_key(|at| self.people[*at].created_ms);
        for (number, at) in order.into_iter().enumerate() {
            self.people[at].user_id = UserId::parse(&format!("u_{}", 10_001 + number)).ok().flatten();
        }
    }
}

fn firms(count: u32, start_ms: i64, chance: &mut Chance) -> Vec<Firm> {
    let names: Vec<&str> = words::FIRM_NAMES.split(", ").collect();
    let mut taken = HashSet::new();
    let mut firms = Vec::with_capacity(count as usize);
    for number in 0..i64::from(count) {
        let (name, industry) = loop {
            let (trade, industry) = *chance.pick(words::TRADES);
            let name = format!("{} {trade}", chance.pick(&names));
            // There are some two thousand names; of more firms than that some share one.
            if taken.insert(name.clone()) || taken.len() * 2 > names.len() * words::TRADES.len() {
                break (name, industry);
            }
        };
        let (course, begins) = course(number, chance);
        let plan =
            if begins > DAYS - 15 { "Trial" } else { *chance.pick(&["Starter", "Starter", "Pro", "Pro", "Business"]) };
        let begins_ms = start_ms + begins * DAY_MS;
        let created_ms = if begins > 0 { begins_ms } else { start_ms - chance.between(1, 900) * DAY_MS };
        let turn = match course {
            Course::Growing if plan == "Starter" => Some((chance.between(50, DAYS - 1), "Pro")),
            Course::Growing => Some((chance.between(50, DAYS - 1), "Business")),
            Course::Shrinking if plan != "Starter" => Some((chance.between(60, DAYS - 1), "Starter")),
            _ => None,
        };
        firms.push(Firm {
            id: CompanyId::stored(format!("org_{}", 1_000 + number)),
            domain: format!("{}.example", slug(&name)),
            name,
            industry,
            country: chance.place(words::COUNTRIES.len()),
            course,
            begins,
            created_ms,
            employees: 0,
            plan,
            seats: 0,
            turn: turn.filter(|(day, to)| *day > begins && *to != plan),
        });
    }
    firms
}

/// Where a firm is going, and since which day it is there: of ten firms each tells its own story.
fn course(number: i64, chance: &mut Chance) -> (Course, i64) {
    match number % 20 {
        0..=2 => (Course::Growing, 0),
        3..=5 => (Course::Shrinking, 0),
        6..=7 => (Course::Stopped(DAYS - chance.between(9, 28)), 0),
        8 => (Course::Stopped(DAYS - chance.between(34, 80)), 0),
        9 => (Course::Steady, DAYS - chance.between(2, 14)),
        10 => (Course::Growing, DAYS - chance.between(16, 70)),
        11 if number % 40 == 11 => (Course::Never, 0),
        _ => (Course::Steady, 0),
    }
}

/// How many people each firm has: a few have very many, most have a handful.
fn sizes(people: usize, firms: usize) -> Vec<usize> {
    let weight = |rank: usize| (rank as f64 + 4.0).powf(-0.75);
    // Ranks are spread over the courses: 7 is prime to any round number of firms.
    let rank = |firm: usize| if firms.is_multiple_of(7) { firm } else { firm * 7 % firms };
    let all: f64 = (0..firms).map(weight).sum();
    let mut sizes: Vec<usize> =
        (0..firms).map(|firm| ((people as f64 * weight(rank(firm)) / all) as usize).max(1)).collect();
    let left = people.saturating_sub(sizes.iter().sum());
    for at in 0..left {
        sizes[at % firms] += 1;
    }
    sizes
}

/// Names that are not given twice.
#[derive(Default)]
struct Names {
    taken: HashSet<String>,
}

impl Names {
    /// A name, and what stands before the @ of its address.
    fn next(&mut self, chance: &mut Chance) -> (String, String) {
        let first: Vec<&str> = words::FIRST_NAMES.split(", ").collect();
        let last: Vec<&str> = words::LAST_NAMES.split(", ").collect();
        let (first, last) = (*chance.pick(&first), *chance.pick(&last));
        let mailbox = format!("{}.{}", slug(first), slug(last));
        let mut unlike = mailbox.clone();
        let mut number = 2;
        while !self.taken.insert(unlike.clone()) {
            unlike = format!("{mailbox}{number}");
            number += 1;
        }
        (format!("{first} {last}"), unlike)
    }
}

fn employee(cast: &Cast, at: usize, place: usize, start_ms: i64, names: &mut Names, chance: &mut Chance) -> Person {
    let firm = &cast.firms[at];
    let comes_later = match firm.course {
        _ if place == 0 => 0.0,
        Course::Growing => 0.4,
        Course::Never => 0.0,
        _ if firm.begins > 0 => 0.7,
        _ => 0.08,
    };
    let ends = if let Course::Stopped(day) = firm.course { day } else { DAYS - 1 };
    let begins =
        if chance.happens(comes_later) { chance.between(firm.begins.max(20).min(ends - 1), ends) } else { firm.begins };
    let goes = match firm.course {
        _ if place == 0 => 0.0,
        Course::Shrinking => 0.25,
        _ => 0.03,
    };
    let leaves = chance.happens(goes).then(|| chance.between(begins.max(30) + 1, DAYS)).filter(|day| *day < DAYS);
    let zeal = match chance.between(0, 100) {
        _ if firm.course == Course::Never => 0.0,
        _ if place == 0 => 0.92,
        0..=3 => 0.9,
        4..=23 => 0.3,
        24..=62 => 0.08,
        63..=92 => 0.02,
        _ => 0.0,
    };
    let (name, mailbox) = names.next(chance);
    let long_ago = firm.created_ms + chance.between(0, (start_ms - firm.created_ms).max(1));
    Person {
        user_id: Some(UserId::stored(String::new())),
        name,
        email: Some(format!("{mailbox}@{}", firm.domain)),
        title: if place == 0 { "Operations lead" } else { title(chance) },
        role: match place {
            0 => "Admin",
            _ => chance.pick::<&str>(&["Member", "Member", "Member", "Member", "Admin", "Guest"]),
        },
        firm: Some(at),
        second_firm: (chance.happens(0.03) && at > 0).then(|| chance.place(at)),
        begins,
        leaves,
        created_ms: if begins > 0 { start_ms + begins * DAY_MS } else { long_ago },
        zeal,
        browsers: browsers(chance),
        country: firm.country,
    }
}

/// Somebody of no firm that anybody has named: a lead, or a user.
fn loner(is_lead: bool, place: usize, start_ms: i64, names: &mut Names, chance: &mut Chance) -> Person {
    let (name, mailbox) = names.next(chance);
    let begins = chance.between(0, DAYS - 1);
    let host = if is_lead {
        let firms: Vec<&str> = words::FIRM_NAMES.split(", ").collect();
        format!("{}-trading.example", slug(chance.pick::<&str>(&firms[..LEADS_FIRMS])))
    } else {
        (*chance.pick(words::TRYING_DOMAINS)).to_owned()
    };
    Person {
        user_id: (!is_lead).then(|| UserId::stored(String::new())),
        name,
        email: (is_lead || !place.is_multiple_of(4)).then(|| format!("{mailbox}@{host}")),
        title: title(chance),
        role: "Member",
        firm: None,
        second_firm: None,
        begins,
        leaves: None,
        created_ms: start_ms + begins * DAY_MS,
        zeal: if is_lead { 0.02 } else { 0.1 },
        browsers: browsers(chance),
        country: chance.place(words::COUNTRIES.len()),
    }
}

fn title(chance: &mut Chance) -> &'static str {
    let titles: Vec<&'static str> = words::TITLES.split(", ").collect();
    chance.pick::<&str>(&titles)
}

fn browsers(chance: &mut Chance) -> Vec<(AnonymousId, usize)> {
    let count = if chance.happens(0.3) { 2 } else { 1 };
    let mut browser = || (AnonymousId::stored(chance.browser_id()), chance.place(words::AGENTS.len()));
    (0..count).map(|_| browser()).collect()
}

/// A text as it stands in an address: plain letters and dashes.
pub fn slug(text: &str) -> String {
    use unicode_normalization::UnicodeNormalization;
    let mut slug = String::with_capacity(text.len());
    for letter in text.nfd().flat_map(char::to_lowercase) {
        match letter {
            'a'..='z' | '0'..='9' => slug.push(letter),
            'ø' => slug.push('o'),
            'ł' => slug.push('l'),
            'ı' => slug.push('i'),
            ' ' | '-' if !slug.ends_with('-') => slug.push('-'),
            _ => {}
        }
    }
    slug
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_makes_the_same_cast_of_the_size_asked_for() {
        let scale = Scale { companies: 40, users: 500 };
        let cast = |seed| Cast::of(scale, 1_780_000_000_000, &mut Chance::of_seed(seed));
        let (one, again, other) = (cast(1), cast(1), cast(2));
        assert_eq!((one.firms.len(), one.people.len()), (40, 500));
        let names = |cast: &Cast| cast.people.iter().map(|person| person.name.clone()).collect::<Vec<_>>();
        assert_eq!(names(&one), names(&again));
        assert_ne!(names(&one), names(&other));
        let mut emails: Vec<_> = one.people.iter().filter_map(|person| person.email.clone()).collect();
        let count = emails.len();
        emails.sort();
        emails.dedup();
        assert_eq!(emails.len(), count, "no two people have one address");
    }

    #[test]
    fn addresses_are_plain_letters() {
        assert_eq!(slug("Łukasz Yılmaz"), "lukasz-yilmaz");
        assert_eq!(slug("Alder & Finch HVAC"), "alder-finch-hvac");
        assert_eq!(slug("O’Brien"), "obrien");
    }
}
