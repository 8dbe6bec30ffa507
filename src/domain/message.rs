//! A message: one call as received, whatever door it came through.

use std::collections::HashMap;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::domain::access::Grade;
use crate::domain::attributes::Write;
use crate::domain::codes::Explained;
use crate::domain::error::{Code, Refused};
use crate::domain::ids::{AnonymousId, ChangeKey, CompanyId, EventId, SourceKey, UserId};
use crate::domain::proof::Proof;

/// The six types of a message. The numbers stand in the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(i64)]
pub enum Kind {
    /// A page was viewed.
    Page = 0,
    /// A screen of an app was viewed.
    Screen = 1,
    /// Something was done.
    Track = 2,
    /// Who this is.
    Identify = 3,
    /// Which company this is.
    Group = 4,
    /// Two ids are one.
    Alias = 5,
}

impl Kind {
    /// The kind's name in the API and in Segment's format.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Page => "page",
            Kind::Screen => "screen",
            Kind::Track => "track",
            Kind::Identify => "identify",
            Kind::Group => "group",
            Kind::Alias => "alias",
        }
    }

    /// The kind of a name.
    pub fn parse(text: &str) -> Option<Kind> {
        Some(match text {
            "page" => Kind::Page,
            "screen" => Kind::Screen,
            "track" => Kind::Track,
            "identify" => Kind::Identify,
            "group" => Kind::Group,
            "alias" => Kind::Alias,
            _ => return None,
        })
    }

    /// The kind of its number in the journal.
    pub fn from_number(number: i64) -> Kind {
        match number {
            0 => Kind::Page,
            1 => Kind::Screen,
            2 => Kind::Track,
            3 => Kind::Identify,
            4 => Kind::Group,
            _ => Kind::Alias,
        }
    }

    /// Whether a person does something by it (T5).
    pub fn is_activity(self) -> bool {
        matches!(self, Kind::Page | Kind::Screen | Kind::Track)
    }
}

/// What a message says of the company it happened in (C1, C3).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum CompanyContext {
    /// Nothing.
    #[default]
    Unstated,
    /// `company: null`: in no company.
    None,
    /// In this one.
    In(CompanyId),
}

/// What a statement wants of a membership.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Belongs to it.
    Joins,
    /// Leaves it (`remove: true`).
    Leaves,
}

/// What a message says of one company: `company`, an item of `companies`, or a group call (C1).
#[derive(Debug, Clone, PartialEq)]
pub struct CompanyStatement {
    /// Which one; none means the user's current one (C6).
    pub company_id: Option<CompanyId>,
    /// Join or leave.
    pub standing: Standing,
    /// The company's attributes as sent.
    pub attributes: Map<String, Value>,
    /// The membership's role, title and attributes as sent.
    pub membership: Map<String, Value>,
}

/// A value of a message that was not taken while the rest was.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RefusedValue {
    /// The name of the attribute or field, as sent.
    pub attribute: String,
    /// Of which company's value it is, or of whose membership's, where that was known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company_id: Option<String>,
    /// Which of the contract's codes.
    pub code: Code,
    /// The sentence for the person who can act on it.
    pub detail: String,
    /// The value as sent, for the tray.
    #[serde(skip)]
    pub value: Value,
    /// That it is refused says what is known of somebody, which strangers are not told.
    #[serde(skip)]
    pub tells_of_known: bool,
}

impl RefusedValue {
    /// A refused value of a name.
    pub fn new(attribute: impl Into<String>, value: Value, refused: Refused) -> RefusedValue {
        RefusedValue {
            attribute: attribute.into(),
            company_id: None,
            code: refused.code,
            detail: refused.detail,
            value,
            tells_of_known: false,
        }
    }
}

/// What is kept of a message's context, as JSON, in two parts that each repeat among messages.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Context {
    /// The page and the campaign.
    pub page: Option<String>,
    /// Library, locale, browser and system.
    pub agent: Option<String>,
}

/// One call as received, read into types. Nothing in it has been checked against the file.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// The sender's id for it; two messages without one are two messages.
    pub message_id: Option<String>,
    /// Its type.
    pub kind: Kind,
    /// The user it names.
    pub user_id: Option<UserId>,
    /// Its e-mail address alone is a lead's, whoever else has it.
    pub of_lead: bool,
    /// The browser it names.
    pub anonymous_id: Option<AnonymousId>,
    /// An alias's old id.
    pub previous_id: Option<UserId>,
    /// The sender's timestamp, Unix milliseconds.
    pub timestamp_ms: Option<i64>,
    /// Which one it is of those of one moment in its batch, from 0; the later one holds.
    pub turn: u16,
    /// A track call's event, a page's or screen's name; empty where none.
    pub name: String,
    /// The user's attributes as sent, without the companies.
    pub traits: Map<String, Value>,
    /// What it says of companies, in the order sent.
    pub companies: Vec<CompanyStatement>,
    /// The companies it names are all there are (`companies_mode: "replace"`).
    pub companies_replace: bool,
    /// An event's properties as JSON; none where it has none.
    pub properties: Option<String>,
    /// The company it happened in.
    pub company_context: CompanyContext,
    /// The session it belongs to: its start in Unix milliseconds (T6).
    pub session_ms: Option<i64>,
    /// Staff looking at a customer (R16).
    pub acting_as: bool,
    /// What it carries to show who it is.
    pub proof: Proof,
    /// `context.active: false`: no activity (T5).
    pub inactive: bool,
    /// What is kept of the context.
    pub context: Context,
    /// Values that could not be read while the rest could.
    pub refused_values: Vec<RefusedValue>,
    /// What the sender should know though nothing was refused.
    pub warnings: Vec<&'static Explained>,
}

impl Message {
    /// A message of a kind that says nothing yet.
    pub fn new(kind: Kind) -> Message {
        Message {
            message_id: None,
            kind,
            user_id: None,
            of_lead: false,
            anonymous_id: None,
            previous_id: None,
            timestamp_ms: None,
            turn: 0,
            name: String::new(),
            traits: Map::new(),
            companies: Vec::new(),
            companies_replace: false,
            properties: None,
            company_context: CompanyContext::Unstated,
            session_ms: None,
            acting_as: false,
            proof: Proof::default(),
            inactive: false,
            context: Context::default(),
            refused_values: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// Whether anything that it says is a step, which counts once per message id whatever time a repeat is sent
    /// with (A3).
    pub fn has_steps(&self) -> bool {
        let of_companies =
            self.companies.iter().flat_map(|company| company.attributes.values().chain(company.membership.values()));
        self.traits.values().chain(of_companies).any(Write::is_step)
    }
}

/// Gives the messages of a batch, each with its time, their turns: SDKs say two things within one millisecond, and mean
/// the later one.
pub fn take_turns<'a>(messages: impl IntoIterator<Item = (i64, &'a mut Message)>) {
    let mut next: HashMap<i64, u16> = HashMap::new();
    for (at_ms, message) in messages {
        let turn = next.entry(at_ms).or_default();
        message.turn = *turn;
        *turn = turn.saturating_add(1);
    }
}

/// The bits of an order within a moment that are the turn's.
const TURN_BITS: u32 = 15;

/// What decides between two messages of one moment (T2): of one batch the later, else the one with the greater hash.
pub fn order_within_moment(turn: u16, message_hash: i64) -> i64 {
    let turn = i64::from(turn.min((1 << TURN_BITS) - 1));
    turn << (63 - TURN_BITS) | (message_hash.cast_unsigned() >> (TURN_BITS + 1)).cast_signed()
}

/// How a message came: who sent it, what that is worth, when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delivery {
    /// The source it belongs to.
    pub source: SourceKey,
    /// What its sender is worth (A7).
    pub grade: Grade,
    /// The sender's clock when sending, Unix milliseconds.
    pub sent_at_ms: Option<i64>,
    /// Ours when receiving, Unix milliseconds.
    pub received_ms: i64,
}

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// On disk.
    Stored,
    /// It said nothing new.
    Unchanged,
    /// Its message id was here before (R15).
    Duplicate,
    /// Not taken; `code` and `detail` say why.
    Refused,
}

/// The answer to one message, as the contract writes it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Receipt {
    /// The sender's id for the message.
    pub message_id: Option<String>,
    /// What became of it.
    pub status: Status,
    /// Why it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<Code>,
    /// The sentence to the code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Values that were refused while the rest was.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub refused_values: Vec<RefusedValue>,
    /// What the sender should know.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<&'static Explained>,
    /// Its sender is told what a stranger is not: a program with a token, or who proved who it is.
    #[serde(skip)]
    pub trusted: bool,
    /// Its change set, where it changed something.
    #[serde(skip)]
    pub change: Option<ChangeKey>,
    /// What the journal has of it, where it has.
    #[serde(skip)]
    pub event: Option<EventId>,
    /// The browser's new anonymous id (R3).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub anonymous_id: Option<AnonymousId>,
}

impl Receipt {
    /// A receipt with a status and nothing else.
    pub fn of(message_id: Option<String>, status: Status) -> Receipt {
        Receipt {
            message_id,
            status,
            code: None,
            detail: None,
            refused_values: Vec::new(),
            warnings: Vec::new(),
            trusted: false,
            change: None,
            event: None,
            anonymous_id: None,
        }
    }

    /// The receipt of a refused message.
    pub fn refused(message_id: Option<String>, refused: Refused) -> Receipt {
        Receipt { code: Some(refused.code), detail: Some(refused.detail), ..Receipt::of(message_id, Status::Refused) }
    }
}
