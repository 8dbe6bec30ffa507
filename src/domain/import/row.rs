//! A row as what it says of whom, with nothing looked up.

use serde_json::{Map, Value};

use super::mapping::{Known, Mapping, Target};
use super::reading::Reading;
use super::several::Parted;
use super::{Empty, Policy, cell, dates};
use crate::domain::attributes::{self, Owner, Type};
use crate::domain::codes::Explained;
use crate::domain::codes::rows::RowCode;
use crate::domain::error::{Code, Refused};
use crate::domain::filter::Listed;
use crate::domain::ids::{AnonymousId, CompanyId, UserId, email};
use crate::domain::limits::{EVENT_NAME_CHARS_MAX, ROW_BYTES_MAX};
use crate::domain::message::{CompanyContext, Context, Kind as Call, Message, RefusedValue};
use crate::domain::table::{self, Kind};

/// Why a row is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The code, with its help.
    pub code: &'static Explained,
    /// The sentence for the person who can put it right.
    pub detail: String,
}

impl Problem {
    /// A problem with its sentence.
    pub fn new(code: impl Into<&'static Explained>, detail: impl Into<String>) -> Problem {
        Problem { code: code.into(), detail: detail.into() }
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Problem {
        Problem::new(refused.code, refused.detail)
    }
}

/// How a row names a company.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CompanyNamed {
    /// By its id.
    Id(CompanyId),
    /// By its id, else its domain, else its exact name.
    Any(String),
}

/// A company as a row names it.
#[derive(Debug, Clone, PartialEq)]
pub struct CompanyDraft {
    /// Which one it is.
    pub named: CompanyNamed,
    /// Its attributes.
    pub attributes: Map<String, Value>,
    /// The role, the title and the attributes of the user's membership in it.
    pub membership: Map<String, Value>,
}

/// What a row says of a user or a company beside attributes (A9, C8-C10). What it does not name stays.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ProfileDraft {
    /// The operator who looks after it, by e-mail; `Some(None)` is nobody.
    pub owner: Option<Option<String>>,
    /// All its tags.
    pub tags: Option<Vec<String>>,
    /// Ids that it had before.
    pub aliases: Vec<String>,
    /// E-mail domains whose people join the company.
    pub given_domains: Vec<String>,
    /// The company takes signed members only.
    pub signed_members: Option<bool>,
    /// The company is out of lists and numbers since, Unix milliseconds.
    pub archived_ms: Option<i64>,
}

/// What a row says of an attribute.
#[derive(Debug, Clone, PartialEq)]
pub struct DefinitionDraft {
    /// Whose it is.
    pub owner: Owner,
    /// Its name.
    pub name: String,
    /// Its type.
    pub kind: Type,
    /// What else of it can be set, each with its value.
    pub fields: Vec<(&'static str, Value)>,
}

/// What a row says of how the workspace is set up.
#[derive(Debug, Clone, PartialEq)]
pub enum SetupDraft {
    /// A setting, by its name, and its value as text.
    Setting(String, String),
    /// A segment: of whom, its name and its filter.
    Segment(Listed, String, String),
    /// What was decided of a name in the tray (A8): the attribute that is meant; none where it is ignored.
    Name(Owner, String, Option<String>),
}

impl SetupDraft {
    /// The word for what it is of the set-up.
    pub fn word(&self) -> String {
        match self {
            SetupDraft::Setting(..) => "setting".to_owned(),
            SetupDraft::Segment(listed, ..) => format!("segment_of_{}", listed.as_str()),
            SetupDraft::Name(owner, ..) => format!("name_of_{}", owner.as_str()),
        }
    }

    fn read(what: &str, name: String, value: String) -> Result<SetupDraft, Problem> {
        let segment = [Listed::Users, Listed::Companies];
        let segment = segment.into_iter().find(|listed| what.strip_prefix("segment_of_") == Some(listed.as_str()));
        let owner = what.strip_prefix("name_of_").and_then(Owner::parse);
        Ok(match (what, segment, owner) {
            ("setting", ..) => SetupDraft::Setting(name, value),
            (_, Some(listed), _) => SetupDraft::Segment(listed, name, value),
            (_, _, Some(owner)) => {
                SetupDraft::Name(owner, attributes::name(owner, &name)?, Some(value).filter(|value| !value.is_empty()))
            }
            _ => {
                let detail = format!(
                    "A workspace has no {what:?}. Use setting, segment_of_users, segment_of_companies, \
                     name_of_user, name_of_company or name_of_membership."
                );
                return Err(Problem::new(RowCode::SetupInvalid, detail));
            }
        })
    }
}

/// A note that a row has.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct NoteDraft {
    /// Who wrote it, where that is said.
    pub author: Option<String>,
    /// Markdown.
    pub text: String,
    /// The day on which something is to be done.
    pub next_date: String,
    /// Unix milliseconds.
    pub made_ms: Option<i64>,
    /// Unix milliseconds.
    pub edited_ms: Option<i64>,
}

/// What a row says.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Draft {
    /// The user by id.
    pub user_id: Option<UserId>,
    /// The user's e-mail address, as compared.
    pub email: Option<String>,
    /// The row comes from a workspace, which tells leads and users apart: an address alone is a lead's.
    pub is_told_apart: bool,
    /// The browser.
    pub anonymous_id: Option<AnonymousId>,
    /// When it was linked to its user, Unix milliseconds.
    pub linked_ms: Option<i64>,
    /// The user's attributes, the e-mail address among them.
    pub traits: Map<String, Value>,
    /// Companies with their attributes, and what is said of the memberships in them.
    pub companies: Vec<CompanyDraft>,
    /// When it began, Unix milliseconds.
    pub joined_ms: Option<i64>,
    /// When it ended, Unix milliseconds.
    pub left_ms: Option<i64>,
    /// Whether it is the user's current one, where that is said.
    pub current: Option<bool>,
    /// When whom the row is about was first seen, Unix milliseconds.
    pub first_seen_ms: Option<i64>,
    /// What is set of whom the row is about.
    pub profile: ProfileDraft,
    /// What was done; its subject is filled in by the deed.
    pub event: Option<Message>,
    /// What was written about whom.
    pub note: Option<NoteDraft>,
    /// The attribute that it is about.
    pub definition: Option<DefinitionDraft>,
    /// What of the set-up it is about.
    pub setup: Option<SetupDraft>,
    /// Cells that could not be read, while the rest could.
    pub refused: Vec<RefusedValue>,
}

/// Reads rows.
#[derive(Debug, Clone)]
pub struct Reader {
    pub(super) kind: Kind,
    mapping: Mapping,
    reading: Reading,
    policy: Policy,
    known: Known,
}

impl Reader {
    /// Reads rows of a file by its mapping.
    pub fn new(kind: Kind, mapping: Mapping, reading: Reading, policy: Policy, known: Known) -> Reader {
        Reader { kind, mapping, reading, policy, known }
    }

    /// What is mapped to be an attribute that does not exist yet, with its type.
    pub fn new_attributes(&self) -> Vec<(Owner, String, Type)> {
        let new = |target: &Target| match target {
            Target::Attribute(owner, name, kind) if self.known.type_of(*owner, name).is_none() => {
                Some((*owner, name.clone(), kind.unwrap_or(Type::Text)))
            }
            _ => None,
        };
        self.mapping.0.iter().filter_map(|column| new(&column.target)).collect()
    }

    /// Reads one row.
    ///
    /// # Errors
    /// Why it is not taken.
    pub fn read(&self, cells: &[Value]) -> Result<Draft, Problem> {
        let columns = &self.mapping.0;
        if cells.len() != columns.len() {
            let hint = match self.reading.sheet {
                None => "Put a text that holds the delimiter in quotes.",
                Some(_) => "Give each column a heading, or clear the cells beside them.",
            };
            let detail = format!("The row has {} cells and the file {} columns. {hint}", cells.len(), columns.len());
            return Err(Problem::new(RowCode::Cells, detail));
        }
        let bytes: usize = cells.iter().map(|cell| cell.as_str().map_or(8, str::len)).sum();
        if bytes > ROW_BYTES_MAX {
            let detail = format!("The row is {bytes} bytes; the limit is {ROW_BYTES_MAX}. Shorten its values.");
            return Err(Problem::new(Code::MessageTooLarge, detail));
        }
        let mut draft = Draft::default();
        let (mut company, mut membership, mut parted) = (Map::new(), Map::new(), Vec::new());
        let mut event = Message::new(Call::Track);
        let (mut properties, mut companies) = (Map::new(), Vec::new());
        let (mut note, mut said) = (NoteDraft::default(), DefinitionSaid::default());
        let (mut what, mut set_to) = (String::new(), String::new());
        for (column, cell) in columns.iter().zip(cells) {
            let heading = column.heading.as_str();
            let text = || text_of(heading, cell);
            let is_empty = cell::is_empty(cell);
            match &column.target {
                Target::Ignore => {}
                Target::Attribute(owner, name, kind) => {
                    let values = match owner {
                        Owner::User => &mut draft.traits,
                        Owner::Company => &mut company,
                        Owner::Membership => &mut membership,
                    };
                    if is_empty {
                        if self.policy.empty == Empty::Clear {
                            values.insert(name.clone(), Value::Null);
                        }
                        continue;
                    }
                    let kind = self.known.type_of(*owner, name).or(*kind).unwrap_or(Type::Text);
                    match self.value(heading, cell, kind) {
                        Err(_) if *owner != Owner::User && self.is_of_several(cell) => {
                            drop(values.insert(name.clone(), cell.clone()));
                            parted.push(Parted { owner: *owner, name, heading, kind });
                        }
                        Ok(value) => drop(values.insert(name.clone(), value)),
                        Err(refused) => draft.refused.push(*refused),
                    }
                }
                Target::Property(name, kind) if !is_empty => {
                    match self.value(heading, cell, kind.unwrap_or(Type::Text)) {
                        Ok(value) => drop(properties.insert(name.clone(), value)),
                        Err(refused) => draft.refused.push(*refused),
                    }
                }
                Target::Owner if is_empty && self.policy.empty == Empty::Clear => draft.profile.owner = Some(None),
                Target::Tags if is_empty && self.policy.empty == Empty::Clear => draft.profile.tags = Some(Vec::new()),
                // Nothing is said, or that it happened in no company.
                Target::CompanyId if is_empty && self.policy.empty == Empty::Clear => {
                    event.company_context = CompanyContext::None;
                }
                _ if is_empty => {}
                Target::Owner if self.kind == Kind::Attributes => said.owner = text()?,
                Target::Type if self.kind == Kind::Attributes => said.kind = text()?,
                Target::Name => said.name = text()?,
                Target::Label => said.fields.push(("label", Value::String(text()?))),
                Target::What => what = text()?,
                Target::Value => set_to = text()?,
                Target::Locked | Target::Hidden | Target::History | Target::FastFilter => {
                    match self.value(heading, cell, Type::Boolean) {
                        Ok(value) => said.fields.push((yes_or_no(&column.target), value)),
                        Err(refused) => draft.refused.push(*refused),
                    }
                }
                Target::Owner => draft.profile.owner = Some(Some(text()?)),
                Target::Tags => draft.profile.tags = Some(items(heading, cell)?),
                Target::Aliases => draft.profile.aliases = items(heading, cell)?,
                Target::GivenDomains => draft.profile.given_domains = items(heading, cell)?,
                Target::SignedMembers => match self.value(heading, cell, Type::Boolean) {
                    Ok(value) => draft.profile.signed_members = value.as_bool(),
                    Err(refused) => draft.refused.push(*refused),
                },
                Target::ArchivedAt => draft.profile.archived_ms = Some(self.instant(heading, &text()?)?),
                Target::Author => note.author = Some(text()?),
                Target::Text => note.text = table::unguarded(cell.as_str().unwrap_or(&text()?)).into_owned(),
                Target::NextDate => match self.value(heading, cell, Type::Date) {
                    Ok(value) => note.next_date = value.as_str().unwrap_or_default().to_owned(),
                    Err(refused) => draft.refused.push(*refused),
                },
                Target::MadeAt => note.made_ms = Some(self.instant(heading, &text()?)?),
                Target::EditedAt => note.edited_ms = Some(self.instant(heading, &text()?)?),
                // Other tools have ids of their own under this name.
                Target::Id => {
                    draft.is_told_apart = uuid::Uuid::try_parse(&text()?).is_ok_and(|id| id.get_version_num() == 7)
                }
                Target::LinkedAt => draft.linked_ms = Some(self.instant(heading, &text()?)?),
                Target::SessionId => event.session_ms = text()?.parse().ok(),
                Target::ActingAs | Target::Active => match self.value(heading, cell, Type::Boolean) {
                    Ok(value) if column.target == Target::ActingAs => event.acting_as = value == true,
                    Ok(value) => event.inactive = value == false,
                    Err(refused) => draft.refused.push(*refused),
                },
                Target::UserId => draft.user_id = UserId::parse(&text()?)?,
                Target::AnonymousId => draft.anonymous_id = AnonymousId::parse(&text()?)?,
                Target::CompanyId => {
                    for part in self.parts(&text()?) {
                        companies.extend(CompanyId::parse(part)?.map(CompanyNamed::Id));
                    }
                }
                Target::Company => {
                    companies.extend(self.parts(&text()?).into_iter().map(|part| CompanyNamed::Any(part.to_owned())));
                }
                Target::JoinedAt => draft.joined_ms = Some(self.instant(heading, &text()?)?),
                Target::LeftAt => draft.left_ms = Some(self.instant(heading, &text()?)?),
                Target::FirstSeen => draft.first_seen_ms = Some(self.instant(heading, &text()?)?),
                Target::Time => event.timestamp_ms = Some(self.instant(heading, &text()?)?),
                Target::Current => match self.value(heading, cell, Type::Boolean) {
                    Ok(value) => draft.current = value.as_bool(),
                    Err(refused) => draft.refused.push(*refused),
                },
                Target::MessageId => event.message_id = Some(text()?),
                Target::Event => event.name = text()?,
                Target::Type => {
                    let text = text()?;
                    event.kind =
                        Call::parse(&text.to_lowercase()).filter(|kind| kind.is_activity()).ok_or_else(|| {
                            let detail = format!("{heading}: {text:?} isn't an event. Use track, page or screen.");
                            Problem::new(Code::TypeUnknown, detail)
                        })?;
                }
                Target::PageName => event.context.agent = Some(text()?),
                Target::Properties => match self.value(heading, cell, Type::Object) {
                    Ok(Value::Object(values)) => {
                        for (name, value) in values {
                            properties.entry(name).or_insert(value);
                        }
                    }
                    Ok(_) => {}
                    Err(refused) => draft.refused.push(*refused),
                },
                Target::Context => match self.value(heading, cell, Type::Object) {
                    Ok(value) => event.context.page = Some(value.to_string()),
                    Err(refused) => draft.refused.push(*refused),
                },
                Target::Property(..) => {}
            }
        }
        draft.email = match draft.traits.get("email") {
            Some(Value::String(text)) => match email(text) {
                Ok(email) => Some(email),
                Err(refused) if draft.user_id.is_none() => return Err(refused.into()),
                Err(_) => None,
            },
            _ => None,
        };
        if companies.is_empty() {
            companies = self.by_what_they_are_like(&company);
        }
        draft.companies = self.companies(companies, (company, membership), &parted, &mut draft.refused)?;
        match self.kind {
            Kind::Events => draft.event = Some(finished(event, properties, &draft)?),
            Kind::Notes => draft.note = Some(note),
            Kind::Attributes => draft.definition = Some(said.read()?),
            Kind::Setup => draft.setup = Some(SetupDraft::read(&what, said.name, set_to)?),
            Kind::Users | Kind::Visitors | Kind::Memberships | Kind::Companies => {}
        }
        self.check(&draft)?;
        Ok(draft)
    }

    pub(super) fn value(&self, heading: &str, cell: &Value, kind: Type) -> Result<Value, Box<RefusedValue>> {
        let zone = dates::zone_of(heading).unwrap_or_else(|| self.known.zone());
        cell::value(cell, kind, &self.reading, zone).map_err(|detail| {
            Box::new(RefusedValue::new(heading, cell.clone(), Refused::new(Code::TypeMismatch, detail)))
        })
    }

    fn instant(&self, heading: &str, text: &str) -> Result<i64, Problem> {
        let zone = dates::zone_of(heading).unwrap_or_else(|| self.known.zone());
        let wrong = || {
            let detail = format!("{heading}: {text:?} is not a time. Write 2026-12-31 or 2026-12-31T09:30:00Z.");
            Problem::new(Code::TimestampInvalid, detail)
        };
        dates::instant(text, self.reading.dates, zone).ok_or_else(wrong)
    }

    /// Whether it is said whom it is about.
    fn check(&self, draft: &Draft) -> Result<(), Problem> {
        let has_user = draft.user_id.is_some() || draft.email.is_some();
        let missing = match self.kind {
            Kind::Users | Kind::Memberships if !has_user => {
                (Code::UserMissing, "The row has neither a user id nor an e-mail address.")
            }
            Kind::Events if !has_user && draft.anonymous_id.is_none() => {
                (Code::UserMissing, "The row has neither a user id, nor an e-mail address, nor an anonymous id.")
            }
            Kind::Companies | Kind::Memberships if draft.companies.is_empty() => {
                (Code::CompanyIdMissing, "The row names no company.")
            }
            Kind::Visitors if draft.anonymous_id.is_none() => (Code::UserMissing, "The row has no anonymous id."),
            Kind::Notes if !has_user && draft.companies.is_empty() => {
                (Code::UserMissing, "The row names neither a user nor a company.")
            }
            _ => return Ok(()),
        };
        Err(Problem::new(missing.0, missing.1))
    }
}

/// The items of a cell.
fn items(heading: &str, cell: &Value) -> Result<Vec<String>, Problem> {
    let all = match cell {
        Value::String(text) => table::items(&table::unguarded(text)),
        other => vec![other.clone()],
    };
    let mut items = all.iter().map(|item| text_of(heading, item)).collect::<Result<Vec<String>, _>>()?;
    items.retain(|item| !item.is_empty());
    Ok(items)
}

/// The text of a cell by which somebody or something is told.
fn text_of(heading: &str, cell: &Value) -> Result<String, Problem> {
    cell::text(cell).map_err(|reason| Problem::new(RowCode::CellError, format!("{heading}: {reason}")))
}

/// The word of what an attribute is or is not.
fn yes_or_no(target: &Target) -> &'static str {
    match target {
        Target::Locked => "locked",
        Target::Hidden => "hidden",
        Target::FastFilter => "fast_filter",
        _ => "history",
    }
}

/// What a row says of an attribute, as it says it.
#[derive(Default)]
struct DefinitionSaid {
    owner: String,
    name: String,
    kind: String,
    fields: Vec<(&'static str, Value)>,
}

impl DefinitionSaid {
    fn read(self) -> Result<DefinitionDraft, Problem> {
        let owner = Owner::parse(&self.owner).ok_or_else(|| {
            let detail = format!("Attributes can't belong to {:?}. Use user, company or membership.", self.owner);
            Problem::new(RowCode::AttributeOwnerInvalid, detail)
        })?;
        let kind = Type::parse(&self.kind).ok_or_else(|| {
            let words = Type::ALL.map(Type::as_str).join(", ");
            Problem::new(
                RowCode::AttributeTypeInvalid,
                format!("There is no type {:?}. Use one of {words}.", self.kind),
            )
        })?;
        let name = attributes::name(owner, &self.name)?;
        Ok(DefinitionDraft { owner, name, kind, fields: self.fields })
    }
}

/// An event of a row, its context parted into what repeats by itself: the page, and by what it was seen.
fn finished(mut event: Message, properties: Map<String, Value>, draft: &Draft) -> Result<Message, Problem> {
    let page_name = event.context.agent.take();
    let context: Map<String, Value> =
        event.context.page.take().and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
    let (on, by): (Map<String, Value>, Map<String, Value>) =
        context.into_iter().partition(|(name, _)| name == "page" || name == "campaign");
    let text = |map: Map<String, Value>| (!map.is_empty()).then(|| Value::Object(map).to_string());
    event.context = Context { page: text(on), agent: text(by) };
    event.properties = text(properties);
    if event.kind != Call::Track {
        event.name = page_name.unwrap_or_default();
    } else if event.name.is_empty() {
        return Err(Problem::new(Code::EventNameMissing, "The row names no event."));
    }
    if event.name.chars().count() > EVENT_NAME_CHARS_MAX {
        let detail = format!("The name of the event is longer than {EVENT_NAME_CHARS_MAX} characters.");
        return Err(Problem::new(Code::EventNameTooLong, detail));
    }
    if event.timestamp_ms.is_none() {
        return Err(Problem::new(Code::TimestampInvalid, "The row has no time."));
    }
    if let Some(CompanyDraft { named: CompanyNamed::Id(id), .. }) = draft.companies.first() {
        event.company_context = CompanyContext::In(id.clone());
    }
    Ok(event)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::import::Column;
    use serde_json::json;

    fn reader(kind: Kind, targets: &[&str], policy: Policy) -> Reader {
        let columns = targets
            .iter()
            .map(|target| Column { heading: target.to_uppercase(), target: Target::parse(target).unwrap() })
            .collect();
        Reader::new(kind, Mapping(columns), Reading::default(), policy, Known::default())
    }

    fn cells(texts: &[&str]) -> Vec<Value> {
        texts.iter().map(|text| json!(text)).collect()
    }

    #[test]
    fn a_row_says_who_where_and_what_and_a_wrong_cell_does_not_spoil_the_rest() {
        let targets =
            ["user.email", "user.seats:number", "user.since:date", "company_id", "company.plan", "membership.role"];
        let users = reader(Kind::Users, &targets, Policy::default());
        let draft = users.read(&cells(&[" Ann@X.test ", "12", "31/02/2026", "acme", "'=pro", ""])).unwrap();
        assert_eq!(draft.email.as_deref(), Some("ann@x.test"));
        assert_eq!(draft.traits["seats"], 12);
        assert!(!draft.traits.contains_key("since") && draft.companies[0].membership.is_empty());
        assert_eq!((draft.refused[0].attribute.as_str(), draft.refused.len()), ("USER.SINCE:DATE", 1));
        let CompanyDraft { named: CompanyNamed::Id(id), attributes, .. } = &draft.companies[0] else { panic!() };
        assert_eq!((id.as_str(), &attributes["plan"], draft.companies.len()), ("acme", &json!("=pro"), 1));
        let clearing = Policy { empty: Empty::Clear, ..Policy::default() };
        let draft = reader(Kind::Users, &targets, clearing).read(&cells(&["a@x.test", "", "", "", "", ""])).unwrap();
        assert_eq!((&draft.traits["seats"], draft.companies.len()), (&Value::Null, 0));
    }

    #[test]
    fn a_company_without_an_id_goes_by_its_domain_else_by_its_name() {
        let users =
            reader(Kind::Users, &["user.email", "company_id", "company.domain", "company.name"], Policy::default());
        let named = |cells: &[&str]| {
            let draft = users.read(&self::cells(cells)).unwrap();
            draft.companies.into_iter().map(|company| company.named).collect::<Vec<_>>()
        };
        let any = |text: &str| vec![CompanyNamed::Any(text.to_owned())];
        let id = CompanyId::parse("a-1").unwrap().unwrap();
        assert_eq!(named(&["a@x.test", "a-1", "acme.test", "Acme"]), [CompanyNamed::Id(id)]);
        assert_eq!(named(&["a@x.test", "", "acme.test", "Acme"]), any("acme.test"));
        assert_eq!(named(&["a@x.test", "", "", "Acme"]), any("Acme"));
        assert_eq!(named(&["a@x.test", "", "", ""]), []);
        // Only of a user there may be several in a cell.
        let companies = reader(Kind::Companies, &["company_id"], Policy::default());
        let draft = companies.read(&cells(&["a|b"])).unwrap();
        let id = CompanyId::parse("a|b").unwrap().unwrap();
        assert_eq!(draft.companies[0].named, CompanyNamed::Id(id));
    }

    #[test]
    fn a_row_that_can_t_be_taken_says_why() {
        let users = reader(Kind::Users, &["user_id", "user.email", "company_id"], Policy::default());
        let events = reader(Kind::Events, &["user_id", "event", "time"], Policy::default());
        for (reader, row, code) in [
            (&users, &["ann", "a@x.test"][..], "cells"),
            (&users, &["", "", "acme"], "user_missing"),
            (&users, &["", "not an address", ""], "email_invalid"),
            (&users, &["null", "a@x.test", ""], "id_placeholder"),
            (&users, &["ann", "", "{{company}}"], "id_placeholder"),
            (&events, &["ann", "", "2026-01-01"], "event_name_missing"),
            (&events, &["ann", "Clicked", ""], "timestamp_invalid"),
            (&events, &["ann", "Clicked", "soon"], "timestamp_invalid"),
            (&events, &["", "Clicked", "2026-01-01"], "user_missing"),
        ] {
            assert_eq!(reader.read(&cells(row)).unwrap_err().code.code, code, "{row:?}");
        }
        assert_eq!(users.read(&cells(&["ann", "not an address", ""])).unwrap().email, None);
    }
}
