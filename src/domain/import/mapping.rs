//! What each column of a file is: said by a person, or guessed from its heading, known attributes and samples.

use std::collections::{HashMap, HashSet};

use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::guess;
use super::reading::Reading;
use crate::domain::attributes::{self, Owner, Type, standard};
use crate::domain::table::{self, Kind};

/// What a column is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Target {
    /// Nothing.
    Ignore,
    /// Our id in the workspace from which it was exported, which tells leads and users apart: whoever has no user id
    /// there is a lead, and never the user who has the same address.
    Id,
    /// The site's id of the user.
    UserId,
    /// The browser of an event.
    AnonymousId,
    /// The site's id of the company.
    CompanyId,
    /// The company's id, else its domain, else its exact name.
    Company,
    /// An attribute, with the type that it gets where it is new.
    Attribute(Owner, String, Option<Type>),
    /// When a membership began.
    JoinedAt,
    /// When it ended.
    LeftAt,
    /// Whether it is the user's current one.
    Current,
    /// When somebody was first seen.
    FirstSeen,
    /// The operator who looks after a user or company, by e-mail; of an attribute whose it is.
    Owner,
    /// All tags of a user or company.
    Tags,
    /// Ids that a user or company had before.
    Aliases,
    /// E-mail domains whose people join a company (C9).
    GivenDomains,
    /// Whether a company takes signed members only (C8).
    SignedMembers,
    /// Since when a company is out of lists and numbers (C10).
    ArchivedAt,
    /// An attribute's name.
    Name,
    /// What people read instead of it.
    Label,
    /// Whether unsigned calls may not set it.
    Locked,
    /// Whether pages leave it out.
    Hidden,
    /// Whether its history is kept.
    History,
    /// Whether its values have an index.
    FastFilter,
    /// What of the set-up a row is: a setting, a segment, a name that was decided.
    What,
    /// How it is set.
    Value,
    /// Who wrote a note.
    Author,
    /// A note's text.
    Text,
    /// The day on which something is to be done.
    NextDate,
    /// When a note was written.
    MadeAt,
    /// When it was changed.
    EditedAt,
    /// An event's id, which makes it one however often it comes.
    MessageId,
    /// An event's name.
    Event,
    /// `track`, `page` or `screen`; of an attribute its type.
    Type,
    /// A page's or screen's own name.
    PageName,
    /// When a browser was linked to its user.
    LinkedAt,
    /// The session that it belongs to: its start in Unix milliseconds (T6).
    SessionId,
    /// Whether staff did it, looking at a customer (R16).
    ActingAs,
    /// Whether it is activity (T5).
    Active,
    /// When it happened.
    Time,
    /// Properties as JSON.
    Properties,
    /// The context as JSON.
    Context,
    /// One property.
    Property(String, Option<Type>),
}

/// Targets of one word.
const WORDS: &[(&str, Target)] = &[
    ("ignore", Target::Ignore),
    ("id", Target::Id),
    ("user_id", Target::UserId),
    ("anonymous_id", Target::AnonymousId),
    ("company_id", Target::CompanyId),
    ("company", Target::Company),
    ("joined_at", Target::JoinedAt),
    ("left_at", Target::LeftAt),
    ("current", Target::Current),
    ("first_seen", Target::FirstSeen),
    ("owner", Target::Owner),
    ("tags", Target::Tags),
    ("aliases", Target::Aliases),
    ("given_domains", Target::GivenDomains),
    ("signed_members", Target::SignedMembers),
    ("archived_at", Target::ArchivedAt),
    ("name", Target::Name),
    ("label", Target::Label),
    ("locked", Target::Locked),
    ("hidden", Target::Hidden),
    ("history", Target::History),
    ("fast_filter", Target::FastFilter),
    ("what", Target::What),
    ("value", Target::Value),
    ("author", Target::Author),
    ("text", Target::Text),
    ("next_date", Target::NextDate),
    ("made_at", Target::MadeAt),
    ("edited_at", Target::EditedAt),
    ("message_id", Target::MessageId),
    ("event", Target::Event),
    ("type", Target::Type),
    ("page_name", Target::PageName),
    ("linked_at", Target::LinkedAt),
    ("session_id", Target::SessionId),
    ("acting_as", Target::ActingAs),
    ("active", Target::Active),
    ("time", Target::Time),
    ("properties", Target::Properties),
    ("context", Target::Context),
];

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let named = |f: &mut std::fmt::Formatter<'_>, of: &str, name: &str, kind: &Option<Type>| match kind {
            Some(kind) => write!(f, "{of}.{name}:{}", kind.as_str()),
            None => write!(f, "{of}.{name}"),
        };
        match self {
            Target::Attribute(owner, name, kind) => named(f, owner.as_str(), name, kind),
            Target::Property(name, kind) => named(f, "property", name, kind),
            word => f.write_str(WORDS.iter().find(|(_, known)| known == word).map_or("ignore", |(text, _)| text)),
        }
    }
}

impl Target {
    /// The targets of one word that a kind of import takes.
    pub fn words(kind: Kind) -> Vec<Target> {
        WORDS.iter().map(|(_, target)| target.clone()).filter(|target| target.fits(kind)).collect()
    }

    /// Reads a target: a word, or `user.plan`, `company.seats:number`, `property.rows`.
    ///
    /// # Errors
    /// A sentence that says what there is.
    pub fn parse(text: &str) -> Result<Target, String> {
        let text = text.trim();
        if let Some((_, target)) = WORDS.iter().find(|(word, _)| *word == text) {
            return Ok(target.clone());
        }
        let unknown = || {
            let words: Vec<&str> = WORDS.iter().map(|(word, _)| *word).collect();
            format!(
                "A column can't be {text:?}. Use {}, or an attribute: user.NAME, company.NAME, membership.NAME, \
                 property.NAME, each also with a type, as in user.seats:number.",
                words.join(", ")
            )
        };
        let (of, rest) = text.split_once('.').ok_or_else(unknown)?;
        let typed = rest.rsplit_once(':').and_then(|(name, word)| Some((name, Type::parse(word)?)));
        let (name, kind) = typed.map_or((rest, None), |(name, kind)| (name, Some(kind)));
        if name.trim().is_empty() {
            return Err(unknown());
        }
        match (Owner::parse(of), of) {
            (Some(owner), _) => {
                let name = attributes::name(owner, name).map_err(|refused| refused.detail)?;
                Ok(Target::Attribute(owner, name, kind))
            }
            (None, "property") => Ok(Target::Property(name.trim().to_owned(), kind)),
            _ => Err(unknown()),
        }
    }

    /// Whether a kind of import takes it.
    pub fn fits(&self, kind: Kind) -> bool {
        use Target::{
            ActingAs, Active, Aliases, AnonymousId, ArchivedAt, Attribute, Author, Company, CompanyId, Context,
            Current, EditedAt, Event, FastFilter, FirstSeen, GivenDomains, Hidden, History, Id, Ignore, JoinedAt,
            Label, LeftAt, LinkedAt, Locked, MadeAt, MessageId, Name, NextDate, PageName, Properties, Property,
            SessionId, SignedMembers, Tags, Text, Time, Type, UserId, Value, What,
        };
        match self {
            Ignore => true,
            Id | UserId => !matches!(kind, Kind::Companies | Kind::Attributes | Kind::Setup),
            CompanyId => !matches!(kind, Kind::Attributes | Kind::Visitors | Kind::Setup),
            Company => !matches!(kind, Kind::Events | Kind::Attributes | Kind::Visitors | Kind::Setup),
            // An event and a note say who they are of, and nothing about them.
            Attribute(Owner::User, name, _) => match kind {
                Kind::Users | Kind::Visitors | Kind::Memberships => true,
                Kind::Events | Kind::Notes => name == "email",
                Kind::Companies | Kind::Attributes | Kind::Setup => false,
            },
            Attribute(Owner::Company, ..) => matches!(kind, Kind::Users | Kind::Companies),
            Attribute(Owner::Membership, ..) | JoinedAt | LeftAt | Current => {
                matches!(kind, Kind::Users | Kind::Memberships)
            }
            Tags | Aliases => matches!(kind, Kind::Users | Kind::Companies),
            FirstSeen => matches!(kind, Kind::Users | Kind::Visitors | Kind::Companies),
            LinkedAt => kind == Kind::Visitors,
            AnonymousId => matches!(kind, Kind::Visitors | Kind::Events),
            Target::Owner => matches!(kind, Kind::Users | Kind::Companies | Kind::Attributes),
            GivenDomains | SignedMembers | ArchivedAt => kind == Kind::Companies,
            Name => matches!(kind, Kind::Attributes | Kind::Setup),
            Label | Locked | Hidden | History | FastFilter => kind == Kind::Attributes,
            What | Value => kind == Kind::Setup,
            Author | Text | NextDate | MadeAt | EditedAt => kind == Kind::Notes,
            Type => matches!(kind, Kind::Events | Kind::Attributes),
            MessageId | Event | PageName | Time | SessionId | ActingAs | Active | Properties | Context
            | Property(..) => kind == Kind::Events,
        }
    }

    /// Its type where it is one by itself, as a page shows it; the attribute's name where it is one.
    fn key(&self) -> String {
        match self {
            Target::Attribute(owner, name, _) => format!("{}.{name}", owner.as_str()),
            Target::Property(name, _) => format!("property.{name}"),
            word => word.to_string(),
        }
    }
}

impl Serialize for Target {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Target {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Target, D::Error> {
        Target::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// A column and what it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Its heading.
    pub heading: String,
    /// What it is.
    pub target: Target,
}

/// What the columns of a file are, in their order.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Mapping(pub Vec<Column>);

impl Mapping {
    /// Says of a column what it is: by its heading, or by its number from 1.
    ///
    /// # Errors
    /// A sentence: there is no such column, or it can't be that.
    pub fn set(&mut self, heading: &str, target: &str) -> Result<(), String> {
        let target = Target::parse(target)?;
        let by_number = || heading.parse::<usize>().ok()?.checked_sub(1);
        let found = self.0.iter().position(|column| column.heading == heading.trim()).or_else(by_number);
        let Some(column) = found.and_then(|place| self.0.get_mut(place)) else {
            let known: Vec<&str> = self.0.iter().map(|column| column.heading.as_str()).collect();
            return Err(format!("There is no column {heading:?}. The columns are: {}.", known.join(", ")));
        };
        column.target = target;
        Ok(())
    }

    /// Whether a row can be told by it whom it is about.
    ///
    /// # Errors
    /// A sentence that says what is missing, or there twice.
    pub fn check(&self, kind: Kind) -> Result<(), String> {
        let mut seen = HashSet::new();
        for Column { heading, target } in self.0.iter().filter(|column| column.target != Target::Ignore) {
            if !target.fits(kind) {
                return Err(format!("{heading:?} can't be {target} in an import of {}.", kind.as_str()));
            }
            if !seen.insert(target.key()) {
                return Err(format!("Two columns are {}. Ignore one of them.", target.key()));
            }
        }
        let has = |key: &str| seen.contains(key);
        let user = has("user_id") || has("user.email");
        let company = ["company_id", "company", "company.domain", "company.name"].into_iter().any(has);
        if has("company_id") && has("company") {
            return Err("Two columns say which company it is: company_id and company. Ignore one of them.".to_owned());
        }
        let missing = match kind {
            Kind::Users if !user => "who it is: a column must be user_id or user.email",
            Kind::Companies if !company => "which company it is: a column must be company_id or company",
            Kind::Memberships if !user || !company => {
                "who belongs to which company: columns must be user_id or user.email, and company_id or company"
            }
            Kind::Attributes if !(has("owner") && has("name") && has("type")) => {
                "which attribute it is: columns must be owner (user, company or membership), name and type"
            }
            Kind::Setup if !(has("what") && has("name") && has("value")) => {
                "what to set and how: columns must be what, name and value"
            }
            Kind::Visitors if !has("anonymous_id") => "which browser it is: a column must be anonymous_id",
            Kind::Notes if !user && !company => {
                "whom it is about: a column must be user_id, user.email, company_id or company"
            }
            Kind::Notes if !has("text") => "what was written: a column must be text",
            Kind::Events if !(user || has("anonymous_id")) => {
                "who did it: a column must be user_id, user.email or anonymous_id"
            }
            Kind::Events if !(has("event") || has("type")) => "what was done: a column must be event",
            Kind::Events if !has("time") => "when it happened: a column must be time",
            _ => return Ok(()),
        };
        Err(format!("Nothing says {missing}."))
    }
}

/// What is known beside a file: the attributes that exist and their types, and the workspace's time zone (T4).
#[derive(Debug, Clone, Default)]
pub struct Known {
    types: HashMap<Owner, HashMap<String, Type>>,
    zone: Tz,
}

impl Known {
    /// Of definitions, and the zone whose local time is told where a time names none.
    pub fn new(defined: impl IntoIterator<Item = (Owner, String, Type)>, zone: Tz) -> Known {
        let mut known: HashMap<Owner, HashMap<String, Type>> = HashMap::new();
        for (owner, name, kind) in defined {
            known.entry(owner).or_default().insert(name, kind);
        }
        Known { types: known, zone }
    }

    /// The workspace's time zone.
    pub(super) fn zone(&self) -> Tz {
        self.zone
    }

    /// The type of an attribute; none where there is none yet.
    pub fn type_of(&self, owner: Owner, name: &str) -> Option<Type> {
        let fixed = standard(owner).iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind);
        fixed.or_else(|| self.types.get(&owner)?.get(name).copied())
    }
}

/// Synonyms of headings, as [`plain`] writes them.
const SYNONYMS: &[(&str, &[&str])] = &[
    (
        "user_id",
        &[
            "userid",
            "uid",
            "external_id",
            "contact_id",
            "member_id",
            "customer_user_id",
            "id_user",
            "customer_no",
            "customer_number",
            "user_no",
            "user_number",
        ],
    ),
    ("user.email", &["email", "e_mail", "email_address", "mail", "e_mail_address", "user_email", "emailaddress"]),
    ("user.name", &["full_name", "user_name", "contact_name", "fullname"]),
    ("user.first_name", &["firstname", "given_name", "forename"]),
    ("user.last_name", &["lastname", "surname", "family_name"]),
    ("user.phone", &["phone", "phone_number", "telephone", "mobile", "tel"]),
    ("user.created_at", &["created", "created_on", "signed_up", "signup_date", "registered_at", "createdat"]),
    ("user.title", &["job_title", "jobtitle", "position"]),
    (
        "company_id",
        &[
            "account_id",
            "organization_id",
            "organisation_id",
            "org_id",
            "group_id",
            "tenant_id",
            "companyid",
            "client_id",
        ],
    ),
    (
        "company",
        &["company", "company_name", "account", "account_name", "organization", "organisation", "org", "employer"],
    ),
    ("company.domain", &["company_domain", "account_domain"]),
    ("company.website", &["company_website", "company_url"]),
    ("company.plan", &["company_plan", "account_plan"]),
    ("company.employees", &["employee_count", "number_of_employees", "company_size"]),
    ("membership.role", &["role", "company_role", "user_role"]),
    ("joined_at", &["joined", "member_since"]),
    ("left_at", &["left"]),
    ("message_id", &["event_id", "messageid"]),
    ("event", &["event", "event_name", "action"]),
    ("time", &["timestamp", "occurred_at", "date", "datetime", "at", "created_at", "created"]),
    ("anonymous_id", &["anonymousid", "visitor_id"]),
    ("text", &["note", "notes", "comment", "body", "content"]),
    ("author", &["written_by", "created_by", "note_owner"]),
    ("made_at", &["created_at", "created", "date", "timestamp", "written_at"]),
];

/// Columns of an export that are derived, and told again by themselves.
const DERIVED: &[&str] = &[
    "anonymous_ids",
    "state",
    "trend",
    "last_seen",
    "signed",
    "members",
    "active_members_30d",
    "companies",
    "active_days_28d",
    "active_people_28d",
    "domains",
    "source",
    "received_at",
];

/// What columns seem to be.
pub fn suggest(kind: Kind, headings: &[String], rows: &[Vec<Value>], reading: &Reading, known: &Known) -> Mapping {
    let plain_headings: Vec<String> = headings.iter().map(|heading| guess::plain(heading)).collect();
    let mut taken = HashSet::new();
    let of_word = |heading: &String| Target::parse(heading).ok().filter(|target| target.fits(kind));
    let exact: Vec<Option<String>> = headings.iter().map(|heading| Some(of_word(heading)?.key())).collect();
    let columns = headings.iter().zip(&plain_headings).enumerate().map(|(place, (heading, plain))| {
        let samples: Vec<&Value> = rows.iter().filter_map(|row| row.get(place)).collect();
        let target = of_heading(kind, heading, plain, &plain_headings, known)
            .filter(|target| target.fits(kind))
            .unwrap_or_else(|| of_samples(kind, heading, &samples, reading, known));
        // Who looks after somebody here is an operator, by e-mail; other tools write a name.
        let is_owner = target == Target::Owner && kind != Kind::Attributes;
        let target = if is_owner && !guess::are_emails(&samples) { Target::Ignore } else { target };
        // What stands under its own name elsewhere is not this one.
        let is_it = |exact: &Option<String>| exact.as_ref() == Some(&target.key());
        let is_elsewhere = !is_it(&exact[place]) && exact.iter().any(is_it);
        let is_of_another = matches!(target, Target::Attribute(of, ..) if Some(of) != kind.owner());
        let target = match (is_elsewhere, is_of_another) {
            (false, _) => target,
            (true, true) => of_samples(kind, heading, &samples, reading, known),
            (true, false) => Target::Ignore,
        };
        // The first of two that seem to be the same is it.
        let target = if taken.insert(target.key()) { target } else { Target::Ignore };
        Column { heading: heading.clone(), target }
    });
    let mut columns: Vec<Column> = columns.collect();
    // Beside an id the name is only its name.
    if columns.iter().any(|column| column.target == Target::CompanyId) {
        let name = Target::Attribute(Owner::Company, "name".to_owned(), None);
        let fits = name.fits(kind) && !columns.iter().any(|column| column.target.key() == name.key());
        for column in columns.iter_mut().filter(|column| column.target == Target::Company) {
            column.target = if fits { name.clone() } else { Target::Ignore };
        }
    }
    Mapping(columns)
}

fn of_heading(kind: Kind, heading: &str, plain: &str, all: &[String], known: &Known) -> Option<Target> {
    let (name, typed, is_attribute) = table::read_heading(heading);
    let owner = kind.owner();
    if let (true, Some(owner)) = (is_attribute, owner) {
        let name = attributes::name(owner, name).ok()?;
        // What is known has its type, and what is new gets the one that the heading says.
        let kind = typed.filter(|_| known.type_of(owner, &name).is_none());
        return Some(Target::Attribute(owner, name, kind));
    }
    if let Some((owner, name)) = name.split_once('.').and_then(|(of, name)| Some((Owner::parse(of)?, name))) {
        return Some(Target::Attribute(owner, attributes::name(owner, name).ok()?, None));
    }
    let has = |word: &str| all.iter().any(|heading| heading == word);
    let id = match kind {
        Kind::Users if !has("user_id") => Some(Target::UserId),
        Kind::Companies if !has("company_id") => Some(Target::CompanyId),
        _ => None,
    };
    // HubSpot's own id of a company, where the file has no other.
    if plain == "record_id" && kind == Kind::Companies && !has("id") {
        return id;
    }
    if plain == "id" {
        // Of an event it may be the event's own, but where that stands under its name.
        let is_ours = Target::Id.fits(kind) && (kind != Kind::Events || has("event_id"));
        let ours = if is_ours { Target::Id } else { Target::Ignore };
        return Some(id.unwrap_or(ours));
    }
    // What a file of refused rows says of them.
    if plain.starts_with("rollcall_") || DERIVED.contains(&plain) {
        return Some(Target::Ignore);
    }
    let is_event = kind == Kind::Events;
    if is_event && plain == "name" && !has("event") && !has("event_name") {
        return Some(Target::Event);
    }
    let is_word = |(word, target): &&(&str, Target)| {
        *word == plain && !matches!(target, Target::Company | Target::Ignore) && target.fits(kind)
    };
    if let Some((_, word)) = WORDS.iter().find(is_word) {
        return Some(word.clone());
    }
    if let Some(owner) = owner {
        // An attribute that is known under this very name, or a standard one.
        let name = attributes::name(owner, heading.trim()).ok();
        for name in name.iter().map(String::as_str).chain([plain]) {
            if known.type_of(owner, name).is_some() {
                return Some(Target::Attribute(owner, name.to_owned(), None));
            }
        }
    }
    if let (Kind::Users, Some(rest)) = (kind, plain.strip_prefix("company_").or_else(|| plain.strip_prefix("account_")))
        && known.type_of(Owner::Company, rest).is_some()
        && rest != "name"
    {
        return Some(Target::Attribute(Owner::Company, rest.to_owned(), None));
    }
    let names_company = |heading: &String| {
        let words = SYNONYMS.iter().filter(|(target, _)| matches!(*target, "company" | "company_id"));
        heading == "company_id" || words.into_iter().any(|(_, words)| words.contains(&heading.as_str()))
    };
    if kind == Kind::Users && all.iter().any(names_company) {
        // What only companies have is theirs.
        for name in [heading.trim(), plain] {
            if known.type_of(Owner::Company, name).is_some()
                && known.type_of(Owner::User, plain).is_none()
                && name != "name"
            {
                return Some(Target::Attribute(Owner::Company, name.to_owned(), None));
            }
        }
    }
    let synonyms = SYNONYMS.iter().filter(|(_, words)| words.contains(&plain));
    let of_synonym = synonyms.filter_map(|(target, _)| Target::parse(target).ok()).find(|target| target.fits(kind));
    match of_synonym {
        // What companies are called is one's name in a table of them.
        Some(Target::Company) if kind == Kind::Companies && (has("company_id") || has("id")) => {
            Some(Target::Attribute(Owner::Company, "name".to_owned(), None))
        }
        Some(Target::Company) if has("company_id") => Some(Target::Attribute(Owner::Company, "name".to_owned(), None)),
        other => other,
    }
}

fn of_samples(kind: Kind, heading: &str, samples: &[&Value], reading: &Reading, known: &Known) -> Target {
    let name = table::read_heading(heading).0;
    let of = guess::type_of(samples, reading);
    match kind.owner() {
        None if kind != Kind::Events => Target::Ignore,
        None => Target::Property(name.to_owned(), Some(of)),
        Some(owner) => match attributes::name(owner, name) {
            Ok(name) => {
                let of = if known.type_of(owner, &name).is_some() { None } else { Some(of) };
                Target::Attribute(owner, name, of)
            }
            Err(_) => Target::Ignore,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn suggested(kind: Kind, headings: &[&str]) -> Vec<String> {
        let known = Known::new(
            [(Owner::User, "Monthly spend".to_owned(), Type::Number), (Owner::Company, "tier".to_owned(), Type::Text)],
            Tz::UTC,
        );
        let headings: Vec<String> = headings.iter().map(|heading| (*heading).to_owned()).collect();
        let rows = vec![headings.iter().map(|_| json!("7")).collect::<Vec<_>>()];
        let mapping = suggest(kind, &headings, &rows, &Reading::default(), &known);
        mapping.0.iter().map(|column| column.target.to_string()).collect()
    }

    #[test]
    fn columns_are_known_by_their_headings() {
        assert_eq!(
            suggested(
                Kind::Users,
                &["ID", "E-Mail", "First Name", "Company", "company tier", "Role", "Monthly spend", "Score"]
            ),
            [
                "user_id",
                "user.email",
                "user.first_name",
                "company",
                "company.tier",
                "membership.role",
                "user.Monthly spend",
                "user.Score:number"
            ]
        );
        assert_eq!(suggested(Kind::Users, &["company_id", "Company name"]), ["company_id", "company.name"]);
        assert_eq!(
            suggested(Kind::Companies, &["id", "Name", "Domain"]),
            ["company_id", "company.name", "company.domain"]
        );
        assert_eq!(
            suggested(Kind::Events, &["user_id", "event", "timestamp", "rows"]),
            ["user_id", "event", "time", "property.rows:number"]
        );
        assert_eq!(
            suggested(Kind::Memberships, &["email", "account_id", "role"]),
            ["user.email", "company_id", "membership.role"]
        );
    }

    #[test]
    fn what_an_export_wrote_is_known_again() {
        assert_eq!(
            suggested(
                Kind::Users,
                &["id", "user_id", "email", "plan (string)", "attribute.owner (list)", "owner", "first_seen", "state"]
            ),
            ["id", "user_id", "user.email", "user.plan:string", "user.owner:list", "ignore", "first_seen", "ignore"]
        );
        let (before, behind) = Kind::Events.columns();
        let all: Vec<&str> = before.iter().chain(behind).copied().collect();
        assert_eq!(
            suggested(Kind::Events, &all),
            [
                "message_id",
                "event",
                "type",
                "page_name",
                "time",
                "ignore",
                "id",
                "user_id",
                "user.email",
                "anonymous_id",
                "company_id",
                "ignore",
                "session_id",
                "acting_as",
                "active",
                "properties",
                "context"
            ]
        );
    }

    #[test]
    fn a_mapping_says_who_it_is_about_or_is_refused() {
        let mapping = |targets: &[&str]| {
            Mapping(
                targets
                    .iter()
                    .map(|target| Column { heading: "x".to_owned(), target: Target::parse(target).unwrap() })
                    .collect(),
            )
        };
        assert_eq!(mapping(&["user.email", "company"]).check(Kind::Memberships), Ok(()));
        for (kind, targets, hint) in [
            (Kind::Users, &["user.name"][..], "user_id or user.email"),
            (Kind::Companies, &["company.plan"], "company_id or company"),
            (Kind::Memberships, &["user_id"], "company_id or company"),
            (Kind::Events, &["user_id", "event"], "time"),
            (Kind::Users, &["user_id", "user.a", "user.a:number"], "Two columns are user.a"),
            (Kind::Users, &["user_id", "time"], "can't be time"),
            (Kind::Users, &["user_id", "company", "company_id"], "company_id and company"),
        ] {
            let refused = mapping(targets).check(kind).unwrap_err();
            assert!(refused.contains(hint), "{refused}");
        }
        let mut mapping = mapping(&["user_id"]);
        assert!(mapping.set("y", "user_id").unwrap_err().contains("The columns are: x"));
        assert!(mapping.set("x", "person").unwrap_err().contains("user.NAME"));
        mapping.set("1", "user.seats:number").unwrap();
        assert_eq!(mapping.0[0].target.to_string(), "user.seats:number");
    }
}
