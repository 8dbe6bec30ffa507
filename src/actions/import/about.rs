//! Rows that are about no person's doings: a note about somebody, and what an attribute is.

use super::row::{Part, Stop, Taking};
use super::undo;
use crate::actions::attributes::{self as deeds, AttributeError};
use crate::actions::segments::{self, SegmentError};
use crate::actions::{settings, tray};
use crate::domain::attributes::is_standard;
use crate::domain::change::{CREATED, Change};
use crate::domain::codes::rows::RowCode;
use crate::domain::error::Code;
use crate::domain::ids::{NoteKey, UserKey};
use crate::domain::import::{DefinitionDraft, Draft, NoteDraft, Outcome, Problem, SetupDraft};
use crate::domain::limits::DEFINITIONS_PER_KIND_MAX;
use crate::domain::message::Message;
use crate::domain::profile::{NOTE, Note, Profile, note_of};
use crate::store::workspace::SetError;
use crate::store::{attributes as definitions, companies, notes, visitors};

impl Taking<'_, '_> {
    /// A browser: when it was first seen, what it carries while it is nobody's, and whose it is since when (R2).
    pub(super) fn visitor(&mut self, draft: &Draft, user: Option<UserKey>, mut parts: Vec<Part>) -> Result<(), Stop> {
        let names_user = draft.user_id.is_some() || draft.email.is_some();
        if names_user && user.is_none() {
            return Err(Problem::new(RowCode::UserUnknown, "No user has this id or address.").into());
        }
        let Some(anonymous_id) = &draft.anonymous_id else { return Ok(()) };
        let known = visitors::find(self.tx, anonymous_id)?;
        let linked = known.and_then(|visitor| visitor.linked_as).map(|linked| self.tx.catalog().survivor(linked));
        if linked.is_some() && names_user && linked != user {
            let detail = "The browser already belongs to another user. Merge the two if they are the same.";
            return Err(Problem::new(Code::AliasTaken, detail).into());
        }
        let of_browser = |at_ms: i64| {
            let mut message = self.about(&Draft::default(), at_ms);
            message.anonymous_id = Some(anonymous_id.clone());
            message
        };
        let mut messages: Vec<Message> = draft.first_seen_ms.into_iter().map(of_browser).collect();
        if names_user && linked.is_none() {
            let mut links = self.about(draft, draft.linked_ms.unwrap_or(self.at_ms));
            links.anonymous_id = Some(anonymous_id.clone());
            messages.push(links);
        } else {
            let mut carries = of_browser(self.at_ms);
            carries
                .traits
                .extend(draft.traits.iter().filter(|_| linked.is_none()).map(|(n, v)| (n.clone(), v.clone())));
            messages.push(carries);
        }
        let changes = self.receive(messages, &mut parts)?;
        let outcome = match known {
            None => Outcome::Created,
            Some(_) if changes.is_empty() => Outcome::Unchanged,
            Some(_) => Outcome::Updated,
        };
        self.import.report.visitors.count(outcome);
        Ok(self.note(parts)?)
    }

    /// A note about a user, else about a company. The same one is written once.
    pub(super) fn written(
        &mut self,
        written: NoteDraft,
        mut draft: Draft,
        user: Option<UserKey>,
    ) -> Result<Outcome, Stop> {
        let profile = match user {
            Some(user) => Profile::User(user),
            None if draft.user_id.is_some() || draft.email.is_some() => {
                let detail = "No user has this id or address. Import the users first.";
                return Err(Problem::new(RowCode::UserUnknown, detail).into());
            }
            None => {
                let named = self.companies(std::mem::take(&mut draft.companies))?;
                let known = named.first().and_then(|company| company.known).ok_or_else(|| {
                    Problem::new(RowCode::CompanyUnknown, "This company doesn't exist. Import the companies first.")
                })?;
                Profile::Company(companies::survivor(self.tx, known))
            }
        };
        let (text, next_date) = note_of(&written.text, &written.next_date)
            .map_err(|(_, sentence)| Problem::new(RowCode::NoteInvalid, sentence))?;
        let author = written.author.unwrap_or_else(|| self.import.by_name.clone());
        let is_same = |note: &Note| {
            (&note.author, &note.text) == (&author, &text) && written.made_ms.is_none_or(|made| made == note.made_ms)
        };
        if notes::all(&self.tx.reader(), profile)?.iter().any(is_same) {
            return Ok(Outcome::Unchanged);
        }
        let made_ms = written.made_ms.unwrap_or(self.at_ms);
        let new = Note { key: NoteKey(0), profile, author, text, next_date, made_ms, edited_ms: written.edited_ms };
        let note = notes::add(self.tx, new)?;
        self.record(&[Change::new(profile.subject(), NOTE, None, Some(note.to_value()))])?;
        Ok(Outcome::Created)
    }

    /// What an attribute is: made where it is new, and shown and kept as the row says.
    pub(super) fn defined(&mut self, draft: DefinitionDraft, parts: &mut Vec<Part>) -> Result<Outcome, Stop> {
        let DefinitionDraft { owner, name, kind, fields } = draft;
        let known = definitions::find(&self.tx.reader(), owner, &name)?;
        match &known {
            Some(known) if known.kind != kind && !is_standard(owner, &name) => {
                let detail = format!(
                    "{name} is a {} here, and a {} in the file. Change its type on its page first, or leave the row out.",
                    known.kind.as_str(),
                    kind.as_str()
                );
                return Err(Problem::new(Code::TypeMismatch, detail).into());
            }
            Some(_) => {}
            None if self.tx.catalog().decided(owner, &name).is_some() => {
                let detail = format!("What {name} means was decided in the tray, so it doesn't become an attribute.");
                return Err(Problem::new(Code::AttributeNameInvalid, detail).into());
            }
            None => {
                let defined = self.tx.catalog().definitions.get(&owner).map_or(0, |names| names.len());
                if defined >= DEFINITIONS_PER_KIND_MAX {
                    let too_many = AttributeError::TooMany { owner: owner.as_str(), limit: DEFINITIONS_PER_KIND_MAX };
                    return Err(Problem::new(Code::TooManyAttributes, too_many.to_string()).into());
                }
                definitions::define(self.tx, owner, &name, kind, self.delivery.grade, self.delivery.source)?;
                self.import.report.new_attributes.push(format!("{}.{name}", owner.as_str()));
            }
        }
        let mut wanted = Vec::new();
        for (field, value) in &fields {
            match deeds::parse_change(field, value) {
                Ok(change) => wanted.push(change),
                Err(other) => parts.push(Part::new(field, RowCode::AttributeInvalid, other.to_string())),
            }
        }
        let changes = match deeds::set(self.tx, owner, &name, &wanted) {
            Ok(changes) => changes,
            Err(AttributeError::Store(error)) => return Err(error.into()),
            Err(other) => return Err(Problem::new(RowCode::AttributeInvalid, other.to_string()).into()),
        };
        self.record(&changes)?;
        Ok(match known {
            None => Outcome::Created,
            Some(_) if changes.is_empty() => Outcome::Unchanged,
            Some(_) => Outcome::Updated,
        })
    }

    /// How the workspace is set up: a setting, a segment, what a name means.
    pub(super) fn set_up(&mut self, draft: SetupDraft) -> Result<Outcome, Stop> {
        let invalid = |sentence: String| Stop::Problem(Problem::new(RowCode::SetupInvalid, sentence));
        let changes = match draft {
            SetupDraft::Setting(name, value) if self.tx.catalog().settings.get(&name).as_ref() == Some(&value) => {
                Vec::new()
            }
            SetupDraft::Setting(name, value) => match settings::put(self.tx, &name, &value) {
                Ok(change) => change.into_iter().collect(),
                Err(SetError::Store(error)) => return Err(error.into()),
                Err(SetError::Setting(other)) => return Err(invalid(other.to_string())),
            },
            SetupDraft::Segment(listed, name, filter) => {
                match segments::stated(self.tx, &undo::by(self.import), listed, &name, &filter) {
                    Ok(changes) => changes,
                    Err(SegmentError::Store(error)) => return Err(error.into()),
                    Err(other) => return Err(invalid(other.to_string())),
                }
            }
            SetupDraft::Name(owner, name, means) => match tray::stated(self.tx, owner, &name, means.as_deref()) {
                Ok(change) => change.into_iter().collect(),
                Err(AttributeError::Store(error)) => return Err(error.into()),
                Err(other) => return Err(invalid(other.to_string())),
            },
        };
        self.record(&changes)?;
        Ok(match changes.first() {
            None => Outcome::Unchanged,
            Some(change) if change.field == CREATED => Outcome::Created,
            Some(_) => Outcome::Updated,
        })
    }
}
