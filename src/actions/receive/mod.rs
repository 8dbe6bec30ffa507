//! A message arrives: the one way in, for the widget, every SDK, an import's row and the demo.
//!
//! - `proof.rs` what it proves, and what takes proof (C8);
//! - `subject.rs` who it is about (R1-R8), and the link of its browser;
//! - `values.rs` what it says of attributes (A1-A7);
//! - `companies.rs` what it says of companies (C1-C6, C11);
//! - `alias.rs` two ids that are one (R10);
//! - `plan.rs` what it would do, for whoever asks first (`dry_run`).

mod alias;
mod companies;
mod plan;
mod proof;
mod subject;
mod values;

pub use plan::{Plan, Planned, plan};

use serde_json::{Map, Value};

use crate::actions::email_domains;
use crate::domain::access::Grade;
use crate::domain::attributes::Stamp;
use crate::domain::change::{By, Change};
use crate::domain::codes::Explained;
use crate::domain::codes::warnings::Warning;
use crate::domain::email_domains::of_email;
use crate::domain::error::{Code, Refused};
use crate::domain::findings::{Finding, clock_wrong, not_rendered};
use crate::domain::first_page::FirstPage;
use crate::domain::identity::{Browser, Who};
use crate::domain::ids::{self, AnonymousId, ChangeKey, CompanyKey, EventId, SourceKey, UserKey, VisitorKey};
use crate::domain::limits::REFUSED_VALUES_MAX;
use crate::domain::message::{
    CompanyContext, Delivery, Kind, Message, Receipt, RefusedValue, Standing, Status, order_within_moment,
};
use crate::domain::proof::Proven;
use crate::domain::time::{DAY_MS, EPOCH_MS, MessageTime, message_time, rfc3339};
use crate::store::erasure::{self, Named};
use crate::store::events::{self, ACTING_AS, INACTIVE, NewEvent};
use crate::store::memberships::Open;
use crate::store::{StoreError, Tx, changes, findings, first_pages, memberships, refusals, users, visitors};

/// Why a message could not be dealt with to its end.
enum Stop {
    /// It is refused.
    Refused(Refused),
    /// The store failed.
    Store(StoreError),
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Stop {
        Stop::Store(error)
    }
}

impl From<Refused> for Stop {
    fn from(refused: Refused) -> Stop {
        Stop::Refused(refused)
    }
}

/// A message being dealt with, or something done by hand: what is known of it, and what came of it so far.
pub(super) struct Receiving<'a, 't> {
    pub(super) tx: &'a mut Tx<'t>,
    delivery: &'a Delivery,
    time: MessageTime,
    message_hash: i64,
    /// What decides between it and another of the same moment (T2).
    order: i64,
    /// Its id is remembered beside the journal, which finds a repeat only by the time that it was sent with.
    remembers: bool,
    /// Refused values are told to whoever is there to put them right, and wait nowhere.
    by_hand: bool,
    pub(super) changes: Vec<Change>,
    pub(super) refused_values: Vec<RefusedValue>,
    /// Attributes that a pin keeps as they are (A7).
    pub(super) kept: Vec<String>,
    warnings: Vec<&'static Explained>,
    /// Something but a value changed: a person or a browser came to be, a link was made.
    pub(super) news: bool,
    fresh_anonymous_id: Option<AnonymousId>,
    /// The user whose e-mail address it set or changed, and the address (C9).
    pub(super) new_email: Option<(UserKey, Option<String>)>,
    decided: Decided,
    proven: Option<Proven>,
}

/// What was decided about a message, for whoever asks why.
#[derive(Debug, Clone, Copy, Default)]
struct Decided {
    /// Its time (T1).
    at_ms: i64,
    /// Who it is, and what becomes of the browser (R1-R8).
    who: Option<(Who, Browser)>,
    subject: Subject,
    /// It has a row in the journal, for this company (C4).
    journaled: Option<EventId>,
    company: Option<CompanyKey>,
}

/// A message dealt with.
struct Dealt {
    receipt: Receipt,
    /// Its change set.
    change: Option<ChangeKey>,
    /// What is in it.
    changes: Vec<Change>,
    decided: Decided,
}

impl From<Receipt> for Dealt {
    fn from(receipt: Receipt) -> Dealt {
        Dealt { receipt, change: None, changes: Vec::new(), decided: Decided::default() }
    }
}

/// Whom a message turned out to be about: users as it names them, which the journal keeps. What is
/// true of them is read and written through merges (R11).
#[derive(Debug, Clone, Copy, Default)]
struct Subject {
    /// The user it names, by id or e-mail.
    named: Option<UserKey>,
    /// The browser it names.
    visitor: Option<VisitorKey>,
    /// Whom that browser is linked to, and from when on its events are theirs (Unix milliseconds).
    linked: Option<(UserKey, i64)>,
    /// The browser's first page view so far (Unix milliseconds; A9).
    first_page_ms: Option<i64>,
    /// It names the user by the address of a record that was merged into it, which is not the user's own (R11).
    is_merged_address: bool,
}

impl Subject {
    /// The user it speaks of at a moment: the one named, else the browser's (R2, R5).
    fn user_at(&self, at_ms: i64) -> Option<UserKey> {
        self.named.or_else(|| self.linked.filter(|(_, from_ms)| *from_ms <= at_ms).map(|(user, _)| user))
    }
}

/// Deals with one message, and says what became of it; what it said is used up. What is refused is counted.
///
/// The message stays its owner's: memory goes back to the thread that it came from, which costs less than
/// when two threads meet over it.
///
/// # Errors
/// [`StoreError`] only: nothing of the message is kept then.
pub fn receive(tx: &mut Tx<'_>, delivery: &Delivery, message: &mut Message) -> Result<Receipt, StoreError> {
    Ok(deal_with(tx, delivery, message, None)?.receipt)
}

/// A message's place among those of a file.
#[derive(Debug, Clone, Copy)]
pub struct InFile {
    /// Of two messages of one moment without ids, the one with the greater place holds: a later row.
    pub place: i64,
    /// The source within which the ids of all files count once.
    pub source_of_ids: SourceKey,
}

/// As [`receive`], of a message that a file holds, and says what changed.
///
/// # Errors
/// As [`receive`].
pub fn receive_in_file(
    tx: &mut Tx<'_>,
    delivery: &Delivery,
    mut message: Message,
    in_file: InFile,
) -> Result<(Receipt, Vec<Change>), StoreError> {
    let dealt = deal_with(tx, delivery, &mut message, Some(in_file))?;
    Ok((dealt.receipt, dealt.changes))
}

fn deal_with(
    tx: &mut Tx<'_>,
    delivery: &Delivery,
    message: &mut Message,
    in_file: Option<InFile>,
) -> Result<Dealt, StoreError> {
    let (names_user, as_sent) = (message.user_id.is_some(), delivery.grade);
    let proven = proof::check(tx, delivery, message);
    let delivery = &match &proven {
        Ok(Some(_)) => Delivery { grade: delivery.grade.max(Grade::Signed), ..*delivery },
        _ => *delivery,
    };
    let time = message_time(message.timestamp_ms, delivery.sent_at_ms, delivery.received_ms);
    let (message_hash, order) = match (&message.message_id, in_file) {
        (None, Some(InFile { place, .. })) => (place, place),
        (id, in_file) => {
            let source = in_file.map_or(delivery.source, |in_file| in_file.source_of_ids);
            let hash = tx.message_hash(source, id.as_deref());
            (hash, order_within_moment(message.turn, hash))
        }
    };
    let message_id = message.message_id.clone();
    let remembers = message_id.is_some() && (!time.as_sent || message.has_steps());
    if message_id.is_some() && events::was_here(tx, message_hash, message.timestamp_ms)? {
        return Ok(Receipt::of(message_id, Status::Duplicate).into());
    }
    if as_sent == Grade::Unsigned {
        proof::count(tx, delivery.source, names_user, message, &proven);
    }
    let mut receiving = Receiving {
        tx,
        delivery,
        time,
        message_hash,
        order,
        remembers,
        by_hand: false,
        changes: Vec::new(),
        refused_values: Vec::new(),
        kept: Vec::new(),
        warnings: Vec::new(),
        news: false,
        fresh_anonymous_id: None,
        new_email: None,
        decided: Decided { at_ms: time.at_ms, ..Decided::default() },
        proven: None,
    };
    let outcome = proven.map_err(Stop::from).and_then(|proven| {
        receiving.proven = proven;
        receiving.run(message)
    });
    match outcome {
        Ok(status) => receiving.finish(message_id, status),
        Err(Stop::Store(error)) => Err(error),
        Err(Stop::Refused(refused)) => {
            let source = Some(delivery.source);
            refusals::count(receiving.tx, source, refused.code.as_str(), None, &refused.detail, None)?;
            Ok(Receipt::refused(message_id, refused).into())
        }
    }
}

impl<'a, 't> Receiving<'a, 't> {
    /// What is done by hand takes the same way as what a message says: conversion, limits, definitions.
    pub(super) fn by_hand(tx: &'a mut Tx<'t>, delivery: &'a Delivery) -> Receiving<'a, 't> {
        let (at_ms, message_hash) = (tx.now_ms, tx.message_hash(delivery.source, None));
        Receiving {
            message_hash,
            order: order_within_moment(0, message_hash),
            tx,
            delivery,
            time: MessageTime { at_ms, as_sent: false, warning: None, clock_error_ms: 0 },
            remembers: false,
            by_hand: true,
            changes: Vec::new(),
            refused_values: Vec::new(),
            kept: Vec::new(),
            warnings: Vec::new(),
            news: false,
            fresh_anonymous_id: None,
            new_email: None,
            decided: Decided::default(),
            proven: None,
        }
    }
}

impl Receiving<'_, '_> {
    fn run(&mut self, message: &mut Message) -> Result<Status, Stop> {
        self.check_time(message)?;
        self.check_erased(message)?;
        self.refused_values.append(&mut message.refused_values);
        self.warnings.append(&mut message.warnings);
        self.warnings.extend(self.time.warning.map(Warning::explained));
        if let Some(example) = clock_wrong(self.time.clock_error_ms) {
            findings::note(self.tx, Finding::ClockWrong, self.delivery.source, None, &example)?;
        }
        if message.acting_as || self.proven.as_ref().is_some_and(|proven| proven.acting_as) {
            message.acting_as = true;
            return self.acting_as(message);
        }
        if message.kind == Kind::Alias {
            return self.alias(message);
        }
        let subject = self.subject(message)?;
        self.decided.subject = subject;
        self.sign(&subject)?;
        let alone = subject.named.is_none() && subject.visitor.is_none();
        if alone && !(message.kind == Kind::Group && self.delivery.grade.is_trusted()) {
            return Err(user_missing().into());
        }
        if message.kind == Kind::Page {
            self.first_page(message, &subject)?;
        }
        let journal = journal_properties(message);
        if message.kind == Kind::Identify {
            self.attributes_of_person(&subject, std::mem::take(&mut message.traits))?;
        }
        let first_company = self.companies(&subject, message)?;
        if let Some((user, email)) = self.new_email.take() {
            email_domains::consider(self.tx, user, email.as_deref(), self.time.at_ms)?;
            self.find_own_people(email.as_deref())?;
        }
        let kept = message.kind.is_activity() || self.news || !self.changes.is_empty();
        if kept {
            let company = match (&message.company_context, message.kind.is_activity()) {
                (_, false) => first_company,
                (CompanyContext::In(id), true) => self.company_of_event(id, &subject, event_of(message))?,
                (CompanyContext::None, true) => None,
                (CompanyContext::Unstated, true) => self.only_company(&subject, event_of(message))?,
            };
            self.append(message, &subject, company, journal)?;
        }
        if !kept {
            self.named_at(&subject)?;
            if self.remembers {
                // With a time of its own a repeat would say the same again; without one it would be news.
                events::remember(self.tx, self.message_hash, self.delivery.received_ms)?;
            }
        }
        Ok(if kept { Status::Stored } else { Status::Unchanged })
    }

    /// What the folds do for a message in the journal: the first one may be this (T5).
    fn named_at(&self, subject: &Subject) -> Result<(), StoreError> {
        if let Some(visitor) = subject.visitor {
            visitors::named_at(self.tx, visitor, self.time.at_ms)?;
        }
        match subject.user_at(self.time.at_ms) {
            Some(user) => users::named_at(self.tx, user, self.time.at_ms),
            None => Ok(()),
        }
    }

    /// A9: a page view may be the first of the browser, and of the user as named.
    fn first_page(&mut self, message: &Message, subject: &Subject) -> Result<(), StoreError> {
        let at_ms = self.time.at_ms;
        let is_first = |known: Option<i64>| known.is_none_or(|known_ms| at_ms < known_ms);
        let user = match subject.user_at(at_ms) {
            Some(user) if is_first(first_pages::of_named(self.tx, user)?) => Some(user),
            _ => None,
        };
        let visitor = subject.visitor.filter(|_| is_first(subject.first_page_ms));
        if user.is_none() && visitor.is_none() {
            return Ok(());
        }
        let kept = FirstPage::kept(message.context.page.as_deref(), message.properties.as_deref());
        if let Some(visitor) = visitor {
            first_pages::viewed_by_visitor(self.tx, visitor, at_ms, &kept)?;
        }
        match user {
            Some(user) => first_pages::viewed_by_user(self.tx, user, at_ms, &kept),
            None => Ok(()),
        }
    }

    /// The person a message speaks of: the user it names, or whom that one was merged into (R11).
    fn person(&self, subject: &Subject) -> Option<UserKey> {
        subject.user_at(self.time.at_ms).map(|user| self.survivor(user))
    }

    fn survivor(&self, user: UserKey) -> UserKey {
        self.tx.catalog().survivor(user)
    }

    /// T1: what is older than the retention, or than all time, is refused and never moved onto a day.
    /// What an import says of people and companies falls on no day: they may have been there for longer.
    fn check_time(&self, message: &Message) -> Result<(), Refused> {
        let appends = matches!(message.kind, Kind::Page | Kind::Screen | Kind::Track);
        if self.delivery.grade == Grade::Import && !appends {
            return Ok(());
        }
        let retention_days = self.tx.catalog().settings.event_retention_days;
        let kept_from = if retention_days == 0 { EPOCH_MS } else { self.tx.now_ms - retention_days * DAY_MS };
        let oldest = kept_from.max(EPOCH_MS);
        if self.time.at_ms < oldest {
            let sent = message.timestamp_ms.map(rfc3339).unwrap_or_default();
            let why = match oldest {
                EPOCH_MS => "Rollcall keeps no message from before 2020".to_owned(),
                _ => format!("events are kept for {retention_days} days, since {}", rfc3339(oldest)),
            };
            return Err(Refused::new(Code::TimestampInvalid, format!("The timestamp {sent} is too old: {why}.")));
        }
        Ok(())
    }

    /// R13: a late message of somebody who was erased stores nothing. A browser of theirs on which another
    /// user is named is that user's from now on, as a browser that nobody knows.
    fn check_erased(&self, message: &mut Message) -> Result<(), Refused> {
        if self.tx.catalog().erased.is_empty() {
            return Ok(());
        }
        let is_erased = |named: Named<'_>| erasure::is_erased(self.tx, named);
        let email = match (message.kind, message.traits.get("email")) {
            (Kind::Identify, Some(Value::String(text))) => ids::email(text).ok(),
            _ => None,
        };
        let names_user = message.user_id.is_some() || email.is_some();
        let user = message.user_id.as_ref().is_some_and(|id| is_erased(Named::User(id.as_str())));
        let lead = message.user_id.is_none() && email.is_some_and(|email| is_erased(Named::Email(&email)));
        let previous = message.previous_id.as_ref().is_some_and(|id| {
            is_erased(Named::User(id.as_str())) || message.kind == Kind::Alias && is_erased(Named::Browser(id.as_str()))
        });
        let browser = message.anonymous_id.as_ref().is_some_and(|id| is_erased(Named::Browser(id.as_str())));
        if user || lead || previous || browser && !names_user {
            let detail = "The person this message is about was erased, so nothing was stored. An admin can allow the person again.";
            return Err(Refused::new(Code::Erased, detail));
        }
        if browser {
            message.anonymous_id = None;
        }
        Ok(())
    }

    /// R16: what staff do as a customer is kept as an event and touches nobody.
    fn acting_as(&mut self, message: &Message) -> Result<Status, Stop> {
        if !message.kind.is_activity() {
            return Ok(Status::Unchanged);
        }
        let subject = self.known_subject(message)?;
        if subject.named.is_none() && subject.visitor.is_none() {
            let detail = "No user has any of these ids, and staff acting as someone create no users. Send what they do \
                          without acting_as, or as a known user.";
            return Err(Refused::new(Code::UserMissing, detail).into());
        }
        self.append(message, &subject, None, None)?;
        Ok(Status::Stored)
    }

    /// The only company in which whom a message names was by what was said of it itself, where it is one with others.
    fn own_company(&self, subject: &Subject) -> Result<Option<CompanyKey>, StoreError> {
        match subject.user_at(self.time.at_ms) {
            Some(named) => memberships::own_at(self.tx, named, self.time.at_ms),
            None => Ok(None),
        }
    }

    /// C4: the only membership that was open at the event's time; events before a link keep none.
    fn only_company(&mut self, subject: &Subject, event: &str) -> Result<Option<CompanyKey>, StoreError> {
        let Some(user) = self.person(subject) else { return Ok(None) };
        Ok(match memberships::open_at(self.tx, user, self.time.at_ms)? {
            Open::None => None,
            Open::One(company) => Some(company),
            Open::Several => {
                // Of those who are one, each may have been in one alone.
                if let Some(company) = self.own_company(subject)? {
                    return Ok(Some(company));
                }
                findings::note_daily(self.tx, Finding::EventsWithoutCompany, self.delivery.source, event)?;
                None
            }
        })
    }

    fn append(
        &mut self,
        message: &Message,
        subject: &Subject,
        company: Option<CompanyKey>,
        properties: Option<String>,
    ) -> Result<(), StoreError> {
        let flags = if message.acting_as { ACTING_AS } else { 0 } | if message.inactive { INACTIVE } else { 0 };
        let event = NewEvent {
            // What was before the journal's first day stands at its beginning.
            at_ms: self.time.at_ms.max(EPOCH_MS),
            message_hash: self.message_hash,
            received_ms: self.delivery.received_ms,
            kind: message.kind,
            name: &message.name,
            source: self.delivery.source,
            visitor: subject.visitor,
            user: subject.named,
            company,
            session_ms: message.session_ms,
            flags,
            properties: properties.as_deref().or(message.properties.as_deref()),
            context: &message.context,
        };
        let journaled = events::append(self.tx, &event)?;
        (self.decided.journaled, self.decided.company) = (Some(journaled), company);
        if self.remembers {
            events::remember(self.tx, self.message_hash, self.delivery.received_ms)?;
        }
        Ok(())
    }

    /// Notes a value that was not taken; beyond the limit only that there were more.
    fn refuse_value(&mut self, mut refused: RefusedValue) {
        // A source that asks for proof asks it of all, before anything is looked up; from here on it is asked for where
        // somebody has proved who it is before, or a company takes signed members only.
        refused.tells_of_known = refused.code == Code::SignatureRequired;
        if self.refused_values.len() < REFUSED_VALUES_MAX {
            self.refused_values.push(refused);
        } else if !self.warnings.contains(&Warning::MoreValuesRefused.explained()) {
            self.warnings.push(Warning::MoreValuesRefused.explained());
        }
    }

    /// Where a value of this message came from.
    pub(super) fn stamp(&self) -> Stamp {
        Stamp {
            pinned: false,
            at_ms: self.time.at_ms,
            grade: self.delivery.grade,
            order: self.order,
            source: self.delivery.source,
        }
    }

    /// Somebody of the workspace's own domain, whom no setting leaves out (R16).
    fn find_own_people(&mut self, email: Option<&str>) -> Result<(), StoreError> {
        let Some(domain) = email.and_then(of_email) else { return Ok(()) };
        let is_left_out = self.tx.catalog().settings.staff_domains.contains(&domain);
        if is_left_out || !email_domains::is_own(self.tx, &domain) {
            return Ok(());
        }
        findings::note(self.tx, Finding::OwnPeopleCounted, self.delivery.source, None, &domain)
    }

    /// Values that changed to a template tag as it stands in the template.
    fn find_tags(&self) -> Result<(), StoreError> {
        if self.delivery.grade == Grade::Import {
            return Ok(());
        }
        for change in &self.changes {
            let after = change.after.as_ref().and_then(Value::as_str);
            if let Some(example) = after.and_then(|after| not_rendered(&change.field, after)) {
                findings::note(self.tx, Finding::TemplateNotRendered, self.delivery.source, None, &example)?;
            }
        }
        Ok(())
    }

    fn finish(self, message_id: Option<String>, status: Status) -> Result<Dealt, StoreError> {
        let source = self.delivery.source;
        let by = By::Message(source);
        self.find_tags()?;
        let cause = if self.delivery.grade == Grade::Import { changes::IMPORT } else { "message" };
        let change = changes::record(self.tx, &by, cause, self.delivery.grade, &self.changes)?;
        for refused in &self.refused_values {
            let example = refused.value.to_string();
            let (code, name) = (refused.code.as_str(), Some(refused.attribute.as_str()));
            refusals::count(self.tx, Some(source), code, name, &refused.detail, Some(&example))?;
        }
        let receipt = Receipt {
            refused_values: self.refused_values,
            warnings: self.warnings,
            trusted: self.delivery.grade.is_trusted(),
            change,
            event: self.decided.journaled,
            anonymous_id: self.fresh_anonymous_id,
            ..Receipt::of(message_id, status)
        };
        Ok(Dealt { receipt, change, changes: self.changes, decided: self.decided })
    }
}

/// What an event is called in an example.
fn event_of(message: &Message) -> &str {
    if message.name.is_empty() { message.kind.as_str() } else { &message.name }
}

fn user_missing() -> Refused {
    Refused::new(
        Code::UserMissing,
        "The message names neither a user nor a visitor. Send userId, anonymousId, or both.",
    )
}

fn as_text(fields: &Map<String, Value>) -> Option<String> {
    (!fields.is_empty()).then(|| serde_json::to_string(fields).unwrap_or_default())
}

/// What the journal keeps of a message that says who someone is: all that it said, so that
/// whoever reads the journal can send it on.
fn journal_properties(message: &Message) -> Option<String> {
    match message.kind {
        Kind::Group => message.companies.first().and_then(|statement| as_text(&statement.attributes)),
        Kind::Identify => {
            let mut said = message.traits.clone();
            let companies = message.companies.iter().map(|statement| {
                let mut company = statement.attributes.clone();
                if let Some(id) = &statement.company_id {
                    company.insert("company_id".to_owned(), Value::String(id.as_str().to_owned()));
                }
                if !statement.membership.is_empty() {
                    company.insert("membership".to_owned(), Value::Object(statement.membership.clone()));
                }
                if statement.standing == Standing::Leaves {
                    company.insert("remove".to_owned(), Value::Bool(true));
                }
                Value::Object(company)
            });
            let companies: Vec<Value> = companies.collect();
            if !companies.is_empty() {
                said.insert("companies".to_owned(), Value::Array(companies));
            }
            if message.companies_replace {
                said.insert("companies_mode".to_owned(), Value::String("replace".to_owned()));
            }
            as_text(&said)
        }
        _ => None,
    }
}
