//! What a message says of attributes: names, types, limits, and the order between values (A1-A7, T2).

use serde_json::{Map, Value};

use super::proof::not_signed;
use super::{Receiving, Stop, Subject};
use crate::domain::access::Grade;
use crate::domain::attributes::{self, Attributes, Owner, Stamp, Type, Write, email_value, has_room};
use crate::domain::change::{Change, Subject as About};
use crate::domain::error::{Code, Refused};
use crate::domain::ids::SourceKey;
use crate::domain::limits::{DEFINITIONS_PER_KIND_MAX, DEFINITIONS_UNSIGNED_PER_HOUR_MAX, REFUSED_VALUES_MAX};
use crate::domain::message::RefusedValue;
use crate::domain::profile::PINNED;
use crate::domain::time::HOUR_MS;
use crate::store::merges::own;
use crate::store::{SourceKind, StoreError, attributes as definitions, companies, memberships, tray, users, visitors};

impl Receiving<'_, '_> {
    /// An identify's attributes: of the user it names, else of the visitor, whose user they fill gaps of.
    pub(super) fn attributes_of_person(
        &mut self,
        subject: &Subject,
        mut values: Map<String, Value>,
    ) -> Result<(), StoreError> {
        if subject.is_merged_address {
            values.remove("email");
        }
        if let Some(named) = subject.named {
            if !values.is_empty() && self.takes_proof(self.survivor(named))? {
                for (name, value) in values {
                    self.refuse_value(RefusedValue::new(name, value, not_signed()));
                }
                return Ok(());
            }
            self.say(About::User(named), values, self.stamp())?;
        } else if let Some(visitor) = subject.visitor.filter(|_| !values.is_empty()) {
            self.say(About::Visitor(visitor), values, self.stamp())?;
            if let Some((user, _)) = subject.linked {
                self.fill_gaps(user)?;
            }
        }
        Ok(())
    }

    /// Says values of a user, a visitor, a company or a membership (role and title among them), each as it is named:
    /// one that was merged into another keeps them too. Whoever is not a member has none.
    pub(in crate::actions) fn say(
        &mut self,
        about: About,
        values: Map<String, Value>,
        stamp: Stamp,
    ) -> Result<(), StoreError> {
        if values.is_empty() {
            return Ok(());
        }
        let (named, about) = (about, own::read_as(self.tx, about));
        match about {
            About::User(user) => {
                let mut known = users::load(self.tx, user)?;
                if self.state(named, Owner::User, &mut known.attributes, values, stamp)? {
                    users::save(self.tx, &known)?;
                    let email = known.attributes.text("email");
                    if email != known.email {
                        self.new_email = Some((user, email));
                    }
                }
            }
            About::Visitor(visitor) => {
                let mut carried = visitors::attributes(self.tx, visitor)?;
                if self.state(named, Owner::User, &mut carried, values, stamp)? {
                    visitors::save(self.tx, visitor, &carried)?;
                }
            }
            About::Company(company) => {
                let mut known = companies::load(self.tx, company)?;
                if self.state(named, Owner::Company, &mut known.attributes, values, stamp)? {
                    companies::save(self.tx, &known)?;
                }
            }
            About::Membership(user, company) => {
                let Some(mut known) = memberships::attributes(self.tx, user, company)? else { return Ok(()) };
                if self.state(named, Owner::Membership, &mut known, values, stamp)? {
                    memberships::save(self.tx, user, company, &known)?;
                }
            }
            About::Workspace | About::Source(_) | About::Attribute(_) | About::Segment(_) => {}
        }
        Ok(())
    }

    /// States values; what can't be taken is refused one by one and waits in the tray. Answers
    /// whether any was taken.
    fn state(
        &mut self,
        named: About,
        owner: Owner,
        known: &mut Attributes,
        values: Map<String, Value>,
        stamp: Stamp,
    ) -> Result<bool, StoreError> {
        let about = own::read_as(self.tx, named);
        let mut own = own::heard_by(self.tx, named, about, known)?;
        let mut taken = false;
        for (sent_name, value) in values {
            match self.accept(owner, &sent_name, &value, stamp.grade) {
                Ok((name, write, history)) => {
                    taken = true;
                    let appended = if let Write::Append(item) = &write { Some(item.clone()) } else { None };
                    let name = name.as_str();
                    if self.by_hand {
                        self.pin(about, known, name, &write, stamp);
                    }
                    if let Some(own) = &mut own {
                        let stamp = self.stamp_of_repeat(own, name, &write, stamp);
                        own.write(name, write.clone(), stamp);
                    }
                    let stamp = self.stamp_of_repeat(known, name, &write, stamp);
                    match known.write(name, write, stamp) {
                        Some((before, after)) if history => {
                            self.changes.push(Change::new(about, name, before, after));
                        }
                        Some(_) => self.news = true,
                        None => {}
                    }
                    if let Some(item) = appended
                        && let Err(refused) = was_appended(known.get(name), name, &item)
                    {
                        self.refuse_value_of(about, owner, &sent_name, item, refused)?;
                    }
                }
                Err(Stop::Store(error)) => return Err(error),
                Err(Stop::Refused(refused)) => {
                    let waits = !self.by_hand
                        && matches!(
                            refused.code,
                            Code::TypeMismatch | Code::UnknownAttribute | Code::TooManyAttributes
                        );
                    if waits
                        && self.refused_values.len() < REFUSED_VALUES_MAX
                        && let Ok(name) = self.meant(owner, &sent_name)
                    {
                        tray::keep(self.tx, about, &name, refused.code, &value, stamp)?;
                    }
                    self.refuse_value_of(about, owner, &sent_name, value, refused)?;
                }
            }
        }
        if let Some(own) = own {
            own::put(self.tx, named, &own)?;
        }
        Ok(taken)
    }

    /// An import that says what is known already takes nothing over from who said it, but its time.
    fn stamp_of_repeat(&self, known: &Attributes, name: &str, write: &Write, stamp: Stamp) -> Stamp {
        let Write::Set(value) = write else { return stamp };
        if stamp.grade != Grade::Import {
            return stamp;
        }
        let catalog = self.tx.catalog();
        let is_of_call =
            |source: SourceKey| catalog.sources.get(&source).is_some_and(|source| source.kind != SourceKind::Import);
        match known.stated_of(name) {
            Some(stated) if stated.value == *value && is_of_call(stated.stamp.source) => {
                Stamp { source: stated.stamp.source, ..stamp }
            }
            _ => stamp,
        }
    }

    fn refuse_value_of(
        &mut self,
        about: About,
        owner: Owner,
        sent_name: &str,
        value: Value,
        refused: Refused,
    ) -> Result<(), StoreError> {
        let company_id = match about {
            About::Company(company) | About::Membership(_, company) => {
                Some(companies::load(self.tx, company)?.company_id)
            }
            _ => None,
        };
        self.refuse_value(RefusedValue {
            company_id,
            ..RefusedValue::new(told_name(owner, sent_name), value, refused)
        });
        Ok(())
    }

    /// What is done by hand to a value that was pinned, or is now (A7): the change set says so, and a
    /// program whose value a pin keeps out is told.
    fn pin(&mut self, about: About, known: &Attributes, name: &str, write: &Write, stamp: Stamp) {
        let was = known.is_pinned(name);
        if was && stamp.grade != Grade::Hand {
            self.kept.push(name.to_owned());
        } else if was != stamp.pinned && !matches!(write, Write::Once(_)) {
            let told = |pinned: bool| pinned.then(|| Value::String(name.to_owned()));
            self.changes.push(Change::new(about, PINNED, told(was), told(stamp.pinned)));
        }
    }

    /// The name under which a value is stored: ours, and where a name was mapped to another attribute
    /// by hand, that one (A8). One that was decided to be ignored is refused.
    fn meant(&self, owner: Owner, sent_name: &str) -> Result<String, Refused> {
        let name = attributes::name(owner, sent_name)?;
        match self.tx.catalog().decided(owner, &name) {
            None => Ok(name),
            Some(Some(meant)) => Ok(meant.to_owned()),
            Some(None) => Err(Refused::new(
                Code::UnknownAttribute,
                format!("{name} is ignored, as decided in the tray. Remove it from the ignored names to store it."),
            )),
        }
    }

    /// What a value writes under which name, and whether its history is kept; or why it is not taken.
    fn accept(
        &mut self,
        owner: Owner,
        sent_name: &str,
        value: &Value,
        grade: Grade,
    ) -> Result<(String, Write, bool), Stop> {
        let name = self.meant(owner, sent_name)?;
        attributes::within_limits(&name, value)?;
        let write = match Write::of(&name, value.clone())? {
            Write::Set(value) if is_email(owner, &name) && value != "" => Write::Set(email_value(&value)?),
            Write::Once(value) if is_email(owner, &name) => Write::Once(email_value(&value)?),
            write => write,
        };
        let definition = match self.tx.catalog().definition(owner, &name) {
            Some(definition) => definition,
            None => {
                let Some(kind) = standard_type(owner, &name).or_else(|| write.type_of(&name)) else {
                    // Nothing to decide a type from: a tombstone, should an older value come late.
                    return Ok((name, Write::Clear, true));
                };
                self.may_define(owner, &name)?;
                definitions::define(self.tx, owner, &name, kind, self.delivery.grade, self.delivery.source)?
            }
        };
        if definition.deleting {
            return Err(Refused::new(
                Code::UnknownAttribute,
                format!("{name} is being deleted. What arrives until then waits in the tray."),
            )
            .into());
        }
        if definition.locked && grade <= Grade::Unsigned {
            return Err(Refused::new(
                Code::AttributeLocked,
                format!("{name} is locked: only signed calls, secret tokens and operators can set it."),
            )
            .into());
        }
        let widens = definition.kind == Type::Date && write.type_of(&name) == Some(Type::Datetime);
        let kind = if widens {
            definitions::widen(self.tx, owner, &name)?;
            Type::Datetime
        } else {
            definition.kind
        };
        let write = write.converted(&name, kind, self.tx.catalog().settings.time_zone)?;
        Ok((name, write, definition.history))
    }

    /// A4, A8: how many attributes there may be, and who may make new ones.
    fn may_define(&self, owner: Owner, name: &str) -> Result<(), Refused> {
        if standard_type(owner, name).is_some() {
            return Ok(());
        }
        let catalog = self.tx.catalog();
        let source = self.delivery.source;
        let known = catalog.definitions.get(&owner).map_or(0, |names| names.len());
        if known >= DEFINITIONS_PER_KIND_MAX {
            return Err(Refused::new(
                Code::TooManyAttributes,
                format!(
                    "{name} would be attribute {} of {} kind; the limit is {DEFINITIONS_PER_KIND_MAX}. Delete one you don't use.",
                    known + 1,
                    owner.as_str()
                ),
            ));
        }
        if catalog.sources.get(&source).is_some_and(|source| source.closed) {
            return Err(Refused::new(
                Code::UnknownAttribute,
                format!(
                    "{name} is not an attribute yet, and this source may not create new ones. Accept it in the dashboard."
                ),
            ));
        }
        let recent = catalog
            .unsigned_definitions
            .get(&source)
            .map_or(0, |times| times.iter().filter(|made| self.tx.now_ms - **made < HOUR_MS).count());
        if self.delivery.grade == Grade::Unsigned && recent >= DEFINITIONS_UNSIGNED_PER_HOUR_MAX {
            return Err(Refused::new(
                Code::TooManyAttributes,
                format!(
                    "{name} would be new, and a public key creates at most {DEFINITIONS_UNSIGNED_PER_HOUR_MAX} attributes an hour. It waits in the tray."
                ),
            ));
        }
        Ok(())
    }
}

/// Whether an item that was appended to a list is in it; where it is not, why the list took no more. What a later
/// value made of the list is no reason.
fn was_appended(list: Option<Value>, name: &str, item: &Value) -> Result<(), Refused> {
    match list.as_ref().and_then(Value::as_array) {
        Some(items) if !items.contains(item) => has_room(name, items, item),
        _ => Ok(()),
    }
}

fn is_email(owner: Owner, name: &str) -> bool {
    owner == Owner::User && name == "email"
}

fn standard_type(owner: Owner, name: &str) -> Option<Type> {
    attributes::standard(owner).iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind)
}

/// How a refused value is named to its sender: where it stood in what was sent.
pub(super) fn told_name(owner: Owner, sent_name: &str) -> String {
    match owner {
        Owner::User => sent_name.to_owned(),
        Owner::Company => format!("company.{sent_name}"),
        Owner::Membership => format!("membership.{sent_name}"),
    }
}
