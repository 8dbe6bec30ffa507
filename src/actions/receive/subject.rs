//! Who a message is about: the facts, the decision of the rules (R1-R8), and what follows from it.

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use super::{Receiving, Subject};
use crate::domain::access::Grade;
use crate::domain::attributes::Stamp;
use crate::domain::change::{CREATED, Change, LINK, Subject as About, USER_ID};
use crate::domain::findings::{Finding, id_is_email};
use crate::domain::identity::{Browser, Claim, Facts, Link, SHARED_BY, Who, decide};
use crate::domain::ids::{self, AnonymousId, UserId, UserKey, VisitorKey};
use crate::domain::message::{Kind, Message};
use crate::domain::time::DAY_MS;
use crate::store::visitors::KnownVisitor;
use crate::store::{StoreError, findings, first_pages, memberships, users, visitors};

impl Receiving<'_, '_> {
    /// Finds or makes whom a message is about, and links its browser.
    pub(super) fn subject(&mut self, message: &Message) -> Result<Subject, StoreError> {
        let email = match (message.kind, message.traits.get("email")) {
            (Kind::Identify, Some(Value::String(text))) => ids::email(text).ok(),
            _ => None,
        };
        let mut facts = Facts::default();
        let as_named = match &message.user_id {
            Some(user_id) => users::key_of_id(self.tx, user_id)?,
            None => None,
        };
        facts.user = as_named.map(|named| self.survivor(named));
        let visitor = match &message.anonymous_id {
            Some(anonymous_id) => visitors::find(self.tx, anonymous_id)?,
            None => None,
        };
        if let Some(visitor) = &visitor {
            facts.visitor = Some(visitor.key);
            facts.link = visitor.linked_as.map(|named| self.linked_to(named, message.kind)).transpose()?;
        }
        if let Some(email) = &email
            && facts.user.is_none()
        {
            facts.with_email = users::with_email(&self.tx.reader(), email)?;
            facts.with_email.retain(|(_, is_lead)| *is_lead || !message.of_lead);
        }
        if let Some(Link { user, contact: Some(contact) }) = &mut facts.link
            && contact.is_lead
            && message.user_id.is_some()
            && facts.user.is_none()
            && self.takes_proof(*user)?
        {
            // Not by an unsigned call: a lead that has proved who it is gains no id (C8).
            contact.is_lead = false;
        }
        let claim = Claim {
            kind: message.kind,
            names_user: message.user_id.is_some(),
            names_visitor: message.anonymous_id.is_some(),
            email: email.as_deref(),
            grade: self.grade_of_email(message, email.as_deref()),
        };
        let (who, browser) = decide(claim, &facts);
        self.decided.who = Some((who, browser));
        let person = self.found_or_made(who, message.user_id.as_ref())?;
        let mut named = if person == facts.user { as_named.or(person) } else { person };
        let mut is_merged_address = false;
        if let (Some(email), Some(user), None) = (&email, person, &message.user_id)
            && let Some(merged) = users::merged_with_email(self.tx, user, email)?
        {
            (named, is_merged_address) = (Some(merged), true);
        }
        let subject = self.browser(browser, named, message.anonymous_id.as_ref(), visitor)?;
        Ok(Subject { is_merged_address, ..subject })
    }

    fn linked_to(&self, named: UserKey, kind: Kind) -> Result<Link, StoreError> {
        let user = self.survivor(named);
        let contact = (kind == Kind::Identify).then(|| users::contact(self.tx, user)).transpose()?;
        Ok(Link { user, contact })
    }

    /// What a message's e-mail address is worth: a signature proves the user id, and the address only
    /// where it is signed too (R7, R8).
    fn grade_of_email(&self, message: &Message, email: Option<&str>) -> Grade {
        let signed = self.proven.as_ref().is_some_and(|proven| proven.email.as_deref() == email);
        match self.delivery.grade {
            Grade::Signed if message.user_id.is_some() && !signed => Grade::Unsigned,
            grade => grade,
        }
    }

    /// Those that a message names and the file knows; makes nobody (R16).
    pub(super) fn known_subject(&mut self, message: &Message) -> Result<Subject, StoreError> {
        let named = match &message.user_id {
            Some(user_id) => users::key_of_id(self.tx, user_id)?,
            None => None,
        };
        let visitor = match &message.anonymous_id {
            Some(anonymous_id) => visitors::find(self.tx, anonymous_id)?,
            None => None,
        };
        Ok(Subject { named, visitor: visitor.map(|visitor| visitor.key), ..Subject::default() })
    }

    fn found_or_made(&mut self, who: Who, user_id: Option<&UserId>) -> Result<Option<UserKey>, StoreError> {
        let at_ms = self.time.at_ms;
        let key = match who {
            Who::Visitor => return Ok(None),
            Who::Known(key) => return Ok(Some(key)),
            Who::NewUser | Who::NewLead => {
                let stated = user_id.filter(|_| self.delivery.grade != Grade::Import);
                if let Some(example) = stated.and_then(|id| id_is_email(id.as_str())) {
                    findings::note(self.tx, Finding::UserIdIsEmail, self.delivery.source, None, &example)?;
                }
                users::create(self.tx, user_id, at_ms)?
            }
            Who::Promoted(key) => {
                if let Some(user_id) = user_id {
                    users::give_id(self.tx, key, user_id, None, at_ms)?;
                }
                key
            }
        };
        self.news = true;
        let field = if matches!(who, Who::Promoted(_)) { USER_ID } else { CREATED };
        let after = user_id.map_or_else(|| json!("lead"), |id| json!(id.as_str()));
        self.changes.push(Change::new(About::User(key), field, None, Some(after)));
        Ok(Some(key))
    }

    fn browser(
        &mut self,
        browser: Browser,
        named: Option<UserKey>,
        anonymous_id: Option<&AnonymousId>,
        known: Option<KnownVisitor>,
    ) -> Result<Subject, StoreError> {
        let Some(anonymous_id) = anonymous_id else { return Ok(Subject { named, ..Subject::default() }) };
        if let (Browser::Fresh, Some(user)) = (browser, named) {
            let fresh = self.fresh_id(anonymous_id, user);
            let visitor = match visitors::find(self.tx, &fresh)? {
                Some(visitor) => visitor.key,
                None => {
                    let visitor = self.new_visitor(&fresh)?;
                    self.link(visitor, user)?;
                    visitor
                }
            };
            self.fresh_anonymous_id = Some(fresh);
            return Ok(Subject { named, visitor: Some(visitor), ..Subject::default() });
        }
        let first_page_ms = known.as_ref().and_then(|visitor| visitor.first_page_ms);
        let linked = known.as_ref().and_then(|visitor| Some((visitor.linked_as?, visitor.linked_from_ms?)));
        let visitor = match known {
            Some(visitor) => visitor.key,
            None => self.new_visitor(anonymous_id)?,
        };
        if let (Browser::Linked, Some(user)) = (browser, named) {
            self.link(visitor, user)?;
        }
        Ok(Subject { named, visitor: Some(visitor), linked, first_page_ms, ..Subject::default() })
    }

    fn new_visitor(&mut self, anonymous_id: &AnonymousId) -> Result<VisitorKey, StoreError> {
        self.news = true;
        visitors::create(self.tx, anonymous_id, self.time.at_ms)
    }

    /// Links a browser to a user (R2): its events of the last 30 days become the user's (R5), what it
    /// carried fills gaps (R12), companies that waited on it apply (C11).
    pub(super) fn link(&mut self, visitor: VisitorKey, user: UserKey) -> Result<(), StoreError> {
        let takeover_days = self.tx.catalog().settings.takeover_days;
        let from_ms = self.time.at_ms - takeover_days * DAY_MS;
        let first_seen_ms = visitors::link(self.tx, visitor, user, self.time.at_ms, from_ms)?;
        first_pages::linked(self.tx, visitor, user, from_ms)?;
        let person = self.survivor(user);
        if first_seen_ms >= from_ms {
            users::named_at(self.tx, user, first_seen_ms)?;
        }
        self.news = true;
        self.changes.push(Change::new(About::Visitor(visitor), LINK, None, Some(json!(user.0))));
        if visitors::linked_within_the_hour(self.tx, user, self.time.at_ms, SHARED_BY)? >= SHARED_BY {
            self.warnings.push(Finding::IdSharedByMany.explained());
            findings::note(self.tx, Finding::IdSharedByMany, self.delivery.source, Some(user), "")?;
        }
        self.fill_gaps(user)?;
        if self.takes_proof(person)? {
            return Ok(());
        }
        let (any, waited) = memberships::adopt_waiting(self.tx, visitor, user, from_ms)?;
        if any {
            let changes = memberships::restate(self.tx, person)?;
            self.changes.extend(changes);
        }
        for waiting in waited {
            let values = serde_json::from_str(&waiting.membership).unwrap_or_default();
            let stamp = Stamp {
                pinned: false,
                at_ms: waiting.order.at_ms,
                grade: waiting.grade,
                order: waiting.order.message,
                source: waiting.source,
            };
            self.say(About::Membership(user, waiting.company), values, stamp)?;
        }
        Ok(())
    }

    /// What a user's visitors carry fills the user's gaps, and never overwrites (R12).
    pub(super) fn fill_gaps(&mut self, user: UserKey) -> Result<(), StoreError> {
        let user = self.survivor(user);
        if self.takes_proof(user)? {
            return Ok(());
        }
        let carried = users::carried_by(self.tx, user)?;
        if carried.is_empty() {
            return Ok(());
        }
        let mut known = users::load(self.tx, user)?;
        for (name, before, after) in known.attributes.fill_gaps(&carried) {
            self.changes.push(Change::new(About::User(user), name, before, after));
        }
        users::save(self.tx, &known)
    }

    /// The anonymous id that a browser of somebody else gets for this user (R3): always the same
    /// one, so that an SDK that does not take it over makes no browser anew at each call.
    fn fresh_id(&self, anonymous_id: &AnonymousId, user: UserKey) -> AnonymousId {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.tx.catalog().hash_key).expect("a key of any length");
        mac.update(&user.0.to_be_bytes());
        mac.update(anonymous_id.as_str().as_bytes());
        let bytes = mac.finalize().into_bytes();
        let bytes: [u8; 16] = bytes[..16].try_into().expect("sixteen bytes");
        AnonymousId::stored(uuid::Builder::from_random_bytes(bytes).into_uuid().to_string())
    }
}
