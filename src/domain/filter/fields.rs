//! What filters can look at, and what can be asked of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono_tz::Tz;

use super::order::without_order;
use crate::domain::attributes::{Owner, Type, standard};
use crate::domain::segments::Segment;

/// What is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Listed {
    /// Users and leads.
    Users,
    /// Companies.
    Companies,
    /// Visitors.
    Visitors,
    /// Events.
    Events,
}

impl Listed {
    /// The word for them.
    pub fn as_str(self) -> &'static str {
        match self {
            Listed::Users => "users",
            Listed::Companies => "companies",
            Listed::Visitors => "visitors",
            Listed::Events => "events",
        }
    }

    /// The listed of a word, of those whose records can be in a segment or are seen as a list of people.
    pub fn parse(word: &str) -> Option<Listed> {
        [Listed::Users, Listed::Companies, Listed::Visitors].into_iter().find(|known| known.as_str() == word)
    }

    /// Whose attributes they carry; events have properties.
    pub fn owner(self) -> Option<Owner> {
        match self {
            Listed::Users | Listed::Visitors => Some(Owner::User),
            Listed::Companies => Some(Owner::Company),
            Listed::Events => None,
        }
    }

    /// What is built in beside attributes.
    pub fn built_in(self) -> &'static [BuiltIn] {
        use BuiltIn::*;
        match self {
            Listed::Users => {
                &[UserId, Email, Name, FirstSeen, LastSeen, Companies, State, Trend, Owner, Tags, Segment, Import]
            }
            Listed::Companies => &[
                CompanyId,
                Name,
                FirstSeen,
                LastSeen,
                Members,
                ActiveMembers,
                State,
                Trend,
                Owner,
                Tags,
                Segment,
                Import,
            ],
            Listed::Visitors => &[AnonymousId, UserId, FirstSeen, LastSeen],
            Listed::Events => {
                &[Name, EventType, PageName, Time, ReceivedAt, UserId, Email, AnonymousId, CompanyId, Source]
            }
        }
    }
}

/// What is known of a record beside its attributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum BuiltIn {
    /// The site's id of a user; of a visitor's or an event's user.
    UserId,
    /// The site's id of a company; of the one that an event counts for.
    CompanyId,
    /// The random id of a browser.
    AnonymousId,
    /// E-mail address, as compared.
    Email,
    /// Name, of a person made of its parts where there is none (A5); of an event as its row says it.
    Name,
    /// First seen (T5).
    FirstSeen,
    /// Last activity (T5), to the hour.
    LastSeen,
    /// Open memberships of a user.
    Companies,
    /// Open memberships of a company.
    Members,
    /// Members active in 30 days.
    ActiveMembers,
    /// When a membership began, the last time.
    JoinedAt,
    /// When it ended: what is asked of it is asked of memberships that have.
    LeftAt,
    /// State (T7), by the hour of the last activity.
    State,
    /// Trend (T7).
    Trend,
    /// E-mail address of the operator who looks after it (A9).
    Owner,
    /// Tags (A9).
    Tags,
    /// Segments that it is in: saved filters that it meets. Of the list itself alone.
    Segment,
    /// The numbers of the imports that made or changed it; of a user also a membership of theirs.
    Import,
    /// The kind of message that an event was.
    EventType,
    /// A page's or screen's own name.
    PageName,
    /// When an event happened.
    Time,
    /// When it was received.
    ReceivedAt,
    /// The name of the source that sent it.
    Source,
}

/// What is built in of memberships.
const OF_MEMBERSHIPS: &[BuiltIn] = &[BuiltIn::JoinedAt, BuiltIn::LeftAt];
/// The words of states.
pub const STATES: &[&str] = &["new", "active", "quiet", "gone", "never"];
/// The words of trends.
pub const TRENDS: &[&str] = &["growing", "shrinking", "steady"];
/// The words of the kinds of messages.
pub const EVENT_TYPES: &[&str] = &["page", "screen", "track", "identify", "group", "alias"];

impl BuiltIn {
    /// Its name in the address.
    pub fn as_str(self) -> &'static str {
        match self {
            BuiltIn::UserId => "user_id",
            BuiltIn::CompanyId => "company_id",
            BuiltIn::AnonymousId => "anonymous_id",
            BuiltIn::Email => "email",
            BuiltIn::Name => "name",
            BuiltIn::FirstSeen => "first_seen",
            BuiltIn::LastSeen => "last_seen",
            BuiltIn::Companies => "companies",
            BuiltIn::Members => "members",
            BuiltIn::ActiveMembers => "active_members_30d",
            BuiltIn::JoinedAt => "joined_at",
            BuiltIn::LeftAt => "left_at",
            BuiltIn::State => "state",
            BuiltIn::Trend => "trend",
            BuiltIn::Owner => "owner",
            BuiltIn::Tags => "tags",
            BuiltIn::Segment => "segment",
            BuiltIn::Import => "import",
            BuiltIn::EventType => "type",
            BuiltIn::PageName => "page_name",
            BuiltIn::Time => "time",
            BuiltIn::ReceivedAt => "received_at",
            BuiltIn::Source => "source",
        }
    }

    /// What can be asked of it.
    pub fn kind(self) -> Kind {
        match self {
            BuiltIn::UserId
            | BuiltIn::CompanyId
            | BuiltIn::AnonymousId
            | BuiltIn::Name
            | BuiltIn::PageName
            | BuiltIn::Source => Kind::Text,
            BuiltIn::Email | BuiltIn::Owner => Kind::Email,
            BuiltIn::FirstSeen
            | BuiltIn::LastSeen
            | BuiltIn::JoinedAt
            | BuiltIn::LeftAt
            | BuiltIn::Time
            | BuiltIn::ReceivedAt => Kind::Instant,
            BuiltIn::EventType => Kind::Word(EVENT_TYPES),
            BuiltIn::Companies | BuiltIn::Members | BuiltIn::ActiveMembers => Kind::Number,
            BuiltIn::State => Kind::Word(STATES),
            BuiltIn::Trend => Kind::Word(TRENDS),
            BuiltIn::Tags => Kind::List,
            BuiltIn::Segment => Kind::Segment,
            BuiltIn::Import => Kind::Import,
        }
    }
}

/// One thing that is known of a record.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Fact {
    /// Built in.
    BuiltIn(BuiltIn),
    /// An attribute of this name and type.
    Attribute(String, Type),
}

impl Fact {
    /// What can be asked of it.
    pub fn kind(&self) -> Kind {
        match self {
            Fact::BuiltIn(built_in) => built_in.kind(),
            Fact::Attribute(_, Type::Boolean) => Kind::Boolean,
            Fact::Attribute(_, Type::Number) => Kind::Number,
            Fact::Attribute(_, Type::Date) => Kind::Day,
            Fact::Attribute(_, Type::Datetime) => Kind::Instant,
            Fact::Attribute(_, Type::List) => Kind::List,
            Fact::Attribute(_, Type::Text) => Kind::Text,
            Fact::Attribute(_, Type::Object) => Kind::Object,
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        match self {
            Fact::BuiltIn(built_in) => built_in.as_str(),
            Fact::Attribute(name, _) => name,
        }
    }
}

/// What a condition looks at.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Field {
    /// The record itself.
    Own(Fact, Listed),
    /// The companies that a user belongs to now; one of them must meet the condition.
    Company(Fact),
    /// The user's memberships of these companies; one of them must.
    Membership(Fact),
    /// An activity by its name; `page` and `screen` are views.
    Event(String),
    /// A property of an event, of any type.
    Property(String),
}

/// What the names of fields of others begin with.
pub(super) const COMPANY: &str = "company.";
/// Of memberships.
pub(super) const MEMBERSHIP: &str = "membership.";
/// Of activity.
pub(super) const EVENT: &str = "event.";
/// Of an event's properties.
pub(super) const PROPERTY: &str = "properties.";
/// Before an attribute whose name means something else otherwise.
pub(super) const ATTRIBUTE: &str = "attribute.";

impl Field {
    /// What can be asked of it.
    pub fn kind(&self) -> Kind {
        match self {
            Field::Own(fact, _) | Field::Company(fact) | Field::Membership(fact) => fact.kind(),
            Field::Event(_) => Kind::Activity,
            Field::Property(_) => Kind::Property,
        }
    }

    /// Whether it is this attribute.
    pub fn is_attribute(&self, owner: Owner, name: &str) -> bool {
        let (owned_by, fact) = match self {
            Field::Own(fact, listed) => (listed.owner(), fact),
            Field::Company(fact) => (Some(Owner::Company), fact),
            Field::Membership(fact) => (Some(Owner::Membership), fact),
            Field::Event(_) | Field::Property(_) => return false,
        };
        owned_by == Some(owner) && matches!(fact, Fact::Attribute(known, _) if known == name)
    }
}

impl std::fmt::Display for Field {
    /// Its name in the address, unescaped.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (prefix, fact, listed) = match self {
            Field::Event(name) => return write!(f, "{EVENT}{name}"),
            Field::Property(name) => return write!(f, "{PROPERTY}{name}"),
            Field::Own(fact, listed) => ("", fact, Some(*listed)),
            Field::Company(fact) => (COMPANY, fact, Some(Listed::Companies)),
            Field::Membership(fact) => (MEMBERSHIP, fact, None),
        };
        let marked = match fact {
            Fact::BuiltIn(_) => false,
            Fact::Attribute(name, _) => is_taken(listed, prefix.is_empty(), name),
        };
        write!(f, "{prefix}{}{}", if marked { ATTRIBUTE } else { "" }, fact.name())
    }
}

/// What is built in of what is listed, or of memberships.
fn built_in(listed: Option<Listed>) -> &'static [BuiltIn] {
    listed.map_or(OF_MEMBERSHIPS, Listed::built_in)
}

/// Whether a name means something else than the attribute of this name.
fn is_taken(listed: Option<Listed>, is_own: bool, name: &str) -> bool {
    let prefixes: &[&str] = if is_own { &[COMPANY, MEMBERSHIP, EVENT, ATTRIBUTE] } else { &[ATTRIBUTE] };
    prefixes.iter().any(|prefix| name.starts_with(prefix))
        || built_in(listed).iter().any(|known| known.as_str() == name)
}

/// What can be asked of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A text.
    Text,
    /// An e-mail address, compared in lower case.
    Email,
    /// A number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// A day.
    Day,
    /// An instant.
    Instant,
    /// A list of texts.
    List,
    /// One of these words.
    Word(&'static [&'static str]),
    /// JSON, of which only whether it is there can be asked (A1).
    Object,
    /// A saved filter.
    Segment,
    /// The number of an import.
    Import,
    /// How often somebody did something.
    Activity,
    /// What a property may be: a text, a number, `true` or `false`; each is asked as what it is.
    Property,
}

impl Kind {
    /// Whether rows can be sorted by it.
    pub fn has_order(self) -> bool {
        without_order(self).is_none()
    }

    /// The operators that it takes.
    pub fn operators(self) -> &'static [Operator] {
        use Operator::*;
        match self {
            Kind::Text | Kind::Email | Kind::List => &[Is, Not, Has, Starts, In, Set, Unset],
            Kind::Number => &[Is, Not, Greater, AtLeast, Less, AtMost, Between, In, Set, Unset],
            Kind::Boolean => &[Is, Not, Set, Unset],
            Kind::Day | Kind::Instant => &[Within, Ago, Next, Before, After, Between, Is, Not, Set, Unset],
            Kind::Word(_) => &[Is, Not, In],
            Kind::Object => &[Set, Unset],
            Kind::Segment => &[Is, Not],
            Kind::Import => &[Is, Not, In],
            Kind::Activity => &[Done, NotDone],
            Kind::Property => &[Is, Not, Has, Starts, In, Greater, AtLeast, Less, AtMost, Between, Set, Unset],
        }
    }
}

/// The word between field and value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operator {
    /// `is`
    Is,
    /// `not`
    Not,
    /// `has`
    Has,
    /// `starts`
    Starts,
    /// `set`
    Set,
    /// `unset`
    Unset,
    /// `in`
    In,
    /// `gt`
    Greater,
    /// `gte`
    AtLeast,
    /// `lt`
    Less,
    /// `lte`
    AtMost,
    /// `between`
    Between,
    /// `before`
    Before,
    /// `after`
    After,
    /// `within`
    Within,
    /// `ago`
    Ago,
    /// `next`
    Next,
    /// `done`
    Done,
    /// `not_done`
    NotDone,
}

impl Operator {
    /// All of them.
    pub const ALL: [Operator; 19] = {
        use Operator::*;
        [
            Is, Not, Has, Starts, In, Set, Unset, Greater, AtLeast, Less, AtMost, Between, Before, After, Within, Ago,
            Next, Done, NotDone,
        ]
    };

    /// Its word in the address.
    pub fn as_str(self) -> &'static str {
        match self {
            Operator::Is => "is",
            Operator::Not => "not",
            Operator::Has => "has",
            Operator::Starts => "starts",
            Operator::Set => "set",
            Operator::Unset => "unset",
            Operator::In => "in",
            Operator::Greater => "gt",
            Operator::AtLeast => "gte",
            Operator::Less => "lt",
            Operator::AtMost => "lte",
            Operator::Between => "between",
            Operator::Before => "before",
            Operator::After => "after",
            Operator::Within => "within",
            Operator::Ago => "ago",
            Operator::Next => "next",
            Operator::Done => "done",
            Operator::NotDone => "not_done",
        }
    }

    /// The operator of a word.
    pub fn parse(word: &str) -> Option<Operator> {
        Operator::ALL.into_iter().find(|known| known.as_str() == word)
    }

    /// Whether it takes no value.
    pub fn is_alone(self) -> bool {
        matches!(self, Operator::Set | Operator::Unset)
    }

    /// What a person reads between field and value.
    pub fn in_words(self) -> &'static str {
        match self {
            Operator::Is => "is",
            Operator::Not => "is not",
            Operator::Has => "contains",
            Operator::Starts => "starts with",
            Operator::Set => "is set",
            Operator::Unset => "is empty",
            Operator::In => "is one of",
            Operator::Greater => "is more than",
            Operator::AtLeast => "is at least",
            Operator::Less => "is less than",
            Operator::AtMost => "is at most",
            Operator::Between => "is between",
            Operator::Before => "is before",
            Operator::After => "is after",
            Operator::Within => "is in the last",
            Operator::Ago => "is longer ago than",
            Operator::Next => "is in the next",
            Operator::Done => "done",
            Operator::NotDone => "not done",
        }
    }
}

/// The fields that a list can be filtered by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fields {
    /// What is listed.
    pub listed: Listed,
    /// The attributes that exist, by owner and name.
    attributes: BTreeMap<Owner, BTreeMap<String, Type>>,
    /// The segments of the list.
    segments: Arc<[Segment]>,
    /// What a time without a zone is of.
    zone: Tz,
}

impl Fields {
    /// The fields of a list: what is built in, standard attributes (A5), and these.
    pub fn new<'a>(listed: Listed, defined: impl IntoIterator<Item = (Owner, &'a str, Type)>) -> Fields {
        let mut attributes: BTreeMap<Owner, BTreeMap<String, Type>> = BTreeMap::new();
        for owner in Owner::ALL {
            let known = standard(owner).iter().map(|(name, kind)| ((*name).to_owned(), *kind)).collect();
            attributes.insert(owner, known);
        }
        for (owner, name, kind) in defined {
            attributes.entry(owner).or_default().insert(name.to_owned(), kind);
        }
        Fields { listed, attributes, segments: Arc::new([]), zone: Tz::UTC }
    }

    /// The same in the workspace's time zone (T4), of which a time is that names none.
    #[must_use]
    pub fn in_zone(self, zone: Tz) -> Fields {
        Fields { zone, ..self }
    }

    /// What a time without a zone is of.
    pub(super) fn zone(&self) -> Tz {
        self.zone
    }

    /// The same were an attribute of another type.
    #[must_use]
    pub fn with_type(mut self, owner: Owner, name: &str, kind: Type) -> Fields {
        self.attributes.entry(owner).or_default().insert(name.to_owned(), kind);
        self
    }

    /// The same with the segments that there are; those of other lists are passed over.
    #[must_use]
    pub fn with_segments(self, all: &Arc<[Segment]>) -> Fields {
        Fields { segments: Arc::clone(all), ..self }
    }

    /// The segments of the list.
    pub fn segments(&self) -> impl Iterator<Item = &Segment> {
        self.segments.iter().filter(|segment| segment.listed == self.listed)
    }

    /// The fields that a segment's filter is made of: a segment is not made of segments.
    #[must_use]
    pub fn of_segments(&self) -> Fields {
        Fields { segments: Arc::new([]), ..self.clone() }
    }

    /// The attributes of an owner's kind, by name.
    pub fn attributes(&self, owner: Owner) -> impl Iterator<Item = (&str, Type)> {
        self.attributes.get(&owner).into_iter().flatten().map(|(name, kind)| (name.as_str(), *kind))
    }

    /// The attributes of what is listed, by name.
    pub fn own_attributes(&self) -> impl Iterator<Item = (&str, Type)> {
        self.listed.owner().into_iter().flat_map(|owner| self.attributes(owner))
    }

    /// The type of an attribute, if there is one of this name.
    fn attribute(&self, owner: Owner, name: &str) -> Option<Fact> {
        self.attributes.get(&owner)?.get(name).map(|kind| Fact::Attribute(name.to_owned(), *kind))
    }

    /// The field of a name.
    pub fn find(&self, name: &str) -> Option<Field> {
        if self.listed == Listed::Users {
            if let Some(rest) = name.strip_prefix(COMPANY) {
                return self.fact(Some(Listed::Companies), Some(Owner::Company), rest).map(Field::Company);
            }
            if let Some(rest) = name.strip_prefix(MEMBERSHIP) {
                return self.fact(None, Some(Owner::Membership), rest).map(Field::Membership);
            }
        }
        if self.listed == Listed::Events
            && let Some(property) = name.strip_prefix(PROPERTY)
        {
            return (!property.is_empty()).then(|| Field::Property(property.to_owned()));
        }
        match name.strip_prefix(EVENT) {
            Some(event) if matches!(self.listed, Listed::Users | Listed::Companies) => {
                (!event.is_empty()).then(|| Field::Event(event.to_owned()))
            }
            _ => {
                let fact = self.fact(Some(self.listed), self.listed.owner(), name)?;
                Some(Field::Own(fact, self.listed))
            }
        }
    }

    /// The field of an attribute, if there is one of this name.
    pub fn of_attribute(&self, owner: Owner, name: &str) -> Option<Field> {
        let listed = match owner {
            Owner::User => Some(Listed::Users),
            Owner::Company => Some(Listed::Companies),
            Owner::Membership => None,
        };
        let is_built_in =
            |name: &str| matches!(name, "name" | "email") && self.built_in(listed).any(|known| known.as_str() == name);
        let fact = if is_built_in(name) { self.fact(listed, Some(owner), name)? } else { self.attribute(owner, name)? };
        match listed {
            Some(listed) if listed == self.listed => Some(Field::Own(fact, listed)),
            _ if self.listed != Listed::Users => None,
            Some(_) => Some(Field::Company(fact)),
            None => Some(Field::Membership(fact)),
        }
    }

    /// What is built in of the list, or of what it looks at beside itself: segments are of the list alone.
    pub(super) fn built_in(&self, listed: Option<Listed>) -> impl Iterator<Item = BuiltIn> + use<> {
        let has_segments = listed == Some(self.listed) && self.segments().next().is_some();
        let all = built_in(listed).iter().copied();
        all.filter(move |known| *known != BuiltIn::Segment || has_segments)
    }

    fn fact(&self, listed: Option<Listed>, owner: Option<Owner>, name: &str) -> Option<Fact> {
        if let Some(known) = self.built_in(listed).find(|known| known.as_str() == name) {
            return Some(Fact::BuiltIn(known));
        }
        self.attribute(owner?, name.strip_prefix(ATTRIBUTE).unwrap_or(name))
    }

    /// The fields to choose from: what is built in, then attributes, of each owner; without activity.
    pub fn offered(&self) -> Vec<Field> {
        let of = |listed: Option<Listed>, owner: Option<Owner>| {
            let beside = self.built_in(listed).map(Fact::BuiltIn);
            let is_built_in = move |name: &str| built_in(listed).iter().any(|known| known.as_str() == name);
            let own = move |name: &str| matches!(name, "name" | "email") && is_built_in(name);
            let attributes =
                owner.into_iter().flat_map(|owner| self.attributes(owner)).filter(move |(name, _)| !own(name));
            beside.chain(attributes.map(|(name, kind)| Fact::Attribute(name.to_owned(), kind))).collect::<Vec<_>>()
        };
        let own = of(Some(self.listed), self.listed.owner()).into_iter().map(|fact| Field::Own(fact, self.listed));
        let mut fields: Vec<Field> = own.collect();
        if self.listed == Listed::Users {
            fields.extend(of(Some(Listed::Companies), Some(Owner::Company)).into_iter().map(Field::Company));
            fields.extend(of(None, Some(Owner::Membership)).into_iter().map(Field::Membership));
        }
        fields
    }
}
