//! The story: three months of a firm called Quayside and its customers, told by a seed.
//!
//! It is played through the one way in: each message goes to `actions::receive`, each deed by hand to
//! `actions::edit`, at the time at which it happens, so that history, trends and states are as they
//! would be. The file's clock goes along.
//!
//! - `words.rs` names and the like, `chance.rs` what a seed decides;
//! - `cast.rs` who plays, `day.rs` what happens on a day, `said.rs` the messages of it.

mod cast;
mod chance;
mod day;
mod said;
mod words;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use serde_json::{Map, Value};

use crate::actions::attributes::Hand;
use crate::actions::edit::{self, Absent, EditError, Wanted, notes};
use crate::actions::operators::{self, OperatorError};
use crate::actions::receive::receive;
use crate::actions::settings::set_all;
use crate::actions::sources::{self, SourceError};
use crate::domain::access::{Grade, Role};
use crate::domain::change::By;
use crate::domain::ids::{CompanyId, OperatorKey, SourceKey, UserId};
use crate::domain::message::{Delivery, Message};
use crate::domain::profile::Profile;
use crate::domain::time::{DAY_MS, rfc3339};
use crate::store::sightings::{self, Sight};
use crate::store::workspace::SetError;
use crate::store::{Ambient, Store, StoreError, Tx, companies, refusals};
use cast::{Cast, DAYS};
use chance::Chance;
use day::Day;

/// Deeds of one job of the writer: a bounded chunk.
const CHUNK_DEEDS: usize = 2_000;

/// Who signs in to look at the demo.
pub const OPERATOR: &str = "ines@quayside.example";
/// A colleague of theirs.
const COLLEAGUE: &str = "matteo@quayside.example";

/// How large the story is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scale {
    /// Companies.
    pub companies: u32,
    /// Users and leads.
    pub users: u32,
}

/// Why the story could not be told.
#[derive(Debug, thiserror::Error)]
pub enum StoryError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An operator.
    #[error(transparent)]
    Operator(#[from] OperatorError),
    /// A source.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// A setting.
    #[error(transparent)]
    Setting(#[from] SetError),
    /// Something done by hand.
    #[error(transparent)]
    Edit(#[from] EditError),
}

/// What the story leaves behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Who looks at it.
    pub operator: OperatorKey,
    /// The key of the sample site's source.
    pub write_key: String,
    /// Somebody who may sign in on the sample site, and the company.
    pub guest: Guest,
    /// Messages that were dealt with.
    pub messages: u64,
}

/// Somebody of the story who may sign in on the sample site.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Guest {
    /// The user's id.
    pub user_id: String,
    /// The user's name.
    pub name: String,
    /// The user's e-mail address.
    pub email: String,
    /// The company's id.
    pub company_id: String,
    /// The company's name.
    pub company: String,
}

/// Something that happens.
struct Deed {
    at_ms: i64,
    what: What,
}

/// What it is.
enum What {
    /// A message is sent.
    Said(Sender, Box<Message>),
    /// The website's template tag is not rendered: the door refuses the user id that it sends.
    Unreadable,
    /// One of Quayside's people, the first or the second, does something to a company.
    Hand { company: CompanyId, operator: usize, hand: ByHand },
}

/// Who sends a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sender {
    /// The program's pages.
    App,
    /// The website.
    Website,
    /// The help centre.
    HelpCentre,
    /// The back end, with a secret token.
    BackEnd,
}

/// What is done by hand to a company.
enum ByHand {
    /// Whoever does it looks after it from now on.
    Owner,
    /// It gets tags.
    Tags(Vec<String>),
    /// A note is written about it.
    Note { text: &'static str, next_ms: Option<i64> },
    /// Values are set, and pinned.
    Pinned(Map<String, Value>),
}

/// The sources of the story's senders.
#[derive(Debug, Clone, Copy)]
struct Senders {
    app: SourceKey,
    website: SourceKey,
    help_centre: SourceKey,
    back_end: SourceKey,
}

impl Senders {
    fn delivery(self, sender: Sender, at_ms: i64) -> Delivery {
        let (source, grade) = match sender {
            Sender::App => (self.app, Grade::Unsigned),
            Sender::Website => (self.website, Grade::Unsigned),
            Sender::HelpCentre => (self.help_centre, Grade::Unsigned),
            Sender::BackEnd => (self.back_end, Grade::Secret),
        };
        Delivery { source, grade, sent_at_ms: None, received_ms: at_ms }
    }
}

/// A clock that the story moves.
pub struct Clock(Arc<AtomicI64>);

impl Clock {
    /// A clock that stands at an instant, and time and chance that go by it.
    pub fn at(now_ms: i64) -> (Clock, Ambient) {
        let clock = Arc::new(AtomicI64::new(now_ms));
        let hand = Arc::clone(&clock);
        let ambient = Ambient { now_ms: Arc::new(move || hand.load(Ordering::Relaxed)), ..Ambient::default() };
        (Clock(clock), ambient)
    }

    fn set(&self, now_ms: i64) {
        self.0.store(now_ms, Ordering::Relaxed);
    }
}

/// When the story begins that ends at an instant: at the beginning of a day, Unix milliseconds.
pub fn start_ms(end_ms: i64) -> i64 {
    (end_ms.div_euclid(DAY_MS) - DAYS + 1) * DAY_MS
}

/// Tells the story into an empty file, whose clock goes along, up to an instant. Pages of `origin` may
/// send for the program.
///
/// # Errors
/// [`StoryError`].
pub async fn tell(
    store: &Store,
    clock: &Clock,
    (scale, seed): (Scale, u64),
    end_ms: i64,
    origin: &str,
    password: &str,
) -> Result<Told, StoryError> {
    let start_ms = start_ms(end_ms);
    clock.set(start_ms);
    let (operator, write_key, senders) = set_up(store, origin, password).await?;
    let mut chance = Chance::of_seed(seed);
    let cast = Cast::of(scale, start_ms, &mut chance);
    let mut number = 0;
    for day in 0..DAYS {
        let start_ms = start_ms + day * DAY_MS;
        let mut told = Day { cast: &cast, number: day, start_ms, chance: &mut chance, deeds: Vec::new() };
        told.tell();
        if day == DAYS - 1 {
            told.here_now(end_ms);
        }
        let mut deeds = told.deeds;
        deeds.retain(|deed| deed.at_ms <= end_ms);
        deeds.sort_by_key(|deed| deed.at_ms);
        while !deeds.is_empty() {
            let rest = deeds.split_off(deeds.len().min(CHUNK_DEEDS));
            let chunk = std::mem::replace(&mut deeds, rest);
            clock.set(chunk.last().map_or(start_ms, |deed| deed.at_ms));
            number = store.write_bulk(move |tx| play(tx, senders, chunk, number)).await?;
        }
    }
    clock.set(end_ms);
    store.write(move |tx| seen_of_late(tx, senders)).await?;
    Ok(Told { operator, write_key, guest: guest(&cast), messages: number })
}

/// Quayside sets Rollcall up: operators, sources, settings.
async fn set_up(store: &Store, origin: &str, password: &str) -> Result<(OperatorKey, String, Senders), StoryError> {
    let by = || By::Operator(OPERATOR.to_owned());
    let ines = operators::add(store, By::Shell, OPERATOR, Role::Owner, Some(password)).await?;
    operators::add(store, by(), COLLEAGUE, Role::Admin, None).await?;
    let origin = origin.to_owned();
    store
        .write(move |tx| {
            let settings = [("workspace_name", "Quayside"), ("staff_domains", "quayside.example")];
            set_all(tx, &by(), &settings)?;
            let app = sources::add(tx, &by(), "App", &[origin], &[])?.source;
            let website = sources::add(tx, &by(), "Website", &["https://www.quayside.example".to_owned()], &[])?.source;
            let help =
                sources::add(tx, &by(), "Help centre", &["https://help.quayside.example".to_owned()], &[])?.source;
            let back_end = tx.catalog().api_source().map_or(app.key, |source| source.key);
            let write_key = app.write_keys.first().cloned().unwrap_or_default();
            let senders = Senders { app: app.key, website: website.key, help_centre: help.key, back_end };
            Ok((ines.operator.key, write_key, senders))
        })
        .await
}

/// Plays what happened, each at its time; answers how many messages there were by now.
fn play(tx: &mut Tx<'_>, senders: Senders, deeds: Vec<Deed>, mut number: u64) -> Result<u64, StoryError> {
    for Deed { at_ms, what } in deeds {
        tx.now_ms = at_ms;
        match what {
            What::Said(sender, mut message) => {
                number += 1;
                message.message_id = Some(format!("story-{number}"));
                receive(tx, &senders.delivery(sender, at_ms), &mut message)?;
            }
            What::Unreadable => unreadable(tx, senders.website)?,
            What::Hand { company, operator, hand } => by_hand(tx, &company, [OPERATOR, COLLEAGUE][operator], hand)?,
        }
    }
    Ok(number)
}

/// The door reads `{{ user.id }}` where a user's id should stand, and counts what it refused.
fn unreadable(tx: &mut Tx<'_>, website: SourceKey) -> Result<(), StoreError> {
    match UserId::parse("{{ user.id }}") {
        Err(refused) => {
            let code = refused.code.as_str();
            refusals::count(tx, Some(website), code, None, &refused.detail, Some("{{ user.id }}"))
        }
        Ok(_) => Ok(()),
    }
}

fn by_hand(tx: &mut Tx<'_>, id: &CompanyId, operator: &str, deed: ByHand) -> Result<(), StoryError> {
    let Some(company) = companies::key(&tx.reader(), id.as_str())? else { return Ok(()) };
    let hand = Hand::operator(operator);
    let mut set = |wanted: Wanted| edit::company(tx, &hand, id.as_str(), &wanted, Absent::Refuse);
    match deed {
        ByHand::Owner => set(Wanted { owner: Some(Some(operator.to_owned())), ..Wanted::default() })?,
        ByHand::Tags(tags) => set(Wanted { tags: Some(tags), ..Wanted::default() })?,
        ByHand::Pinned(values) => set(Wanted { values, pinned: true, ..Wanted::default() })?,
        ByHand::Note { text, next_ms } => {
            let next_date = next_ms.map(|next_ms| rfc3339(next_ms)[..10].to_owned()).unwrap_or_default();
            let written = notes::Written { text: text.to_owned(), next_date };
            notes::add(tx, &hand, Profile::Company(company), &written)?
        }
    };
    Ok(())
}

/// The sources were seen at work until a moment ago.
fn seen_of_late(tx: &mut Tx<'_>, senders: Senders) -> Result<(), StoreError> {
    for (source, host) in [
        (senders.app, "app.quayside.example"),
        (senders.website, "www.quayside.example"),
        (senders.help_centre, "help.quayside.example"),
    ] {
        sightings::note(tx, source, Sight::Script, host)?;
        sightings::note(tx, source, Sight::Post, host)?;
    }
    Ok(())
}

/// The first person of the first firm that is as ever.
fn guest(cast: &Cast) -> Guest {
    let steady = |firm: &usize| cast.firms[*firm].course == cast::Course::Steady;
    let person = cast.people.iter().find(|person| person.firm.as_ref().is_some_and(steady) && person.begins == 0);
    let person = person.or(cast.people.first());
    person.map_or_else(Guest::default, |person| {
        let firm = person.firm.map(|firm| &cast.firms[firm]);
        Guest {
            user_id: person.user_id.as_ref().map(|id| id.as_str().to_owned()).unwrap_or_default(),
            name: person.name.clone(),
            email: person.email.clone().unwrap_or_default(),
            company_id: firm.map(|firm| firm.id.as_str().to_owned()).unwrap_or_default(),
            company: firm.map(|firm| firm.name.clone()).unwrap_or_default(),
        }
    })
}
