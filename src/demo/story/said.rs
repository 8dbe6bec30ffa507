//! What the widget, the website and the back end say: messages as any sender's.

use serde_json::{Map, Value, json};

use super::cast::{Firm, Person};
use super::chance::Chance;
use super::words;
use crate::domain::ids::{AnonymousId, CompanyId};
use crate::domain::message::{CompanyContext, CompanyStatement, Context, Kind, Message, Standing};
use crate::domain::time::{DAY_MS, rfc3339};

/// The address of the program's pages.
const APP: &str = "https://app.quayside.example";
/// The address of the website's pages.
const WEBSITE: &str = "https://www.quayside.example";

/// The fields of an object.
pub fn fields(object: Value) -> Map<String, Value> {
    match object {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

/// A message of a moment, by whoever comes after.
fn of(kind: Kind, at_ms: i64) -> Message {
    Message { timestamp_ms: Some(at_ms), ..Message::new(kind) }
}

/// A message of a person in a browser.
fn by(kind: Kind, at_ms: i64, person: &Person, browser: usize) -> Message {
    let (id, agent) = &person.browsers[browser];
    Message {
        user_id: person.user_id.clone(),
        anonymous_id: Some(id.clone()),
        context: Context { page: None, agent: Some(agent_of(*agent, person.country)) },
        ..of(kind, at_ms)
    }
}

fn agent_of(agent: usize, country: usize) -> String {
    let ((browser, system), (_, locale, _)) = (words::AGENTS[agent], words::COUNTRIES[country]);
    json!({ "library": {"name": "rollcall", "version": env!("CARGO_PKG_VERSION")}, "locale": locale,
            "browser": browser, "system": system })
    .to_string()
}

/// A page of the program, or something done in it.
pub fn activity(
    at_ms: i64,
    session_ms: i64,
    person: &Person,
    browser: usize,
    company: Option<&CompanyId>,
    chance: &mut Chance,
) -> Message {
    let company_context = company.map_or(CompanyContext::Unstated, |id| CompanyContext::In(id.clone()));
    let session_ms = Some(session_ms);
    if chance.happens(0.62) {
        let (path, title, _) = *chance.weighted(words::PAGES, |(.., weight)| *weight);
        let mut message = by(Kind::Page, at_ms, person, browser);
        message.context.page = Some(json!({"page": {"url": format!("{APP}{path}"), "title": title}}).to_string());
        message.properties = Some(json!({"path": path}).to_string());
        return Message { session_ms, company_context, ..message };
    }
    let (name, _) = *chance.weighted(words::DEEDS, |(_, weight)| *weight);
    let properties = match name {
        "Report exported" => Some(json!({"format": *chance.pick(&["pdf", "csv"]), "rows": chance.between(10, 400)})),
        "Quote sent" | "Invoice sent" => Some(json!({"total": chance.between(120, 9_000)})),
        _ => None,
    };
    Message {
        session_ms,
        company_context,
        name: name.to_owned(),
        properties: properties.map(|properties| properties.to_string()),
        ..by(Kind::Track, at_ms, person, browser)
    }
}

/// A page of the website, looked at by a browser that is still nobody's.
pub fn visit(
    at_ms: i64,
    browser: &AnonymousId,
    agent: (usize, usize),
    way: Option<usize>,
    chance: &mut Chance,
) -> Message {
    let (path, title) = *chance.pick(words::SHOP_WINDOW);
    let mut page = json!({"page": {"url": format!("{WEBSITE}{path}"), "title": title}});
    if let Some((referrer, campaign)) = way.map(|way| words::WAYS_HERE[way]) {
        if !referrer.is_empty() {
            page["page"]["referrer"] = referrer.into();
        }
        if let Some((source, medium, name)) = campaign {
            page["campaign"] = json!({"source": source, "medium": medium, "name": name});
        }
    }
    Message {
        anonymous_id: Some(browser.clone()),
        properties: Some(json!({"path": path}).to_string()),
        context: Context { page: Some(page.to_string()), agent: Some(agent_of(agent.0, agent.1)) },
        ..of(Kind::Page, at_ms)
    }
}

/// The widget says who is there.
pub fn identify(at_ms: i64, person: &Person, browser: usize, firm: Option<&Firm>, chance: &mut Chance) -> Message {
    Message {
        traits: attributes(person, chance),
        companies: firm.map(|firm| belongs(firm, person, stated(firm))).into_iter().collect(),
        ..by(Kind::Identify, at_ms, person, browser)
    }
}

/// The back end says what it knows of an account, by night.
pub fn account(at_ms: i64, person: &Person, firm: Option<&Firm>, chance: &mut Chance) -> Message {
    Message {
        user_id: person.user_id.clone(),
        traits: attributes(person, chance),
        companies: firm.map(|firm| belongs(firm, person, Map::new())).into_iter().collect(),
        ..of(Kind::Identify, at_ms)
    }
}

/// The back end says what it knows of a customer.
pub fn customer(at_ms: i64, firm: &Firm, plan: &str, seats: i64, chance: &mut Chance) -> Message {
    let (a_seat, features) = match plan {
        "Starter" => (12, json!(["quotes"])),
        "Pro" => (29, json!(["quotes", "scheduling"])),
        "Business" => (45, json!(["quotes", "scheduling", "timesheets", "api"])),
        _ => (0, json!(["quotes", "scheduling"])),
    };
    let mut attributes = stated(firm);
    attributes.extend(fields(json!({
        "plan": plan,
        "seats": seats,
        "mrr": seats * a_seat,
        "features": features,
        "vat_registered": chance.happens(0.9),
        "renewal_date": rfc3339(firm.created_ms + 366 * DAY_MS * ((at_ms - firm.created_ms) / (366 * DAY_MS) + 1))[..10],
    })));
    Message { companies: vec![statement(firm, attributes, Map::new())], ..of(Kind::Group, at_ms) }
}

/// Somebody belongs to a firm, with a role there.
fn belongs(firm: &Firm, person: &Person, attributes: Map<String, Value>) -> CompanyStatement {
    statement(firm, attributes, fields(json!({"role": person.role, "title": person.title})))
}

/// Somebody helps out at another firm.
pub fn helps_out(at_ms: i64, person: &Person, firm: &Firm) -> Message {
    let role = fields(json!({"role": "Guest"}));
    Message { companies: vec![statement(firm, Map::new(), role)], ..by(Kind::Group, at_ms, person, 0) }
}

/// Somebody has another role in the firm.
pub fn role(at_ms: i64, person: &Person, firm: &Firm, role: &str) -> Message {
    let membership = fields(json!({"role": role}));
    Message {
        user_id: person.user_id.clone(),
        companies: vec![statement(firm, Map::new(), membership)],
        ..of(Kind::Group, at_ms)
    }
}

/// Somebody leaves the firm.
pub fn leaves(at_ms: i64, person: &Person, firm: &Firm) -> Message {
    let statement = CompanyStatement { standing: Standing::Leaves, ..statement(firm, Map::new(), Map::new()) };
    Message { user_id: person.user_id.clone(), companies: vec![statement], ..of(Kind::Group, at_ms) }
}

/// The back end counts somebody's quotes.
pub fn counted(at_ms: i64, person: &Person, quotes: i64) -> Message {
    Message {
        user_id: person.user_id.clone(),
        traits: fields(json!({"quotes_total": quotes})),
        ..of(Kind::Identify, at_ms)
    }
}

fn statement(firm: &Firm, attributes: Map<String, Value>, membership: Map<String, Value>) -> CompanyStatement {
    CompanyStatement { company_id: Some(firm.id.clone()), standing: Standing::Joins, attributes, membership }
}

/// What the page's template says of the firm.
fn stated(firm: &Firm) -> Map<String, Value> {
    let (country, ..) = words::COUNTRIES[firm.country];
    fields(json!({
        "name": firm.name,
        "domain": firm.domain,
        "industry": firm.industry,
        "country": country,
        "employees": firm.employees,
        "created_at": rfc3339(firm.created_ms),
    }))
}

fn attributes(person: &Person, chance: &mut Chance) -> Map<String, Value> {
    let (_, locale, _) = words::COUNTRIES[person.country];
    let mut attributes = fields(json!({
        "name": person.name,
        "job_title": person.title,
        "locale": locale,
        "created_at": rfc3339(person.created_ms),
    }));
    if let Some(email) = &person.email {
        attributes.insert("email".to_owned(), email.as_str().into());
    }
    // Most people never open their settings.
    if chance.happens(0.25) {
        attributes.extend(fields(json!({"two_factor": chance.happens(0.4), "newsletter": chance.happens(0.5)})));
    }
    attributes
}

/// Whoever leaves an address on the website.
pub fn lead(at_ms: i64, person: &Person, browser: usize) -> Message {
    let mut traits = fields(json!({"name": person.name, "interest": "brochure"}));
    traits.extend(person.email.iter().map(|email| ("email".to_owned(), email.as_str().into())));
    Message { traits, ..by(Kind::Identify, at_ms, person, browser) }
}
