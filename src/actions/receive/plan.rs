//! What a message would do and why, for whoever asks before sending it (`dry_run`): the message is dealt
//! with as ever, and this reads what came of it. The caller undoes it all.

use chrono_tz::Tz;
use serde::Serialize;
use serde_json::Value;

use super::values::told_name;
use super::{Dealt, Decided, Subject, deal_with};
use crate::domain::attributes::{self, Attributes, Owner, Type, Write};
use crate::domain::change::CREATED;
use crate::domain::identity::{Browser, Who};
use crate::domain::message::{CompanyContext, Delivery, Kind, Message, Receipt, RefusedValue, Standing, Status};
use crate::domain::time::rfc3339;
use crate::store::changes::{self, ChangeRow};
use crate::store::users::KnownUser;
use crate::store::{StoreError, Tx, companies, memberships, users};

/// The answer to a message that is only asked about.
#[derive(Debug, Serialize)]
pub struct Planned {
    /// The answer that the real call gets.
    #[serde(flatten)]
    pub receipt: Receipt,
    /// What it does, and why.
    pub plan: Plan,
}

/// What a message does, and why.
#[derive(Debug, Default, Serialize)]
pub struct Plan {
    /// Whom it is about; none where it is refused, or names nobody.
    pub who: Option<Person>,
    /// The browser it names, as the file knows it afterwards.
    pub anonymous_id: Option<String>,
    /// Each decision in a sentence, with the rule that made it.
    pub because: Vec<String>,
    /// Each value that was sent, and what becomes of it.
    pub attributes: Vec<Outcome>,
    /// Each company that was named, and whether the user is a member afterwards.
    pub companies: Vec<CompanyOutcome>,
    /// The row in the journal; none where nothing is kept.
    pub event: Option<Event>,
    /// The change set, field by field.
    pub changes: Vec<Field>,
}

/// Whom a message is about.
#[derive(Debug, Serialize)]
pub struct Person {
    /// `visitor`, `lead` or `user`.
    pub grade: &'static str,
    /// The site's id.
    pub user_id: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// Name.
    pub name: Option<String>,
    /// This message makes it.
    pub is_new: bool,
}

/// What becomes of a value.
#[derive(Debug, Serialize)]
pub struct Outcome {
    /// `user`, `company` or `membership`.
    pub kind: &'static str,
    /// The company's id, of its attributes and the membership's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company_id: Option<String>,
    /// Under which name it is stored; as sent where it is refused.
    pub attribute: String,
    /// `changed`, `unchanged`, `outranked` (a later, better or pinned value stands) or `refused`.
    pub outcome: &'static str,
    /// The value before.
    pub before: Option<Value>,
    /// The value after.
    pub after: Option<Value>,
    /// Why it is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// What becomes of a company that a message names.
#[derive(Debug, Serialize)]
pub struct CompanyOutcome {
    /// The site's id of it.
    pub company_id: String,
    /// This message makes it.
    pub is_new: bool,
    /// The user is a member afterwards.
    pub member: bool,
    /// It is the user's current one afterwards (C1).
    pub current: bool,
}

/// A row of the journal.
#[derive(Debug, Serialize)]
pub struct Event {
    /// `page`, `track` …
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// A track call's event; a page's or screen's name.
    pub name: String,
    /// Its time, corrected where the sender's clock is wrong (T1).
    pub time: String,
    /// The company it counts for (C4).
    pub company_id: Option<String>,
}

/// Fields of ours begin with a space, which is nothing to tell.
fn plainly<S: serde::Serializer>(field: &str, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(field.trim_start())
}

/// A field of the change set.
#[derive(Debug, Serialize)]
pub struct Field {
    /// `user`, `company`, `membership` …
    pub kind: &'static str,
    /// The site's id of whom it is about.
    pub id: String,
    /// Of a membership: the company.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company_id: Option<String>,
    /// The field.
    #[serde(serialize_with = "plainly")]
    pub field: String,
    /// Before.
    pub before: Option<Value>,
    /// After.
    pub after: Option<Value>,
}

impl From<ChangeRow> for Field {
    fn from(row: ChangeRow) -> Field {
        Field {
            kind: row.subject,
            id: row.subject_id,
            company_id: row.company_id,
            field: row.field,
            before: row.before,
            after: row.after,
        }
    }
}

/// Deals with a message and says what it did. The job that calls this is a rehearsal.
///
/// # Errors
/// [`StoreError`] only.
pub fn plan(tx: &mut Tx<'_>, delivery: &Delivery, message: &mut Message) -> Result<Planned, StoreError> {
    let said = message.clone();
    let Dealt { receipt, change, decided, .. } = deal_with(tx, delivery, message, None)?;
    let mut plan = Plan::default();
    match receipt.status {
        Status::Duplicate => {
            plan.because.push("A message with this id was already received; a repeat changes nothing (R15).".to_owned())
        }
        Status::Refused => plan.because.extend(receipt.detail.clone()),
        Status::Stored | Status::Unchanged => {
            if let Some(change) = change {
                plan.changes = changes::of_set(&tx.reader(), change)?.into_iter().map(Field::from).collect();
            }
            let user = decided.subject.user_at(decided.at_ms).map(|named| tx.catalog().survivor(named));
            let user = user.map(|key| users::load(tx, key)).transpose()?;
            plan.anonymous_id = receipt
                .anonymous_id
                .as_ref()
                .or(said.anonymous_id.as_ref())
                .map(|anonymous_id| anonymous_id.as_str().to_owned());
            plan.who = who(&plan, user.as_ref(), &decided.subject);
            plan.because.extend(reasons(&said, delivery, &decided, user.as_ref()));
            plan.attributes_of_person(&said, &receipt, user.as_ref(), tx.catalog().settings.time_zone);
            plan.companies(tx, &said, &receipt, user.as_ref())?;
            if decided.journaled.is_some() {
                let company_id = match decided.company {
                    Some(key) => Some(companies::load(tx, key)?.company_id),
                    None => None,
                };
                let (kind, name) = (said.kind.as_str(), said.name.clone());
                plan.event = Some(Event { kind, name, time: rfc3339(decided.at_ms), company_id });
            }
        }
    }
    Ok(Planned { receipt, plan })
}

fn who(plan: &Plan, user: Option<&KnownUser>, subject: &Subject) -> Option<Person> {
    let Some(user) = user else {
        let visitor = Person { grade: "visitor", user_id: None, email: None, name: None, is_new: false };
        return subject.visitor.map(|_| visitor);
    };
    Some(Person {
        grade: if user.user_id.is_some() { "user" } else { "lead" },
        user_id: user.user_id.clone(),
        email: user.email.clone(),
        name: user.name.clone(),
        is_new: plan.changes.iter().any(|field| field.kind == "user" && field.field == CREATED),
    })
}

/// Why it is who it is, what becomes of the browser, and what the event counts for.
fn reasons(said: &Message, delivery: &Delivery, decided: &Decided, user: Option<&KnownUser>) -> Vec<String> {
    let mut because = Vec::new();
    if said.acting_as {
        because.push(
            "Staff are looking at a customer (acting_as): this counts for nobody and changes nothing (R16).".to_owned(),
        );
        return because;
    }
    let id = said.user_id.as_ref().map(|id| id.as_str().to_owned());
    let email = user.and_then(|user| user.email.clone()).unwrap_or_default();
    if let Some((who, browser)) = decided.who {
        because.push(match (who, id) {
            (Who::Known(_), Some(id)) => format!("The user id {id:?} is known (R7)."),
            (Who::Known(_), None) if delivery.grade.is_trusted() => {
                format!("The e-mail address {email} belongs to one record, and the caller proved who it is (R7).")
            }
            (Who::Known(_), None) => {
                format!("The e-mail address {email} belongs to this browser's person, or to a lead (R7).")
            }
            (Who::NewUser, id) => format!("The user id {:?} is new: a user is created (R2).", id.unwrap_or_default()),
            (Who::NewLead, _) => {
                format!("The e-mail address {email} can't identify anyone here: a lead is created (R7).")
            }
            (Who::Promoted(_), id) => {
                format!("The lead with the e-mail address {email} becomes the user {:?} (R8).", id.unwrap_or_default())
            }
            (Who::Visitor, _) if user.is_some() => {
                "The message names no user; its browser is linked to one (R2).".to_owned()
            }
            (Who::Visitor, _) => "The message names no user, and its browser is linked to none: a visitor.".to_owned(),
        });
        because.extend(match browser {
            Browser::Linked => {
                Some("Its browser is linked to the user from now on, with its earlier events (R2, R5).".to_owned())
            }
            Browser::Fresh => Some(
                "Its browser belongs to somebody else: this user gets a fresh anonymous id, and nothing moves (R3)."
                    .to_owned(),
            ),
            Browser::Kept | Browser::None => None,
        });
    }
    if decided.journaled.is_some() && said.kind.is_activity() {
        because.push(
            match (&said.company_context, decided.company) {
                (CompanyContext::In(_), _) => "The event counts for the company it names (C4).",
                (CompanyContext::None, _) => "The event says that it belongs to no company (C1).",
                (CompanyContext::Unstated, Some(_)) => "The event counts for the user's only company at its time (C4).",
                (CompanyContext::Unstated, None) => {
                    "The event names no company, and the user has none or several: it counts for none (C4)."
                }
            }
            .to_owned(),
        );
    }
    because
}

impl Plan {
    fn attributes_of_person(&mut self, said: &Message, receipt: &Receipt, user: Option<&KnownUser>, zone: Tz) {
        if said.kind != Kind::Identify {
            return;
        }
        for (name, value) in &said.traits {
            let sent = Sent { owner: Owner::User, company_id: None, name, value, zone };
            self.outcome(&sent, user.map(|user| &user.attributes), receipt);
        }
    }

    fn companies(
        &mut self,
        tx: &Tx<'_>,
        said: &Message,
        receipt: &Receipt,
        user: Option<&KnownUser>,
    ) -> Result<(), StoreError> {
        let zone = tx.catalog().settings.time_zone;
        for statement in &said.companies {
            let key = match &statement.company_id {
                Some(company_id) => companies::key_of_id(tx, company_id)?.map(|named| companies::survivor(tx, named)),
                None => user.and_then(|user| user.current_company),
            };
            let Some(key) = key else { continue };
            let company = companies::load(tx, key)?;
            let company_id = Some(company.company_id.as_str());
            for (name, value) in &statement.attributes {
                let sent = Sent { owner: Owner::Company, company_id, name, value, zone };
                self.outcome(&sent, Some(&company.attributes), receipt);
            }
            let membership = match user {
                Some(user) => memberships::attributes(tx, user.key, key)?,
                None => None,
            };
            for (name, value) in &statement.membership {
                let sent = Sent { owner: Owner::Membership, company_id, name, value, zone };
                self.outcome(&sent, membership.as_ref(), receipt);
            }
            if statement.company_id.is_some() {
                let open = match user {
                    Some(user) => memberships::is_open(&tx.reader(), user.key, key)?,
                    None => false,
                };
                self.companies.push(CompanyOutcome {
                    is_new: self.changes.iter().any(|field| {
                        field.kind == "company" && field.field == CREATED && field.id == company.company_id
                    }),
                    company_id: company.company_id,
                    member: open,
                    current: user.is_some_and(|user| user.current_company == Some(key)),
                });
                if statement.standing == Standing::Leaves && user.is_some() && !open {
                    self.because.push(
                        "From this time on, the user is no longer a member of the company it leaves (C1).".to_owned(),
                    );
                }
            }
        }
        Ok(())
    }

    /// Says what became of a value, from what changed, what was refused, and what stands now.
    fn outcome(&mut self, sent: &Sent<'_>, known: Option<&Attributes>, receipt: &Receipt) {
        let kind = sent.owner.as_str();
        let company_id = sent.company_id.map(str::to_owned);
        let told = told_name(sent.owner, sent.name);
        let of_it = |refused: &&RefusedValue| {
            refused.attribute == told && (refused.company_id.is_none() || refused.company_id == company_id)
        };
        if let Some(refused) = receipt.refused_values.iter().find(of_it) {
            let (before, detail) = (Some(sent.value.clone()), Some(refused.detail.clone()));
            let attribute = sent.name.to_owned();
            self.attributes.push(Outcome {
                kind,
                company_id,
                attribute,
                outcome: "refused",
                before,
                after: None,
                detail,
            });
            return;
        }
        let Ok(attribute) = attributes::name(sent.owner, sent.name) else { return };
        let changed = self.changes.iter().find(|field| {
            let place = if sent.owner == Owner::Company { Some(&field.id) } else { field.company_id.as_ref() };
            field.kind == kind && field.field == attribute && place.map(String::as_str) == sent.company_id
        });
        let (outcome, before, after) = match changed {
            Some(field) => ("changed", field.before.clone(), field.after.clone()),
            None => {
                let stands = known.and_then(|known| known.get(&attribute));
                ("unchanged", stands.clone(), stands)
            }
        };
        let outcome =
            if changed.is_none() && sent.is_plain() && !sent.says(after.as_ref()) { "outranked" } else { outcome };
        self.attributes.push(Outcome { kind, company_id, attribute, outcome, before, after, detail: None });
    }
}

/// A value as it was sent.
struct Sent<'a> {
    owner: Owner,
    company_id: Option<&'a str>,
    name: &'a str,
    value: &'a Value,
    zone: Tz,
}

impl Sent<'_> {
    /// A value, and not an operation on one.
    fn is_plain(&self) -> bool {
        Write::of(self.name, self.value.clone()).is_ok_and(|write| matches!(write, Write::Set(_) | Write::Clear))
    }

    /// Whether what stands is what this says.
    fn says(&self, stands: Option<&Value>) -> bool {
        let Some(stands) = stands else { return self.value.is_null() || self.value == "" };
        stands == self.value
            || Type::of(self.name, stands)
                .and_then(|kind| attributes::convert(self.name, kind, self.value, self.zone).ok())
                .is_some_and(|converted| converted == *stands)
            || self.name == "email" && attributes::email_value(self.value).is_ok_and(|email| email == *stands)
    }
}
