//! One row: what it names is looked up, the policy decides, and what is left goes in as messages.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::actions::receive::{InFile, receive_in_file};
use crate::domain::attributes;
use crate::domain::change::{CREATED, Change, MEMBERSHIP, Subject};
use crate::domain::codes::Explained;
use crate::domain::codes::rows::RowCode;
use crate::domain::email_domains;
use crate::domain::error::Code;
use crate::domain::identity::the_one;
use crate::domain::ids::{CompanyId, CompanyKey, EventId, SourceKey, UserId, UserKey};
use crate::domain::import::{
    CompanyDraft, CompanyNamed, Draft, Existing, Memberships, Outcome, Problem, ProfileDraft, Reader, Unknown,
};
use crate::domain::message::{
    CompanyContext, CompanyStatement, Delivery, Kind as Call, Message, Receipt, RefusedValue, Standing, Status,
};
use crate::domain::profile::Profile;
use crate::domain::table::Kind;
use crate::domain::time::{DAY_MS, rfc3339};
use crate::store::imports::{self, Import, Refusal, replaces, traces};
use crate::store::{StoreError, Tx, companies, email_domains as domains, events, memberships, users, visitors};

/// Rows that were not taken and are kept with their cells; further ones are counted.
const REFUSALS_KEPT_MAX: u64 = 10_000;
/// Bytes of their cells, which a check and the file of these rows hold in memory.
const REFUSALS_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// More messages than a row becomes: one for each company, and some of the user.
pub(super) const MESSAGES_OF_ROW_MAX: i64 = 256;

/// A row being taken.
pub(super) struct Taking<'a, 't> {
    pub(super) tx: &'a mut Tx<'t>,
    pub(super) import: &'a mut Import,
    pub(super) delivery: Delivery,
    /// The moment of the import, Unix milliseconds.
    pub(super) at_ms: i64,
    /// From 1.
    pub(super) number: u64,
    pub(super) cells: &'a [Value],
    /// The source within which the ids of events count once.
    pub(super) source_of_ids: SourceKey,
    /// The events that rows of the chunk have become.
    pub(super) events: &'a mut Vec<EventId>,
}

/// A part of a row that was not taken while the rest was.
pub(super) struct Part {
    field: String,
    code: &'static Explained,
    detail: String,
}

impl Part {
    pub(super) fn new(field: &str, code: impl Into<&'static Explained>, detail: String) -> Part {
        Part { field: field.to_owned(), code: code.into(), detail }
    }
}

impl From<RefusedValue> for Part {
    fn from(value: RefusedValue) -> Part {
        Part { field: value.attribute, code: value.code.explained(), detail: value.detail }
    }
}

/// Why a row was not taken to its end.
pub(super) enum Stop {
    Problem(Problem),
    Store(StoreError),
}

impl From<Problem> for Stop {
    fn from(problem: Problem) -> Stop {
        Stop::Problem(problem)
    }
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Stop {
        Stop::Store(error)
    }
}

/// A company that a row names.
pub(super) struct Company {
    pub(super) id: CompanyId,
    /// The company that the id leads to, through merges.
    pub(super) known: Option<CompanyKey>,
    attributes: Map<String, Value>,
    /// What is said of the user's membership in it.
    membership: Map<String, Value>,
    /// The row names it by its domain or its name alone.
    has_no_id: bool,
}

impl Taking<'_, '_> {
    pub(super) fn take(&mut self, reader: &Reader) -> Result<(), StoreError> {
        match self.draft(reader) {
            Ok(()) => Ok(()),
            Err(Stop::Store(error)) => Err(error),
            Err(Stop::Problem(problem)) => {
                let kind = self.import.kind;
                let report = &mut self.import.report;
                report.refused_rows += 1;
                report.of(kind).count(Outcome::Refused);
                self.refuse(0, false, problem.code.code, "", problem.detail)
            }
        }
    }

    fn refuse(&mut self, place: u64, taken: bool, code: &str, field: &str, detail: String) -> Result<(), StoreError> {
        let report = &mut self.import.report;
        report.refused_bytes += self.cells.iter().map(|cell| cell.as_str().map_or(8, str::len) as u64).sum::<u64>();
        if report.refused_rows + report.refused_values > REFUSALS_KEPT_MAX || report.refused_bytes > REFUSALS_BYTES_MAX
        {
            return Ok(());
        }
        // Of somebody who was erased nothing is kept, not even what was refused.
        let cells = if code == Code::Erased.as_str() { Vec::new() } else { self.cells.to_vec() };
        let (code, field) = (code.to_owned(), field.to_owned());
        let refusal = Refusal { row: self.number, place, taken, code, field, detail, cells };
        imports::refuse(self.tx, self.import.key, &refusal)
    }

    fn draft(&mut self, reader: &Reader) -> Result<(), Stop> {
        let mut draft = reader.read(self.cells)?;
        self.check_times(&draft)?;
        let mut refused: Vec<Part> = std::mem::take(&mut draft.refused).into_iter().map(Part::from).collect();
        if let Some(definition) = draft.definition.take() {
            let outcome = self.defined(definition, &mut refused)?;
            self.import.report.attributes.count(outcome);
            return Ok(self.note(refused)?);
        }
        if let Some(setup) = draft.setup.take() {
            let outcome = self.set_up(setup)?;
            self.import.report.setup.count(outcome);
            return Ok(());
        }
        let user = self.person(&draft)?;
        if self.import.kind == Kind::Visitors {
            return self.visitor(&draft, user, refused);
        }
        if let Some(event) = draft.event.take() {
            return self.event(event, &draft, user, refused);
        }
        if let Some(written) = draft.note.take() {
            let outcome = self.written(written, draft, user)?;
            self.import.report.notes.count(outcome);
            return Ok(self.note(refused)?);
        }
        let mut stated = self.companies(std::mem::take(&mut draft.companies))?;
        let of_users = self.import.kind != Kind::Companies;
        let policy = self.import.policy;
        if policy.existing == Existing::Skip {
            let is_known = match self.import.kind {
                Kind::Users => user.is_some(),
                Kind::Companies => stated.iter().all(|company| company.known.is_some()),
                _ => false,
            };
            if is_known {
                let report = &mut self.import.report;
                let counts = if of_users { &mut report.users } else { &mut report.companies };
                counts.count(Outcome::Skipped);
                return Ok(());
            }
        }
        if self.import.kind == Kind::Companies {
            self.find_joined(&stated)?;
        }
        self.keep_what_stands(user, &mut draft, &mut stated)?;
        let messages = if of_users { self.of_user(&draft, &stated) } else { self.of_companies(&draft, &stated) };
        let mut changes = self.receive(messages, &mut refused)?;
        if of_users && policy.memberships == Memberships::Replace && draft.left_ms.is_none() && !stated.is_empty() {
            // What other rows say of the user counts too, so the rest ends with the last row.
            if let Some(person) = self.person(&draft)? {
                replaces::note(self.tx, self.import.key, person)?;
            }
        }
        if draft.profile != ProfileDraft::default() {
            for of in self.profiles(&draft, of_users, &stated)? {
                changes.extend(self.profile(of, &draft.profile, &mut refused)?);
            }
        }
        self.count(&changes, of_users, &stated)?;
        self.note(refused)?;
        Ok(())
    }

    /// The user whom a row names: by id, else the one with the e-mail address.
    fn person(&self, draft: &Draft) -> Result<Option<UserKey>, Stop> {
        if let Some(id) = &draft.user_id {
            return Ok(users::key_of_id(self.tx, id)?.map(|key| self.tx.catalog().survivor(key)));
        }
        let Some(email) = &draft.email else { return Ok(None) };
        let mut found = users::with_email(&self.tx.reader(), email)?;
        found.retain(|(_, is_lead)| *is_lead || !draft.is_told_apart);
        match (the_one(&found), found.is_empty()) {
            (Some(user), _) => Ok(Some(user)),
            (None, true) => Ok(None),
            (None, false) => {
                let detail = format!("Several users have the e-mail address {email}. Say which one with user_id.");
                Err(Problem::new(RowCode::EmailAmbiguous, detail).into())
            }
        }
    }

    /// Whom a row speaks of beside attributes: its user, else its companies.
    fn profiles(&self, draft: &Draft, of_users: bool, stated: &[Company]) -> Result<Vec<Profile>, Stop> {
        if of_users {
            return Ok(self.person(draft)?.map(Profile::User).into_iter().collect());
        }
        let mut of = Vec::new();
        for company in stated {
            let key = companies::key_of_id(self.tx, &company.id)?;
            of.extend(key.map(|key| Profile::Company(companies::survivor(self.tx, key))));
        }
        Ok(of)
    }

    /// The companies that a row names, each by its id.
    pub(super) fn companies(&self, named: Vec<CompanyDraft>) -> Result<Vec<Company>, Stop> {
        let mut stated: Vec<Company> = Vec::with_capacity(named.len());
        for CompanyDraft { named, mut attributes, membership } in named {
            let has_no_id = matches!(named, CompanyNamed::Any(_));
            let (id, known) = match named {
                CompanyNamed::Id(id) => {
                    let named = companies::key_of_id(self.tx, &id)?;
                    (id, named.map(|named| companies::survivor(self.tx, named)))
                }
                CompanyNamed::Any(text) => match self.company_called(&text)? {
                    Some((id, key)) => {
                        // Who names it by what it is called says that it is called so.
                        let known = companies::load(self.tx, key)?.attributes;
                        let said = ["name", "domain"].into_iter().find(|of| known.text(of).as_deref() == Some(&text));
                        if let Some(of) = said {
                            attributes.entry(of).or_insert_with(|| Value::from(text));
                        }
                        (id, Some(key))
                    }
                    None => {
                        let id = CompanyId::parse(&text).map_err(Problem::from)?;
                        let Some(id) = id else { continue };
                        if email_domains::of_website(&text).is_some() {
                            attributes.entry("domain").or_insert_with(|| Value::from(text));
                        } else {
                            attributes.entry("name").or_insert_with(|| Value::from(text));
                        }
                        (id, None)
                    }
                },
            };
            if known.is_none() && self.import.policy.unknown_companies == Unknown::Refuse {
                return Err(company_unknown(&id).into());
            }
            if stated.iter().all(|other| other.id != id) {
                stated.push(Company { id, known, attributes, membership, has_no_id });
            }
        }
        Ok(stated)
    }

    /// The company of an id, else of a domain, else of an exact name.
    fn company_called(&self, text: &str) -> Result<Option<(CompanyId, CompanyKey)>, Stop> {
        if let Ok(Some(id)) = CompanyId::parse(text)
            && let Some(key) = companies::key_of_id(self.tx, &id)?
        {
            return Ok(Some((id, companies::survivor(self.tx, key))));
        }
        let of_domain = match email_domains::of_website(text) {
            Some(domain) => domains::companies_of(self.tx, &domain)?.into_iter().map(|(key, _)| key).collect(),
            None => Vec::new(),
        };
        let found = if of_domain.is_empty() { imports::companies_named(self.tx, text)? } else { of_domain };
        match found[..] {
            [] => Ok(None),
            [key] => Ok(Some((CompanyId::stored(companies::load(self.tx, key)?.company_id), key))),
            [..] => {
                let detail = format!("Several companies match {text:?}. Say which one with company_id.");
                Err(Problem::new(RowCode::CompanyAmbiguous, detail).into())
            }
        }
    }

    /// Rows that name a company alike, without an id, and say different things of it may be of several companies.
    fn find_joined(&mut self, stated: &[Company]) -> Result<(), StoreError> {
        for company in stated.iter().filter(|company| company.has_no_id) {
            let Some(key) = company.known else { continue };
            let known = companies::load(self.tx, key)?.attributes;
            let differs = |(name, value): (&String, &Value)| {
                let name = attributes::name(attributes::Owner::Company, name).unwrap_or_else(|_| name.clone());
                let said = known.stated_of(&name);
                said.is_some_and(|said| said.stamp.source == self.delivery.source && said.value != *value)
            };
            if company.attributes.iter().any(differs) {
                let name = known.text("name").unwrap_or_else(|| company.id.as_str().to_owned());
                self.import.report.companies_without_id.join(&name);
            }
        }
        Ok(())
    }

    /// Where only gaps are filled, what has a value keeps it; where what is known is skipped, all of it.
    fn keep_what_stands(
        &self,
        user: Option<UserKey>,
        draft: &mut Draft,
        stated: &mut [Company],
    ) -> Result<(), StoreError> {
        let existing = self.import.policy.existing;
        if existing == Existing::Update {
            return Ok(());
        }
        let keep = |known: &attributes::Attributes, values: &mut Map<String, Value>, owner| {
            values.retain(|name, _| {
                let name = attributes::name(owner, name).unwrap_or_else(|_| name.clone());
                existing == Existing::Fill && known.get(&name).is_none()
            });
        };
        if let Some(user) = user {
            let known = users::load(self.tx, user)?.attributes;
            // By an address alone somebody is named, and it must stay.
            let email = draft.traits.get("email").cloned().filter(|_| draft.user_id.is_none());
            keep(&known, &mut draft.traits, attributes::Owner::User);
            draft.traits.extend(email.map(|email| ("email".to_owned(), email)));
        }
        for company in stated {
            let Some(key) = company.known else { continue };
            keep(&companies::load(self.tx, key)?.attributes, &mut company.attributes, attributes::Owner::Company);
            if let Some(user) = user
                && let Some(known) = memberships::attributes(self.tx, user, key)?
            {
                keep(&known, &mut company.membership, attributes::Owner::Membership);
            }
        }
        Ok(())
    }

    /// Times that can't be are refused, and never moved to one that can.
    fn check_times(&self, draft: &Draft) -> Result<(), Problem> {
        let event = draft.event.as_ref().and_then(|event| event.timestamp_ms);
        for (what, at_ms) in [
            ("joined_at", draft.joined_ms),
            ("left_at", draft.left_ms),
            ("first_seen", draft.first_seen_ms),
            ("linked_at", draft.linked_ms),
            ("time", event),
        ] {
            // Without a zone it may be of one that is ahead.
            if let Some(at_ms) = at_ms.filter(|at_ms| *at_ms > self.delivery.received_ms + DAY_MS) {
                let detail = format!("{what} {} is in the future. Use the time it happened.", rfc3339(at_ms));
                return Err(Problem::new(Code::TimestampInvalid, detail));
            }
        }
        match (draft.joined_ms, draft.left_ms) {
            (Some(joined_ms), Some(left_ms)) if left_ms < joined_ms => {
                let (joined, left) = (rfc3339(joined_ms), rfc3339(left_ms));
                let detail = format!("left_at {left} is before joined_at {joined}. Correct one of them.");
                Err(Problem::new(Code::TimestampInvalid, detail))
            }
            _ => Ok(()),
        }
    }

    /// A message about the user of a row, at an instant.
    pub(super) fn about(&self, draft: &Draft, at_ms: i64) -> Message {
        let mut message = Message::new(Call::Identify);
        message.user_id = draft.user_id.clone();
        message.timestamp_ms = Some(at_ms);
        if let (None, Some(email)) = (&draft.user_id, &draft.email) {
            message.traits.insert("email".to_owned(), Value::from(email.as_str()));
            message.of_lead = draft.is_told_apart;
        }
        message
    }

    /// What a row says of a user: who it is and what it is like, now; since when it belongs to a company, then.
    fn of_user(&self, draft: &Draft, stated: &[Company]) -> Vec<Message> {
        let statement = |company: &Company, standing, with_values: bool, with_membership: bool| {
            let attributes = if with_values { company.attributes.clone() } else { Map::new() };
            let membership = if with_membership { company.membership.clone() } else { Map::new() };
            CompanyStatement { company_id: Some(company.id.clone()), standing, attributes, membership }
        };
        let mut messages = Vec::new();
        if draft.is_told_apart && draft.user_id.is_some() && draft.email.is_some() {
            // Who is a user there is none of the leads here, whatever their address (R8).
            messages.push(self.about(draft, self.at_ms));
        }
        let mut main = self.about(draft, self.at_ms);
        main.traits.extend(draft.traits.clone());
        if draft.joined_ms.is_none() && draft.left_ms.is_none() {
            main.companies = stated.iter().map(|company| statement(company, Standing::Joins, true, true)).collect();
        }
        messages.push(main);
        messages.extend(draft.first_seen_ms.map(|at_ms| self.about(draft, at_ms)));
        if draft.joined_ms.is_none() && draft.left_ms.is_none() || stated.is_empty() {
            return messages;
        }
        let mut values = self.of_companies(&Draft::default(), stated);
        values.retain(|message| message.companies.iter().any(|company| !company.attributes.is_empty()));
        messages.extend(values);
        let joined_ms = draft.joined_ms.or(draft.left_ms.map(|left_ms| left_ms - 1)).unwrap_or(self.at_ms);
        let mut joins = self.about(draft, joined_ms);
        let said_then = draft.left_ms.is_some();
        joins.companies = stated.iter().map(|company| statement(company, Standing::Joins, false, said_then)).collect();
        messages.push(joins);
        match draft.left_ms {
            Some(left_ms) => {
                let mut leaves = self.about(draft, left_ms.max(joined_ms + 1));
                leaves.companies =
                    stated.iter().map(|company| statement(company, Standing::Leaves, false, false)).collect();
                messages.push(leaves);
            }
            None => {
                // Stated last is current (C1): what is not said to be it is stated a moment earlier.
                let at_ms = if draft.current == Some(true) { self.at_ms } else { self.at_ms - 1 };
                let mut is = self.about(draft, at_ms);
                is.companies = stated.iter().map(|company| statement(company, Standing::Joins, false, true)).collect();
                messages.push(is);
            }
        }
        messages
    }

    /// What a row says of companies alone.
    fn of_companies(&self, draft: &Draft, stated: &[Company]) -> Vec<Message> {
        let group = |company: &Company, attributes: Map<String, Value>, at_ms: i64| {
            let mut message = Message::new(Call::Group);
            message.timestamp_ms = Some(at_ms);
            message.companies = vec![CompanyStatement {
                company_id: Some(company.id.clone()),
                standing: Standing::Joins,
                attributes,
                membership: Map::new(),
            }];
            message
        };
        let mut messages = Vec::new();
        for company in stated {
            messages.push(group(company, company.attributes.clone(), self.at_ms));
            messages.extend(draft.first_seen_ms.map(|at_ms| group(company, Map::new(), at_ms)));
        }
        messages
    }

    /// Something that was done.
    fn event(
        &mut self,
        mut event: Message,
        draft: &Draft,
        user: Option<UserKey>,
        mut refused: Vec<Part>,
    ) -> Result<(), Stop> {
        event.anonymous_id = draft.anonymous_id.clone();
        event.user_id = match (&draft.user_id, user) {
            (Some(id), _) => Some(id.clone()),
            (None, Some(user)) => users::load(self.tx, user)?.user_id.map(UserId::stored),
            (None, None) => None,
        };
        if event.user_id.is_none() && event.anonymous_id.is_none() {
            let email = draft.email.as_deref().unwrap_or_default();
            let detail =
                format!("{email} has no user id yet, and an event needs one. Import the users first, with their ids.");
            return Err(Problem::new(RowCode::UserUnknown, detail).into());
        }
        if let (CompanyContext::In(id), Unknown::Refuse) =
            (&event.company_context, self.import.policy.unknown_companies)
            && companies::key_of_id(self.tx, id)?.is_none()
        {
            return Err(company_unknown(id).into());
        }
        // The same row is the same event, in this file and in any other.
        if event.message_id.is_none() {
            event.message_id = Some(format!("row {}", fingerprint(&event)));
        }
        let status = {
            let (receipt, changes) = self.hear(event, 0)?;
            for made in changes.iter().filter(|change| change.field == CREATED && change.before.is_none()) {
                match made.subject {
                    Subject::User(_) => self.import.report.users.count(Outcome::Created),
                    Subject::Company(_) => self.import.report.companies.count(Outcome::Created),
                    _ => {}
                }
            }
            refused.extend(receipt.refused_values.into_iter().map(Part::from));
            match (receipt.status, receipt.code) {
                (Status::Refused, Some(code)) => {
                    return Err(Problem::new(code, receipt.detail.unwrap_or_default()).into());
                }
                (status, _) => status,
            }
        };
        let outcome = if status == Status::Stored { Outcome::Created } else { Outcome::Unchanged };
        self.import.report.events.count(outcome);
        self.note(refused)?;
        Ok(())
    }

    /// Sends one message in, and keeps what it takes to take it back.
    fn hear(&mut self, message: Message, place: i64) -> Result<(Receipt, Vec<Change>), StoreError> {
        let import = self.import.key;
        let at_ms = message.timestamp_ms.unwrap_or(self.at_ms).min(self.delivery.received_ms);
        let is_page = message.kind == Call::Page;
        let anonymous_id = message.anonymous_id.clone();
        let browser = anonymous_id.as_ref().map(|id| visitors::find(self.tx, id)).transpose()?.flatten();
        let named = message.user_id.as_ref().map(|id| users::key_of_id(self.tx, id)).transpose()?.flatten();
        // A link brings what the browser did before to the user, whenever that was.
        let links = browser.is_some_and(|browser| browser.linked_as.is_none()) && message.user_id.is_some();
        let (at_ms, is_page) = if links { (i64::MIN, true) } else { (at_ms, is_page) };
        let user = named.or(browser.and_then(|browser| browser.linked_as));
        if let Some(user) = user {
            let person = self.tx.catalog().survivor(user);
            for one in BTreeSet::from([user, person]) {
                traces::note_first(self.tx, import, Subject::User(one), at_ms, is_page)?;
            }
        }
        if let Some(browser) = browser {
            traces::note_first(self.tx, import, Subject::Visitor(browser.key), at_ms, is_page)?;
            if links {
                traces::note_waiting(self.tx, import, browser.key)?;
            }
        }
        for id in message.companies.iter().filter_map(|statement| statement.company_id.as_ref()) {
            if let Some(company) = companies::key_of_id(self.tx, id)? {
                self.note_company(company, at_ms)?;
            }
        }
        let in_file = InFile { place, source_of_ids: self.source_of_ids };
        let (receipt, changes) = receive_in_file(self.tx, &self.delivery, message, in_file)?;
        if let Some(event) = receipt.event {
            self.events.push(event);
            if let Some(company) = events::company_of(self.tx, event)? {
                self.note_company(company, at_ms)?;
            }
        }
        if let (None, Some(id)) = (browser, anonymous_id)
            && let Some(made) = visitors::find(self.tx, &id)?
        {
            traces::note_made(self.tx, import, made.key)?;
        }
        Ok((receipt, changes))
    }

    fn note_company(&self, company: CompanyKey, at_ms: i64) -> Result<(), StoreError> {
        for one in BTreeSet::from([company, companies::survivor(self.tx, company)]) {
            traces::note_first(self.tx, self.import.key, Subject::Company(one), at_ms, false)?;
        }
        Ok(())
    }

    /// Sends a row's messages in; what they changed. The first one says whether the row is taken.
    pub(super) fn receive(&mut self, messages: Vec<Message>, refused: &mut Vec<Part>) -> Result<Vec<Change>, Stop> {
        let mut all = Vec::new();
        for (place, message) in (0_i64..).zip(messages) {
            // A later row holds before an earlier one, in a check as in the run.
            let order = self.number as i64 * MESSAGES_OF_ROW_MAX + place;
            let (receipt, changes) = self.hear(message, order)?;
            all.extend(changes);
            refused.extend(receipt.refused_values.into_iter().map(Part::from));
            if let (Status::Refused, Some(code)) = (receipt.status, receipt.code) {
                let detail = receipt.detail.unwrap_or_default();
                if place == 0 {
                    return Err(Problem::new(code, detail).into());
                }
                refused.push(Part::new("", code, detail));
            }
        }
        Ok(all)
    }

    /// Counts what became of whom a row names.
    fn count(&mut self, changes: &[Change], of_users: bool, stated: &[Company]) -> Result<(), StoreError> {
        let outcome = |about: &dyn Fn(Subject) -> bool, made: &str| {
            let of = || changes.iter().filter(|change| about(change.subject));
            match of().count() {
                0 => Outcome::Unchanged,
                _ if of().any(|change| change.field == made && change.before.is_none()) => Outcome::Created,
                _ => Outcome::Updated,
            }
        };
        if of_users {
            let user = outcome(&|about| matches!(about, Subject::User(_)), CREATED);
            self.import.report.users.count(user);
        }
        let mut counted = BTreeSet::new();
        for company in stated {
            let key = match company.known {
                Some(key) => key,
                None => match companies::key_of_id(self.tx, &company.id)? {
                    Some(key) => companies::survivor(self.tx, key),
                    None => continue,
                },
            };
            if !counted.insert(key) {
                continue;
            }
            let of_company = outcome(&|about| about == Subject::Company(key), CREATED);
            if of_company == Outcome::Created && company.has_no_id {
                self.import.report.companies_without_id.created += 1;
            }
            self.import.report.companies.count(of_company);
            if of_users {
                let is_member = |about| matches!(about, Subject::Membership(_, of) if of == key);
                let membership = outcome(&is_member, MEMBERSHIP);
                self.import.report.memberships.count(membership);
            }
        }
        Ok(())
    }

    /// Keeps what of the row was not taken.
    pub(super) fn note(&mut self, refused: Vec<Part>) -> Result<(), StoreError> {
        for (place, part) in (1_u64..).zip(refused) {
            self.import.report.refused_values += 1;
            self.refuse(place, true, part.code.code, &part.field, part.detail)?;
        }
        Ok(())
    }
}

fn company_unknown(id: &CompanyId) -> Problem {
    let detail =
        format!("There is no company {:?}. Import companies first, or let the import create them.", id.as_str());
    Problem::new(RowCode::CompanyUnknown, detail)
}

/// What an event says, as a short text: its id where its row has none.
fn fingerprint(event: &Message) -> String {
    let said = json!([
        event.kind.as_str(),
        event.user_id,
        event.anonymous_id,
        event.name,
        event.timestamp_ms,
        event.properties,
    ]);
    Sha256::digest(said.to_string()).iter().map(|byte| format!("{byte:02x}")).collect()
}
