//! What happens on a day of the story.

use serde_json::json;

use super::cast::{Cast, Course, DAYS, Person};
use super::chance::Chance;
use super::{ByHand, Deed, Sender, What, said, words};
use crate::domain::ids::{AnonymousId, CompanyId, UserId};
use crate::domain::message::{CompanyStatement, Kind, Message, Standing};
use crate::domain::time::{DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS};

/// Days between two counts of quotes by the back end.
const COUNTED_EVERY_DAYS: i64 = 7;
/// People for whom one visitor a day comes whom nobody knows.
const PEOPLE_A_VISITOR: usize = 120;
/// Hours of UTC in which people work, where the sun stands as in Greenwich.
const WORKING_HOURS: (i64, i64) = (7, 18);

/// A day that is being told.
pub struct Day<'a> {
    /// Who plays.
    pub cast: &'a Cast,
    /// Which day of the story it is; the last one is today.
    pub number: i64,
    /// When it begins, Unix milliseconds.
    pub start_ms: i64,
    /// Its chance.
    pub chance: &'a mut Chance,
    /// What happens, in any order.
    pub deeds: Vec<Deed>,
}

impl Day<'_> {
    /// All that happens.
    pub fn tell(&mut self) {
        self.sync();
        for (at, person) in self.cast.people.iter().enumerate() {
            self.person(at, person);
        }
        self.customers();
        self.visitors();
        self.by_hand();
        self.refused();
    }

    fn say(&mut self, sender: Sender, message: Message) {
        let at_ms = message.timestamp_ms.unwrap_or(self.start_ms);
        self.deeds.push(Deed { at_ms, what: What::Said(sender, Box::new(message)) });
    }

    /// Some time of the working day.
    fn some_time(&mut self) -> i64 {
        self.start_ms + self.chance.between(WORKING_HOURS.0 * HOUR_MS, WORKING_HOURS.1 * HOUR_MS)
    }

    /// On the first day the back end says all that it knew before.
    fn sync(&mut self) {
        if self.number > 0 {
            return;
        }
        let (cast, mut at_ms) = (self.cast, self.start_ms + HOUR_MS);
        for firm in cast.firms.iter().filter(|firm| firm.begins == 0) {
            at_ms += SECOND_MS / 5;
            let message = said::customer(at_ms, firm, firm.plan, firm.seats, self.chance);
            self.say(Sender::BackEnd, message);
        }
        for person in cast.people.iter().filter(|person| person.begins == 0 && person.user_id.is_some()) {
            at_ms += SECOND_MS / 5;
            let message = said::account(at_ms, person, person.firm.map(|firm| &cast.firms[firm]), self.chance);
            self.say(Sender::BackEnd, message);
        }
    }

    fn person(&mut self, at: usize, person: &Person) {
        let (cast, number) = (self.cast, self.number);
        if number < person.begins {
            return;
        }
        let firm = person.firm.map(|firm| &cast.firms[firm]);
        if number == person.begins && (number > 0 || person.user_id.is_none()) {
            self.arrives(person);
        } else if self.comes(person) {
            let sessions = if self.chance.happens(0.2) { 2 } else { 1 };
            for _ in 0..sessions {
                let start_ms = self.some_time();
                self.session(person, start_ms);
            }
        }
        let Some(firm) = firm else { return };
        if person.leaves == Some(number) {
            let at_ms = self.some_time();
            self.say(Sender::BackEnd, said::leaves(at_ms, person, firm));
        } else if let Some(second) = person.second_firm.filter(|_| number == person.begins + 3) {
            let at_ms = self.some_time();
            self.say(Sender::App, said::helps_out(at_ms, person, &cast.firms[second]));
        } else if person.role == "Member" && at % 60 == 7 && number == person.begins + 40 {
            let at_ms = self.some_time();
            self.say(Sender::BackEnd, said::role(at_ms, person, firm, "Admin"));
        }
        if person.zeal > 0.8 && number % COUNTED_EVERY_DAYS == at as i64 % COUNTED_EVERY_DAYS {
            let night_ms = self.start_ms + 2 * HOUR_MS + self.chance.between(0, HOUR_MS);
            self.say(Sender::BackEnd, said::counted(night_ms, person, 40 + at as i64 % 900 + number * 3));
        }
    }

    /// Whether somebody comes today.
    fn comes(&mut self, person: &Person) -> bool {
        let progress = self.number as f64 / DAYS as f64;
        let firm = person.firm.map(|firm| &self.cast.firms[firm]);
        let course = match firm.map(|firm| firm.course) {
            Some(Course::Growing) => 0.35 + 0.75 * progress,
            Some(Course::Shrinking) => 1.1 - 0.95 * progress,
            Some(Course::Stopped(day)) if self.number >= day => 0.0,
            Some(Course::Never) => 0.0,
            Some(Course::Steady | Course::Stopped(_)) | None => 0.85,
        };
        let weekday = (self.start_ms / DAY_MS + 4) % 7;
        let week = if weekday == 0 || weekday == 6 { 0.12 } else { 1.0 };
        let gone = person.leaves.is_some_and(|day| self.number >= day);
        !gone && self.chance.happens(person.zeal * course * week)
    }

    /// Somebody comes for the first time: looks at the website, then signs up or leaves an address.
    fn arrives(&mut self, person: &Person) {
        let start_ms = self.some_time();
        let (browser, agent) = &person.browsers[0];
        let way = self.chance.place(words::WAYS_HERE.len());
        for page in 0..self.chance.between(1, 4) {
            let at_ms = start_ms + page * MINUTE_MS;
            let message =
                said::visit(at_ms, browser, (*agent, person.country), (page == 0).then_some(way), self.chance);
            self.say(Sender::Website, message);
        }
        let at_ms = start_ms + 6 * MINUTE_MS;
        if person.user_id.is_none() {
            return self.say(Sender::Website, said::lead(at_ms, person, 0));
        }
        let firm = person.firm.map(|firm| &self.cast.firms[firm]);
        let message = said::identify(at_ms, person, 0, firm, self.chance);
        self.say(Sender::App, message);
        if firm.is_some_and(|firm| firm.course != Course::Never) && person.zeal > 0.0 {
            self.session(person, at_ms + MINUTE_MS);
        }
    }

    /// Somebody uses the program for a while.
    fn session(&mut self, person: &Person, start_ms: i64) {
        let browser = if self.chance.happens(0.8) { 0 } else { person.browsers.len() - 1 };
        if person.user_id.is_none() {
            let message =
                said::visit(start_ms, &person.browsers[0].0, (person.browsers[0].1, person.country), None, self.chance);
            return self.say(Sender::Website, message);
        }
        let cast = self.cast;
        let company = match (person.firm, person.second_firm) {
            (Some(_), Some(second)) if self.chance.happens(0.3) => Some(&cast.firms[second].id),
            // The page forgot to say in which of the two it is.
            (Some(_), Some(_)) if self.chance.happens(0.15) => None,
            (firm, _) => firm.map(|firm| &cast.firms[firm].id),
        };
        let deeds = self.chance.between(1, if person.zeal > 0.8 { 7 } else { 4 });
        let mut at_ms = start_ms;
        for _ in 0..deeds {
            let message = said::activity(at_ms, start_ms, person, browser, company, self.chance);
            self.say(Sender::App, message);
            at_ms += self.chance.between(15 * SECOND_MS, 5 * MINUTE_MS);
        }
    }

    /// Those who are there as the story ends.
    pub fn here_now(&mut self, now_ms: i64) {
        let cast = self.cast;
        let working = |person: &&Person| person.zeal > 0.3 && person.leaves.is_none() && person.begins < self.number;
        let still = |person: &&Person| {
            person.firm.is_some_and(|firm| !matches!(cast.firms[firm].course, Course::Stopped(_) | Course::Never))
        };
        let here: Vec<&Person> = cast.people.iter().filter(working).filter(still).collect();
        for _ in 0..(here.len() / 40).clamp(here.len().min(1), 20) {
            let person = *self.chance.pick(&here);
            let start_ms = now_ms - self.chance.between(MINUTE_MS, 12 * MINUTE_MS);
            self.session(person, start_ms);
        }
    }

    /// The back end says that a customer is new, or pays for something else from today on.
    fn customers(&mut self) {
        let cast = self.cast;
        for firm in &cast.firms {
            let at_ms = self.start_ms + 19 * HOUR_MS;
            if firm.begins == self.number && self.number > 0 {
                let message = said::customer(at_ms, firm, firm.plan, firm.seats, self.chance);
                self.say(Sender::BackEnd, message);
            }
            if let Some((_, plan)) = firm.turn.filter(|(day, _)| *day == self.number) {
                let seats = if firm.course == Course::Growing { firm.seats + 10 } else { (firm.seats / 2).max(1) };
                let message = said::customer(at_ms, firm, plan, seats, self.chance);
                self.say(Sender::BackEnd, message);
            }
        }
    }

    /// Visitors of the website whom nobody knows.
    fn visitors(&mut self) {
        for _ in 0..(self.cast.people.len() / PEOPLE_A_VISITOR).max(1) {
            let browser = AnonymousId::stored(self.chance.browser_id());
            let agent = (self.chance.place(words::AGENTS.len()), self.chance.place(words::COUNTRIES.len()));
            let way = self.chance.place(words::WAYS_HERE.len());
            let start_ms = self.some_time();
            for page in 0..self.chance.between(1, 4) {
                let at_ms = start_ms + page * MINUTE_MS;
                let message = said::visit(at_ms, &browser, agent, (page == 0).then_some(way), self.chance);
                self.say(Sender::Website, message);
            }
        }
    }

    /// What Quayside's own people write down.
    fn by_hand(&mut self) {
        let cast = self.cast;
        let known: Vec<usize> = (0..cast.firms.len()).filter(|at| cast.firms[*at].begins < self.number).collect();
        if known.is_empty() {
            return;
        }
        let a_day = cast.firms.len() as f64 / DAYS as f64;
        for (share, deed) in [(0.4, 0), (0.25, 1), (0.2, 2), (0.08, 3)] {
            let times = a_day * share;
            let times = times as u32 + u32::from(self.chance.happens(times.fract()));
            for _ in 0..times {
                let firm = &cast.firms[*self.chance.pick(&known)];
                let hand = match deed {
                    0 => ByHand::Owner,
                    1 => ByHand::Tags(vec![(*self.chance.pick(words::TAGS)).to_owned()]),
                    2 => {
                        let (text, next_days) = *self.chance.pick(words::NOTES);
                        ByHand::Note { text, next_ms: next_days.map(|days| self.start_ms + days * DAY_MS) }
                    }
                    _ => ByHand::Pinned(said::fields(json!({"industry": firm.industry}))),
                };
                let (at_ms, operator) = (self.some_time(), self.chance.place(2));
                self.deeds.push(Deed { at_ms, what: What::Hand { company: firm.id.clone(), operator, hand } });
            }
        }
    }

    /// What is wrong with what the pages send.
    fn refused(&mut self) {
        let cast = self.cast;
        let Some(person) = cast.people.iter().find(|person| person.firm.is_some() && person.begins == 0) else {
            return;
        };
        let firm = &cast.firms[person.firm.unwrap_or_default()];
        if self.number % 3 == 1 {
            // The field is free text in the settings page.
            let at_ms = self.some_time();
            let mut message = said::role(at_ms, person, firm, person.role);
            message.companies[0].attributes = said::fields(json!({"employees": "about 40"}));
            self.say(Sender::App, message);
        }
        if self.number % 4 == 2 {
            let at_ms = self.some_time();
            let mut message = Message { user_id: person.user_id.clone(), ..Message::new(Kind::Identify) };
            message.timestamp_ms = Some(at_ms);
            message.traits = said::fields(json!({"email": "n/a", "locale": "en-GB"}));
            self.say(Sender::App, message);
        }
        if self.number > DAYS - 20 {
            let at_ms = self.some_time();
            self.deeds.push(Deed { at_ms, what: What::Unreadable });
        }
        if self.number > DAYS - 6
            && let Some(alone) = cast.people.iter().find(|person| person.firm.is_none() && person.user_id.is_some())
        {
            // The help centre knows the firm's name alone.
            let at_ms = self.some_time();
            let nameless = CompanyStatement {
                company_id: None,
                standing: Standing::Joins,
                attributes: said::fields(json!({"name": "Larkspur Floors"})),
                membership: serde_json::Map::new(),
            };
            let message = Message {
                user_id: alone.user_id.clone(),
                timestamp_ms: Some(at_ms),
                companies: vec![nameless],
                ..Message::new(Kind::Identify)
            };
            self.say(Sender::HelpCentre, message);
        }
        self.twins();
    }

    /// Accounts that somebody made twice, and a firm whose id came in two ways.
    fn twins(&mut self) {
        let cast = self.cast;
        let day = [30, 52, 71].iter().position(|day| *day == self.number);
        let employed = || cast.people.iter().filter(|person| person.email.is_some() && person.firm.is_some());
        let Some(person) = day.and_then(|at| employed().nth(at * 3 + 1)) else { return };
        let at_ms = self.some_time();
        let mut message = said::account(at_ms, person, None, self.chance);
        message.user_id = UserId::parse(&format!("u_9{:04}", self.number)).ok().flatten();
        self.say(Sender::BackEnd, message);
        if self.number == 52
            && let Some(firm) = cast.firms.first()
        {
            let mut message = said::customer(at_ms, firm, firm.plan, firm.seats, self.chance);
            message.companies[0].company_id = CompanyId::parse(&firm.id.as_str().to_uppercase()).ok().flatten();
            message.companies[0].attributes.remove("domain");
            self.say(Sender::BackEnd, message);
        }
    }
}
