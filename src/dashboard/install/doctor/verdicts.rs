//! What the doctor says: field by field what became of what a page said, and what is odd about the page.

use serde_json::{Map, Value};

use crate::dashboard::parts::values::cut;
use crate::domain::attributes::{self, Owner};
use crate::domain::codes;
use crate::http::doctor::{Post, Visit};

/// Characters of a value that are shown.
const VALUE_CHARS_MAX: usize = 60;
/// The id of the script element from which the widget takes settings.
const FORM: &str = "rollcall-settings";
/// Globals from which it takes them, in the order in which it looks.
const GLOBALS: [&str; 3] = ["rollcallSettings", "civchat", "intercomSettings"];
/// How template languages begin their tags: in a value they were not rendered.
const TAGS: [&str; 6] = ["{{", "{%", "<%", "${", "#{", "<?"];

/// What became of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The field as the page calls it.
    pub field: String,
    /// How it is meant: a tone of the pill.
    pub tone: &'static str,
    /// In a word or two.
    pub word: &'static str,
    /// What the page said.
    pub said: String,
    /// What is stored; none where nothing is.
    pub stored: Option<String>,
    /// The code, where it was refused.
    pub code: Option<String>,
    /// Why, and the fix.
    pub why: String,
}

impl Verdict {
    fn new(field: impl Into<String>, said: &Value, (tone, word): (&'static str, &'static str)) -> Verdict {
        let field = field.into();
        Verdict { field, tone, word, said: shown(said), stored: None, code: None, why: String::new() }
    }

    fn stored(self, value: &Value) -> Verdict {
        Verdict { stored: Some(shown(value)), ..self }
    }

    fn because(self, why: impl Into<String>) -> Verdict {
        Verdict { why: why.into(), ..self }
    }

    fn refused(self, code: &str, detail: &str) -> Verdict {
        let (tone, word) = if code == "attribute_locked" { ("warn", "Locked") } else { ("bad", "Refused") };
        // A reason of several sentences says what to do by itself.
        let says_what_to_do = detail.contains(". ");
        let fix = codes::explain(code).filter(|_| !says_what_to_do).map_or("", |known| known.fix);
        Verdict { tone, word, code: Some(code.to_owned()), why: format!("{detail} {fix}").trim().to_owned(), ..self }
    }
}

fn shown(value: &Value) -> String {
    cut(&value.to_string(), VALUE_CHARS_MAX)
}

fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name).and_then(Value::as_str)
}

/// The verdicts on one message: as sent, and the answer with its plan.
pub fn of_message(sent: &Value, answer: &Value) -> Vec<Verdict> {
    let message = Answered { answer, plan: &answer["plan"] };
    let traits = sent.get("traits").and_then(Value::as_object).cloned().unwrap_or_default();
    let mut verdicts = Vec::new();
    if let Some(id) = sent.get("userId").filter(|id| !id.is_null()) {
        verdicts.push(message.identifier("user_id", id, &message.plan["who"]["user_id"], "id_"));
    }
    match text(sent, "type") {
        Some("group") => {
            let id = sent.get("groupId").unwrap_or(&Value::Null);
            verdicts.push(message.company("company.company_id", id));
            let of = Of { owner: Owner::Company, company: id, prefix: "company." };
            verdicts.extend(traits.iter().map(|(name, value)| message.value(&of, name, value)));
            verdicts.extend(message.membership(id, sent.get("membership")));
        }
        Some("track" | "page" | "screen") => verdicts.extend(message.event(sent)),
        _ => {
            let user = Of { owner: Owner::User, company: &Value::Null, prefix: "" };
            for (name, value) in &traits {
                match (name.as_str(), value) {
                    ("company", Value::Object(company)) => verdicts.extend(message.stated("company", company)),
                    ("companies", Value::Array(companies)) => {
                        for (place, company) in companies.iter().enumerate() {
                            let prefix = format!("companies[{place}]");
                            verdicts.extend(
                                company.as_object().map(|company| message.stated(&prefix, company)).unwrap_or_default(),
                            );
                        }
                    }
                    ("companies_mode", _) => {}
                    _ => verdicts.push(message.value(&user, name, value)),
                }
            }
        }
    }
    let is_staff = sent["context"]["acting_as"] == true && !message.is_refused();
    if is_staff {
        let why = "Sent with acting_as: staff who look at a customer's account change nothing (R16).";
        let ignored = |verdict: Verdict| Verdict { stored: None, ..with_word(verdict, "", "Ignored").because(why) };
        verdicts = verdicts.into_iter().map(ignored).collect();
    }
    verdicts
}

/// Whose attribute it is, and how the page names it.
struct Of<'a> {
    owner: Owner,
    company: &'a Value,
    prefix: &'a str,
}

/// The answer to a message.
struct Answered<'a> {
    answer: &'a Value,
    plan: &'a Value,
}

impl Answered<'_> {
    fn is_refused(&self) -> bool {
        text(self.answer, "status") == Some("refused")
    }

    /// The reason for which the whole message was refused.
    fn refusal(&self, verdict: Verdict) -> Verdict {
        verdict.refused(text(self.answer, "code").unwrap_or_default(), text(self.answer, "detail").unwrap_or_default())
    }

    /// An id; the message's own refusal belongs to it where its code begins like this.
    fn identifier(&self, field: &str, said: &Value, stored: &Value, codes: &str) -> Verdict {
        let verdict = Verdict::new(field, said, ("good", "Stored"));
        if !self.is_refused() {
            // A page view is kept for the visitor where the id is none, or its proof is not valid.
            return match self.refused_value(field) {
                Some((code, detail)) if stored.is_null() => verdict.refused(code, detail),
                _ if stored.is_null() => with_word(verdict, "", "Not checked"),
                _ => verdict.stored(stored),
            };
        }
        let code = text(self.answer, "code").unwrap_or_default();
        if code.starts_with(codes) || code.starts_with("signature_") || code == "token_expired" || code == "erased" {
            self.refusal(verdict)
        } else {
            with_word(verdict, "", "Not stored").because("The message was refused because of another field.")
        }
    }

    /// Why a value of this name was refused: the code and its detail.
    fn refused_value(&self, name: &str) -> Option<(&str, &str)> {
        let mut all = self.answer["refused_values"].as_array().into_iter().flatten();
        let one = all.find(|one| text(one, "attribute") == Some(name))?;
        Some((text(one, "code").unwrap_or_default(), text(one, "detail").unwrap_or_default()))
    }

    /// What became of an attribute.
    fn value(&self, of: &Of<'_>, name: &str, said: &Value) -> Verdict {
        let verdict = Verdict::new(format!("{}{name}", of.prefix), said, ("good", "Stored"));
        if self.is_refused() {
            return with_word(verdict, "", "Not stored").because("The message was refused because of another field.");
        }
        let stored_name = attributes::name(of.owner, name).unwrap_or_else(|_| name.to_owned());
        let is_it =
            |one: &Value| [name, stored_name.as_str()].into_iter().any(|name| text(one, "attribute") == Some(name));
        // A refusal names whose value it was before the name.
        let told = |name: &str| match of.owner {
            Owner::User => name.to_owned(),
            owner => format!("{}.{name}", owner.as_str()),
        };
        let of_this = |one: &&Value| {
            is_it(one)
                && text(one, "kind") == Some(of.owner.as_str())
                && (of.company.is_null() || one["company_id"] == as_id(of.company))
        };
        let outcomes = self.plan["attributes"].as_array().into_iter().flatten();
        let outcome = outcomes.clone().find(of_this);
        let refused = self.answer["refused_values"].as_array().into_iter().flatten().find(|one| {
            [name, stored_name.as_str()].into_iter().any(|name| text(one, "attribute") == Some(told(name).as_str()))
                && (of.company.is_null() || one["company_id"].is_null() || one["company_id"] == as_id(of.company))
        });
        if let Some(refused) = refused.filter(|_| outcome.is_none_or(|one| text(one, "outcome") == Some("refused"))) {
            let (code, detail) =
                (text(refused, "code").unwrap_or_default(), text(refused, "detail").unwrap_or_default());
            return verdict.refused(code, detail);
        }
        let Some(outcome) = outcome else {
            let nothing = said.is_null() || said == "";
            let why = if nothing { "Nothing was sent: an empty value doesn't count." } else { "" };
            return with_word(verdict, "", "Ignored").because(why);
        };
        let after = &outcome["after"];
        let renamed = (stored_name != name).then(|| format!("Stored as {stored_name}. "));
        let why = |sentence: &str| format!("{}{sentence}", renamed.clone().unwrap_or_default()).trim().to_owned();
        match text(outcome, "outcome") {
            Some("outranked") => with_word(verdict, "warn", "Outranked")
                .stored(after)
                .because(why("A later or stronger value applies: set by hand, pinned, or with proof.")),
            Some("unchanged") => with_word(verdict, "", "The same").stored(after).because(why("")),
            Some("refused") => {
                let detail = text(outcome, "detail").unwrap_or_default();
                with_word(verdict, "bad", "Refused").because(detail)
            }
            _ if after != said => {
                with_word(verdict, "info", "Converted").stored(after).because(why("Nothing was lost."))
            }
            _ => verdict.stored(after).because(why("")),
        }
    }

    /// A company that a page states, with what it says of it.
    fn stated(&self, prefix: &str, company: &Map<String, Value>) -> Vec<Verdict> {
        let key = ["company_id", "id", "groupId"].into_iter().find(|key| company.contains_key(*key));
        let id = key.and_then(|key| company.get(key)).unwrap_or(&Value::Null);
        let itself = self.company(&format!("{prefix}.{}", key.unwrap_or("company_id")), id);
        let is_refused = itself.code.is_some();
        let mut verdicts = vec![itself];
        let prefix_of_values = format!("{prefix}.");
        let of = Of { owner: Owner::Company, company: id, prefix: &prefix_of_values };
        for (name, value) in company {
            match name.as_str() {
                "membership" => verdicts.extend(self.membership(id, Some(value))),
                "remove" => {}
                name if Some(name) == key => {}
                name if is_refused => {
                    let verdict = Verdict::new(format!("{prefix}.{name}"), value, ("", "Not stored"));
                    verdicts.push(verdict.because("The company was refused."));
                }
                name => verdicts.push(self.value(&of, name, value)),
            }
        }
        verdicts
    }

    fn membership(&self, company: &Value, said: Option<&Value>) -> Vec<Verdict> {
        let of = Of { owner: Owner::Membership, company, prefix: "membership." };
        let said = said.and_then(Value::as_object).into_iter().flatten();
        said.map(|(name, value)| self.value(&of, name, value)).collect()
    }

    /// A company's id.
    fn company(&self, field: &str, said: &Value) -> Verdict {
        let companies = self.plan["companies"].as_array().into_iter().flatten();
        let known = companies.clone().find(|one| one["company_id"] == as_id(said));
        let verdict = Verdict::new(field, said, ("good", "Stored"));
        let refused = self.answer["refused_values"].as_array().into_iter().flatten();
        let refused = refused.clone().find(|one| {
            let code = text(one, "code").unwrap_or_default();
            let about = text(one, "attribute").unwrap_or_default();
            code.starts_with("company_id")
                || (about.starts_with("compan") && (code.starts_with("id_") || code.starts_with("signature")))
        });
        match (known, refused) {
            (Some(known), _) => verdict.stored(&known["company_id"]).because(
                match (known["member"] == true, known["current"] == true) {
                    (true, true) => "The user's current company.",
                    (true, false) => "One of the user's companies.",
                    (false, _) => "The user is not a member of it now.",
                },
            ),
            (None, Some(one)) => {
                verdict.refused(text(one, "code").unwrap_or_default(), text(one, "detail").unwrap_or_default())
            }
            (None, None) if self.is_refused() => self.identifier(field, said, &Value::Null, "company_id"),
            (None, None) => with_word(verdict, "", "Not checked"),
        }
    }

    /// What became of a page view or an event.
    fn event(&self, sent: &Value) -> Vec<Verdict> {
        let name = sent.get("event").or_else(|| sent.get("name")).filter(|name| !name.is_null() && *name != "");
        let url = &sent["context"]["page"]["url"];
        let said = name.unwrap_or(url);
        let verdict = Verdict::new(if name.is_some() { "name" } else { "address" }, said, ("good", "Stored"));
        if self.is_refused() {
            return vec![self.refusal(verdict)];
        }
        let event = &self.plan["event"];
        if event.is_null() {
            return vec![with_word(verdict, "", "Not counted").because(self.because())];
        }
        let company = &event["company_id"];
        let stated = sent["context"].get("groupId").unwrap_or(&Value::Null);
        if let Some((code, detail)) = self.refused_value("context.groupId") {
            let counted = Verdict::new("company", stated, ("bad", "Refused")).refused(code, detail);
            return vec![verdict.stored(said), counted];
        }
        if company.is_null() && self.refused_value("user_id").is_some() {
            let counted = Verdict::new("company", stated, ("", "None"));
            return vec![
                verdict.stored(said),
                counted.because("The event counts for the visitor alone, since the user id was refused."),
            ];
        }
        let counted =
            Verdict::new("company", stated, if company.is_null() { ("", "None") } else { ("good", "Counted") });
        let counted = if company.is_null() { counted } else { counted.stored(company) };
        vec![verdict.stored(said), counted.because(self.because())]
    }

    /// The last reason of the plan, which is about the event.
    fn because(&self) -> String {
        let reasons = self.plan["because"].as_array().into_iter().flatten();
        for_people(reasons.filter_map(Value::as_str).next_back().unwrap_or_default())
    }
}

/// A reason without the number of its rule, which programs and the rule book know.
pub fn for_people(reason: &str) -> String {
    let numbered = reason.strip_suffix(").").and_then(|reason| reason.rsplit_once(" ("));
    let is_rule = |rule: &str| {
        let digits = rule.strip_prefix(['R', 'C', 'A', 'T']).unwrap_or_default();
        !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit())
    };
    match numbered {
        Some((sentence, rule)) if is_rule(rule) => format!("{sentence}."),
        _ => reason.to_owned(),
    }
}

fn with_word(verdict: Verdict, tone: &'static str, word: &'static str) -> Verdict {
    Verdict { tone, word, ..verdict }
}

/// An id as it is stored: text, whatever the page sent.
fn as_id(said: &Value) -> Value {
    match said {
        Value::String(text) => Value::from(text.trim()),
        Value::Number(number) => Value::from(number.to_string()),
        other => other.clone(),
    }
}

/// Something odd about a page: how bad it is, what is so, and what to do.
pub type Oddity = (&'static str, String, &'static str);

/// What looks odd on the page of a visit.
pub fn oddities(visit: &Visit, server: &str, other_source: Option<&str>) -> Vec<Oddity> {
    let mut found: Vec<Oddity> = Vec::new();
    if let Some(name) = other_source {
        found.push((
            "bad",
            format!("The page uses the key of the source “{name}”, not this source's."),
            "Put this source's write key into the page's settings. A test source's key on a live site stores nothing.",
        ));
    }
    if visit.address.starts_with("http://") && server.starts_with("https://") {
        found.push((
            "warn",
            "The page is served over http, so what it sends can be read on the way.".to_owned(),
            "Serve the site over https; browsers restrict pages that are not.",
        ));
    }
    let Some(first) = visit.posts.first() else { return found };
    let latest = visit.posts.last().unwrap_or(first);
    let texts = |name: &str| latest.page[name].as_array().into_iter().flatten().filter_map(Value::as_str);
    if texts("scripts").filter(|address| is_ours(address)).count() > 1 {
        found.push((
            "warn",
            "The snippet is on the page twice. It runs once.".to_owned(),
            "Remove one of them: a template and a tag manager may both include it.",
        ));
    }
    let globals = GLOBALS.into_iter().filter(|form| texts("globals").any(|name| name == *form));
    let forms: Vec<&str> = texts("scripts").find(|id| *id == FORM).into_iter().chain(globals).collect();
    if let [read, .., _] = forms[..] {
        found.push((
            "warn",
            format!("The page has settings in {}. Only {read} is read.", forms.join(" and ")),
            "Keep one form of the settings.",
        ));
    }
    let settings = &latest.page["settings"];
    let mut unrendered = Vec::new();
    find_tags(settings, "", &mut unrendered);
    if !unrendered.is_empty() {
        found.push((
            "bad",
            format!("Template tags were not rendered: {}.", unrendered.join(", ")),
            "The page was served without rendering its template. Put the snippet where your framework renders it.",
        ));
    }
    let id = settings.get("user_id").map(|id| id.as_str().map_or_else(|| id.to_string(), str::to_owned));
    if id.is_some_and(|id| id.contains('@')) {
        found.push((
            "warn",
            "The user id is an e-mail address. Anyone who changes it becomes a different user.".to_owned(),
            "Send the id of the row in your database as user_id, and the address as email.",
        ));
    }
    for (wrong, right, within) in [
        ("userId", "user_id", settings),
        ("uid", "user_id", settings),
        ("companyId", "company_id", &settings["company"]),
        ("companyid", "company_id", &settings["company"]),
    ] {
        if !within[wrong].is_null() && within[right].is_null() {
            let sentence = format!("The page says {wrong}. It is stored as an attribute; an id is called {right}.");
            found.push(("bad", sentence, "Rename it in the settings."));
        }
    }
    let late = |post: &Post| post.page["settings"].get("user_id").is_none_or(Value::is_null);
    if late(first) && !late(latest) {
        found.push((
            "warn",
            "The user was set after the first message was sent, so that page view counts for a visitor at first."
                .to_owned(),
            "Put the settings before the script tag, or call identify as soon as you know who it is.",
        ));
    }
    found
}

/// Whether a script's address is that of the widget, and not of what it fetches itself for other tools' pages.
fn is_ours(address: &str) -> bool {
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    let file = path.split('#').next().and_then(|path| path.rsplit('/').next()).unwrap_or_default();
    (file == "widget.js" || (file.starts_with("widget.") && file.ends_with(".js"))) && query != "compat"
}

fn find_tags(value: &Value, name: &str, found: &mut Vec<String>) {
    match value {
        Value::String(text) if TAGS.iter().any(|tag| text.contains(tag)) => {
            found.push(format!("{name} is {}", cut(text, VALUE_CHARS_MAX)));
        }
        Value::Object(fields) => {
            for (field, value) in fields {
                let name = if name.is_empty() { field.clone() } else { format!("{name}.{field}") };
                find_tags(value, &name, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| find_tags(item, name, found)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::SourceKey;
    use serde_json::json;

    fn told(sent: Value, answer: Value) -> Vec<(String, &'static str, Option<String>)> {
        of_message(&sent, &answer).into_iter().map(|one| (one.field, one.word, one.stored)).collect()
    }

    #[test]
    fn each_field_of_an_identify_has_its_verdict() {
        let sent = json!({
            "type": "identify", "userId": 7,
            "traits": {
                "email": "ann@acme.test", "seats": "4", "birthday": "31/02/94", "createdAt": "2026-01-01T00:00:00Z",
                "empty": "", "company": { "id": 4127, "name": "Acme", "membership": { "role": "admin" } },
            },
        });
        let outcome = |kind: &str, attribute: &str, outcome: &str, after: Value| {
            json!({ "kind": kind, "attribute": attribute, "outcome": outcome, "before": null, "after": after,
                    "company_id": if kind == "user" { Value::Null } else { json!("4127") } })
        };
        let answer = json!({
            "status": "stored",
            "refused_values": [{ "attribute": "birthday", "code": "type_mismatch", "detail": "No date." }],
            "plan": {
                "who": { "user_id": "7" },
                "attributes": [
                    outcome("user", "email", "unchanged", json!("ann@acme.test")),
                    outcome("user", "seats", "changed", json!(4)),
                    outcome("user", "birthday", "refused", Value::Null),
                    outcome("user", "created_at", "changed", json!("2026-01-01T00:00:00.000Z")),
                    outcome("company", "name", "outranked", json!("ACME")),
                    outcome("membership", "role", "changed", json!("admin")),
                ],
                "companies": [{ "company_id": "4127", "member": true, "current": true }],
            },
        });
        let expected = [
            ("user_id", "Stored", Some("\"7\"")),
            ("email", "The same", Some("\"ann@acme.test\"")),
            ("seats", "Converted", Some("4")),
            ("birthday", "Refused", None),
            ("createdAt", "Converted", Some("\"2026-01-01T00:00:00.000Z\"")),
            ("empty", "Ignored", None),
            ("company.id", "Stored", Some("\"4127\"")),
            ("company.name", "Outranked", Some("\"ACME\"")),
            ("membership.role", "Stored", Some("\"admin\"")),
        ];
        let expected: Vec<_> =
            expected.map(|(field, word, stored)| (field.to_owned(), word, stored.map(str::to_owned))).to_vec();
        assert_eq!(told(sent, answer), expected);
    }

    #[test]
    fn a_value_of_a_company_that_was_refused_is_not_said_to_be_stored() {
        let sent = json!({
            "type": "identify", "userId": "ann",
            "traits": { "companies": [{ "company_id": "a", "seats": "ten" }, { "company_id": "b", "seats": 5 }] },
        });
        let outcome = |company: &str, outcome: &str, after: Value| json!({ "kind": "company", "attribute": "seats", "company_id": company, "outcome": outcome, "after": after });
        let answer = json!({
            "status": "stored",
            "refused_values": [
                { "attribute": "company.seats", "company_id": "a", "code": "type_mismatch", "detail": "No number." },
            ],
            "plan": {
                "who": { "user_id": "ann" },
                "attributes": [outcome("a", "refused", Value::Null), outcome("b", "changed", json!(5))],
                "companies": [{ "company_id": "a", "member": true }, { "company_id": "b", "member": true, "current": true }],
            },
        });
        let told = of_message(&sent, &answer);
        let seats: Vec<_> = told.iter().filter(|one| one.field.ends_with("seats")).collect();
        assert_eq!((seats[0].word, seats[0].code.as_deref()), ("Refused", Some("type_mismatch")));
        assert_eq!((seats[1].word, seats[1].stored.as_deref()), ("Stored", Some("5")));
    }

    #[test]
    fn a_refused_id_is_the_reason_for_which_nothing_else_was_stored() {
        let sent = json!({ "type": "identify", "userId": "{{ user.id }}", "traits": { "plan": "pro" } });
        let answer = json!({ "status": "refused", "code": "id_placeholder", "detail": "A placeholder.", "plan": {} });
        assert_eq!(
            told(sent.clone(), answer.clone()),
            [("user_id".to_owned(), "Refused", None), ("plan".to_owned(), "Not stored", None)]
        );
        assert_eq!(of_message(&sent, &answer)[0].code.as_deref(), Some("id_placeholder"));
    }

    #[test]
    fn a_company_that_was_refused_is_no_page_without_a_company() {
        let sent = json!({
            "type": "page", "context": { "groupId": "COMPANY_ID", "page": { "url": "https://app.test/" } },
        });
        let detail = "It is a placeholder. Put the real id there.";
        let answer = json!({
            "status": "stored", "plan": { "event": { "company_id": null }, "because": ["The event states no company."] },
            "refused_values": [{ "attribute": "context.groupId", "code": "id_placeholder", "detail": detail }],
        });
        let company = of_message(&sent, &answer).pop().unwrap();
        assert_eq!(
            (company.field.as_str(), company.word, company.said.as_str()),
            ("company", "Refused", "\"COMPANY_ID\"")
        );
        assert_eq!(company.why, detail, "what to do is said once");
    }

    #[test]
    fn staff_who_look_at_an_account_change_nothing_and_the_doctor_says_so() {
        let sent = json!({
            "type": "identify", "userId": "ann", "traits": { "email": "new@acme.test" }, "context": { "acting_as": true },
        });
        let outranked = json!({ "kind": "user", "attribute": "email", "outcome": "outranked", "after": null });
        let answer = json!({ "status": "stored", "plan": { "who": { "user_id": null }, "attributes": [outranked] } });
        let verdicts = of_message(&sent, &answer);
        assert!(verdicts.iter().all(|one| one.word == "Ignored" && one.why.contains("acting_as")), "{verdicts:?}");
    }

    #[test]
    fn a_page_view_whose_proof_is_not_valid_counts_for_the_visitor() {
        let sent = json!({ "type": "page", "userId": "ann", "context": { "groupId": "acme", "page": { "url": "https://a.test/" } } });
        let refused = json!({ "attribute": "user_id", "code": "signature_invalid", "detail": "Hash the exact id." });
        let answer = json!({
            "status": "stored", "refused_values": [refused],
            "plan": { "who": { "user_id": null }, "event": { "company_id": null }, "because": ["The event counts for the company it names (C4)."] },
        });
        let told: Vec<_> = of_message(&sent, &answer).into_iter().map(|one| (one.field, one.word, one.why)).collect();
        assert_eq!((told[0].0.as_str(), told[0].1), ("user_id", "Refused"));
        assert!(told[2].0 == "company" && told[2].2.contains("visitor alone"), "{told:?}");
    }

    #[test]
    fn what_is_odd_about_a_page_is_said() {
        let page = |settings: Value| {
            json!({
                "settings": settings, "globals": ["alert", "rollcallSettings", "civchat"],
                "scripts": ["https://roll.test/widget.js", "https://roll.test/widget.js?again", "https://x.test/widget-shop.js"],
            })
        };
        let post = |settings: Value| Post { page: page(settings), ..Post::default() };
        let visit = Visit {
            number: 1,
            mark: String::new(),
            source: SourceKey(1),
            address: "http://app.test/".to_owned(),
            made_ms: 0,
            first_ms: Some(0),
            posts: vec![
                post(json!({})),
                post(json!({ "user_id": "ann@acme.test", "company": { "plan": "<%= plan %>" } })),
            ],
        };
        let found: Vec<&str> = oddities(&visit, "https://roll.test", Some("Test")).iter().map(|one| one.2).collect();
        assert_eq!(found.len(), 7, "{found:?}");
        let fine = Visit { address: "https://app.test/".to_owned(), posts: vec![], ..visit.clone() };
        assert_eq!(oddities(&fine, "https://roll.test", None), []);
        let page = json!({ "settings": { "userId": "ann", "company": { "companyId": "acme" } } });
        let misnamed = Visit { posts: vec![Post { page, ..Post::default() }], ..fine.clone() };
        let said: Vec<_> = oddities(&misnamed, "https://roll.test", None).into_iter().map(|one| one.1).collect();
        assert!(said.len() == 2 && said[0].contains("user_id") && said[1].contains("company_id"), "{said:?}");
        // Another tool's page, for which the widget fetches what it needs beside it.
        let page = json!({
            "settings": { "user_id": "ann" }, "globals": ["civchat"],
            "scripts": ["https://roll.test/widget.js", "https://roll.test/widget.js?compat"],
        });
        let of_civchat = Visit { posts: vec![Post { page, ..Post::default() }], ..fine.clone() };
        assert_eq!(oddities(&of_civchat, "https://roll.test", None), []);
        let page = json!({
            "settings": { "user_id": "ann" }, "globals": ["civchat"], "scripts": ["rollcall-settings", "https://roll.test/widget.js"],
        });
        let of_both = Visit { posts: vec![Post { page, ..Post::default() }], ..fine };
        let said = &oddities(&of_both, "https://roll.test", None)[0].1;
        assert_eq!(said, "The page has settings in rollcall-settings and civchat. Only rollcall-settings is read.");
    }
}
