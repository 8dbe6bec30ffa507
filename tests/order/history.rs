//! Random histories: what some people did on their browsers, and the messages that tell it.

use proptest::prelude::*;
use rollcall::domain::access::Grade;
use rollcall::domain::ids::{AnonymousId, CompanyId, SourceKey, UserId};
use rollcall::domain::message::{CompanyContext, CompanyStatement, Delivery, Kind, Message, Standing};
use serde_json::{Map, Value, json};

/// When all is delivered.
pub const NOW_MS: i64 = 1_790_000_000_000;
/// When a history begins.
const START_MS: i64 = NOW_MS - 10_000 * MINUTE_MS;
const MINUTE_MS: i64 = 60_000;
/// How wrong the clocks of the browsers are, by number.
const CLOCKS_MS: [i64; 3] = [0, -7_200_000, 31_536_000_000];

/// What happens. Each browser is one person's, since whose a shared browser is belongs to whoever
/// arrives first; each event states its company, since what follows from the only open membership is
/// decided when it arrives; a person gets each new id at most once, and is known before (T3's exceptions).
#[derive(Debug, Clone, PartialEq)]
pub enum Deed {
    Identify {
        attributes: Vec<(u8, Said)>,
    },
    Join {
        company: u8,
        role: Option<u8>,
    },
    Leave {
        company: u8,
    },
    Replace {
        companies: Vec<u8>,
    },
    Group {
        company: u8,
        plan: u8,
    },
    Track {
        company: Option<u8>,
    },
    Page,
    /// Another id.
    Rename(u8),
    /// Staff looking at the person's account (R16).
    Staff,
}

/// What is said of an attribute.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Said {
    Is(u8),
    Nothing,
    More(u8),
    AtFirst(u8),
}

impl Said {
    fn value(self) -> Value {
        match self {
            Said::Is(number) => json!(number),
            Said::Nothing => Value::Null,
            Said::More(number) => json!({ "$inc": number }),
            Said::AtFirst(number) => json!({ "$once": number }),
        }
    }
}

/// A deed of a person: on which browser, when, and through which source; whether the page knew who it is.
#[derive(Debug, Clone)]
pub struct Step {
    pub person: u8,
    pub browser: u8,
    pub source: u8,
    pub minute: i64,
    pub anonymous: bool,
    pub deed: Deed,
}

impl Step {
    /// When it happened: each step of a history has a millisecond of its own.
    pub fn at_ms(&self, index: usize) -> i64 {
        START_MS + self.minute * MINUTE_MS + index as i64
    }

    /// Whether the message leaves the user out.
    pub fn is_anonymous(&self) -> bool {
        let only_known = matches!(self.deed, Deed::Leave { .. } | Deed::Group { .. } | Deed::Rename(_) | Deed::Staff);
        self.anonymous && !only_known
    }
}

fn any_said() -> impl Strategy<Value = Said> {
    prop_oneof![
        4 => (0_u8..5).prop_map(Said::Is),
        1 => Just(Said::Nothing),
        2 => (1_u8..4).prop_map(Said::More),
        1 => (0_u8..5).prop_map(Said::AtFirst),
    ]
}

fn any_deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        3 => prop::collection::vec((0_u8..3, any_said()), 1..4).prop_map(|attributes| Deed::Identify { attributes }),
        2 => (0_u8..3, prop::option::of(0_u8..3)).prop_map(|(company, role)| Deed::Join { company, role }),
        1 => (0_u8..3).prop_map(|company| Deed::Leave { company }),
        1 => prop::collection::vec(0_u8..3, 0..3).prop_map(|companies| Deed::Replace { companies }),
        1 => (0_u8..3, 0_u8..3).prop_map(|(company, plan)| Deed::Group { company, plan }),
        2 => prop::option::of(0_u8..3).prop_map(|company| Deed::Track { company }),
        2 => Just(Deed::Page),
        1 => (0_u8..3).prop_map(Deed::Rename),
        1 => Just(Deed::Staff),
    ]
}

fn any_step() -> impl Strategy<Value = Step> {
    (0_u8..3, 0_u8..2, 0_u8..2, 0_i64..5_000, any::<bool>(), any_deed()).prop_map(
        |(person, browser, source, minute, anonymous, mut deed)| {
            if let (true, Deed::Identify { attributes }) = (anonymous, &mut deed) {
                // What a visitor says fills gaps by plain values (R12).
                attributes.iter_mut().for_each(|(_, said)| *said = Said::Is(7));
            }
            Step { person, browser, source, minute, anonymous, deed }
        },
    )
}

/// A history: everyone is named once, then anything happens.
pub fn any_history() -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec(any_step(), 1..16).prop_map(|steps| {
        let named = (0..3).map(|person| Step {
            person,
            browser: 0,
            source: 0,
            minute: 2_500,
            anonymous: false,
            deed: Deed::Identify { attributes: vec![] },
        });
        let mut renamed = [[false; 3]; 3];
        let once = |step: &Step| match step.deed {
            Deed::Rename(to) => !std::mem::replace(&mut renamed[usize::from(step.person)][usize::from(to)], true),
            _ => true,
        };
        named.chain(steps.into_iter().filter(once)).collect()
    })
}

/// The first steps of a history, which are delivered first.
pub const NAMED: usize = 3;

/// How long a session of these people takes, in milliseconds.
const SESSION_MS: i64 = 3 * 3_600_000;

pub fn user_id(person: u8) -> String {
    format!("person-{person}")
}

/// An id that a person gets by an alias.
pub fn renamed(person: u8, to: u8) -> String {
    format!("person-{person}-renamed-{to}")
}

pub fn company_id(company: u8) -> String {
    format!("company-{company}")
}

fn statement(company: u8, standing: Standing) -> CompanyStatement {
    let company_id = CompanyId::parse(&company_id(company)).unwrap();
    CompanyStatement { company_id, standing, attributes: Map::new(), membership: Map::new() }
}

/// A step as its browser tells it, by its own clock, and how it is delivered.
pub fn message(index: usize, step: &Step, sources: &[SourceKey; 2]) -> (Delivery, Message) {
    let kind = match step.deed {
        Deed::Group { .. } => Kind::Group,
        Deed::Track { .. } | Deed::Staff => Kind::Track,
        Deed::Page => Kind::Page,
        Deed::Rename(_) => Kind::Alias,
        _ => Kind::Identify,
    };
    let mut message = Message::new(kind);
    // Two sources may use the same message ids (R15).
    message.message_id = Some(format!("message-{index}"));
    message.anonymous_id = AnonymousId::parse(&format!("browser-{}-{}", step.person, step.browser)).unwrap();
    message.user_id = UserId::parse(&user_id(step.person)).unwrap().filter(|_| !step.is_anonymous());
    let clock_ms = CLOCKS_MS[usize::from(step.person + step.browser) % 3];
    // Sessions of three hours, some over midnight; what a program sends has none.
    message.session_ms =
        (!index.is_multiple_of(5)).then(|| (step.at_ms(index) + clock_ms).div_euclid(SESSION_MS) * SESSION_MS);
    message.timestamp_ms = Some(step.at_ms(index) + clock_ms);
    match &step.deed {
        Deed::Identify { attributes } => {
            let values = attributes.iter().map(|(name, said)| (format!("attribute-{name}"), said.value()));
            message.traits = values.collect();
        }
        Deed::Join { company, role } => {
            let mut joins = statement(*company, Standing::Joins);
            if let Some(role) = role {
                joins.membership.insert("role".to_owned(), json!(format!("role-{role}")));
            }
            message.companies = vec![joins];
        }
        Deed::Leave { company } => message.companies = vec![statement(*company, Standing::Leaves)],
        Deed::Replace { companies } => {
            message.companies = companies.iter().map(|company| statement(*company, Standing::Joins)).collect();
            message.companies_replace = true;
        }
        Deed::Group { company, plan } => {
            let mut joins = statement(*company, Standing::Joins);
            joins.attributes.insert("plan".to_owned(), json!(format!("plan-{plan}")));
            message.companies = vec![joins];
        }
        Deed::Track { company } => {
            message.name = "Report exported".to_owned();
            message.company_context = match company {
                Some(company) => CompanyContext::In(CompanyId::parse(&company_id(*company)).unwrap().unwrap()),
                None => CompanyContext::None,
            };
        }
        Deed::Staff => {
            message.name = "Report exported".to_owned();
            message.acting_as = true;
        }
        Deed::Page => message.company_context = CompanyContext::None,
        Deed::Rename(to) => {
            message.previous_id = message.user_id.take();
            message.user_id = UserId::parse(&renamed(step.person, *to)).unwrap();
            message.anonymous_id = None;
        }
    }
    let delivery = Delivery {
        source: sources[usize::from(step.source)],
        grade: if step.source == 0 || matches!(step.deed, Deed::Rename(_)) { Grade::Secret } else { Grade::Unsigned },
        sent_at_ms: Some(NOW_MS + clock_ms),
        received_ms: NOW_MS,
    };
    (delivery, message)
}
