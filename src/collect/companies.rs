//! What a message says of companies: `company`, `companies`, `companies_mode`, and group calls (C1).

use serde_json::{Map, Value};

use super::fields::{self, refused_value};
use super::json::{Json, Object};
use crate::domain::codes::warnings::Warning;
use crate::domain::error::{Code, Refused};
use crate::domain::ids::{CompanyId, excerpt};
use crate::domain::limits::COMPANIES_PER_MESSAGE_MAX;
use crate::domain::message::{CompanyContext, CompanyStatement, Message, RefusedValue, Standing};

/// The names of a company's id: ours, Intercom's, Segment's (C1).
const ID_NAMES: [&str; 3] = ["company_id", "id", "groupId"];

/// Takes `company`, `companies` and `companies_mode` out of an identify's traits into the message.
///
/// `company` comes last, since of two open memberships the one stated last is current. A list that
/// could not be read whole is not "the whole truth": nobody leaves a company by a typing error.
pub fn take_from_traits(traits: &mut Object<'_>, message: &mut Message) {
    let mut whole = true;
    let list = traits.remove("companies").filter(|value| !fields::is_absent(Some(value)));
    let replace = mode(traits.remove("companies_mode"), message) && list.is_some();
    if let Some(list) = list {
        whole = take_list(list, replace, message);
    }
    match traits.remove("company") {
        None => {}
        Some(Json::Null) => message.company_context = CompanyContext::None,
        Some(Json::String(text)) if text.trim().is_empty() => {}
        Some(Json::Object(company)) => whole &= take_one(company, "company", false, message),
        Some(other) => {
            // A plain value is an attribute of the user as any other. It names no company that
            // anybody could be joined to without guessing, and that is said.
            message.refused_values.push(no_object("company", &other));
            traits.add("company", other);
            whole = false;
        }
    }
    message.companies_replace = replace && whole;
    if replace && !whole {
        message.warnings.push(Warning::CompaniesNotReplaced.explained());
    }
}

/// Whether `companies_mode` says that the list is all there is.
fn mode(mode: Option<Json<'_>>, message: &mut Message) -> bool {
    match mode {
        Some(Json::String(word)) if word == "replace" => true,
        Some(Json::String(word)) if word == "add" => false,
        mode if fields::is_absent(mode.as_ref()) => false,
        mode => {
            let mode = mode.unwrap_or_default();
            let detail = format!("companies_mode is {}. Send \"add\" or \"replace\".", excerpt(&mode.to_string()));
            message.refused_values.push(RefusedValue::new(
                "companies_mode",
                mode.into_value(),
                Refused::new(Code::TypeMismatch, detail),
            ));
            false
        }
    }
}

/// Takes a list of companies; whether all of it could be read. Where it is to be all there are, each needs its id:
/// without it nobody can say which of them stays.
fn take_list(list: Json<'_>, needs_ids: bool, message: &mut Message) -> bool {
    let Json::Array(mut items) = list else {
        let detail = "companies is not a list. Send companies: [{\"company_id\": …}, …].";
        message.refused_values.push(refused_value("companies", list, Refused::new(Code::TypeMismatch, detail)));
        return false;
    };
    let mut whole = true;
    if items.len() > COMPANIES_PER_MESSAGE_MAX {
        let detail = format!(
            "companies has {} items; the limit of one message is {COMPANIES_PER_MESSAGE_MAX}. The first \
             {COMPANIES_PER_MESSAGE_MAX} were accepted: send the others in another message.",
            items.len()
        );
        let further = Json::Array(items.split_off(COMPANIES_PER_MESSAGE_MAX));
        message.refused_values.push(refused_value("companies", further, Refused::new(Code::ListTooLong, detail)));
        whole = false;
    }
    for item in items {
        whole &= match item {
            Json::Object(company) => take_one(company, "companies", needs_ids, message),
            item if fields::is_absent(Some(&item)) => !needs_ids,
            other => {
                message.refused_values.push(no_object("companies", &other));
                false
            }
        };
    }
    whole
}

/// Takes one company; whether it could be read.
fn take_one(mut company: Object<'_>, field: &str, needs_id: bool, message: &mut Message) -> bool {
    let sent = fields::take_first(&mut company, &ID_NAMES);
    let company_id = match id(sent.as_ref()) {
        Ok(company_id) => company_id,
        Err(refused) => {
            let name = format!("{field}.company_id");
            message.refused_values.push(refused_value(name, sent.unwrap_or_default(), refused));
            return false;
        }
    };
    let leaves = fields::is_true(company.remove("remove").as_ref());
    let membership = take_membership(&mut company, field, message);
    if company_id.is_none() && leaves {
        let detail = format!("{field} says remove but not which company. Send its company_id too.");
        let refused = Refused::new(Code::CompanyIdMissing, detail);
        message.refused_values.push(RefusedValue::new(format!("{field}.company_id"), Value::Null, refused));
        return false;
    }
    if company_id.is_none() && membership.is_empty() && company.values().all(|value| fields::is_absent(Some(value))) {
        // An empty template: nothing is said of any company, nor that there is none.
        return !needs_id;
    }
    if company_id.is_none() && needs_id {
        let detail = format!("A company in {field} has no company_id. Send it with each company of the list.");
        let refused = Refused::new(Code::CompanyIdMissing, detail);
        message.refused_values.push(RefusedValue::new(field, Value::Object(company.into_map()), refused));
        return false;
    }
    let standing = if leaves { Standing::Leaves } else { Standing::Joins };
    message.companies.push(CompanyStatement { company_id, standing, attributes: company.into_map(), membership });
    true
}

/// Takes the attributes of the membership; empty where there are none.
fn take_membership(fields: &mut Object<'_>, of: &str, message: &mut Message) -> Map<String, Value> {
    match fields.remove("membership") {
        Some(Json::Object(membership)) => membership.into_map(),
        other if fields::is_absent(other.as_ref()) => Map::new(),
        other => {
            let name = if of.is_empty() { "membership".to_owned() } else { format!("{of}.membership") };
            let detail = format!("{name} is not an object. Send {name}: {{\"role\": …, \"title\": …}}.");
            let refused = Refused::new(Code::TypeMismatch, detail);
            message.refused_values.push(refused_value(name, other.unwrap_or_default(), refused));
            Map::new()
        }
    }
}

/// Reads a group call: `groupId`, else `context.groupId`; its traits are the company's attributes.
///
/// # Errors
/// The id's own codes, with the id as sent; `company_id_missing`.
pub fn group<'a>(
    fields: &mut Object<'a>,
    context: &Object<'a>,
    attributes: Map<String, Value>,
    message: &mut Message,
) -> Result<(), (Refused, Json<'a>)> {
    let sent = stated_id(fields, context).unwrap_or_default();
    let company_id = id(Some(&sent)).map_err(|refused| (refused, sent))?;
    let Some(company_id) = company_id else {
        let detail = "A group call needs groupId, the id of the company. Send it, as a string.";
        return Err((Refused::new(Code::CompanyIdMissing, detail), Json::Null));
    };
    let membership = take_membership(fields, "", message);
    let company_id = Some(company_id);
    message.companies.push(CompanyStatement { company_id, standing: Standing::Joins, attributes, membership });
    Ok(())
}

/// Reads the company that an event happened in (C3): `null` says in none.
pub fn take_context<'a>(fields: &mut Object<'a>, context: &Object<'a>, message: &mut Message) {
    let Some(sent) = stated_id(fields, context) else { return };
    if sent == Json::Null {
        message.company_context = CompanyContext::None;
        return;
    }
    match id(Some(&sent)) {
        Ok(Some(company_id)) => message.company_context = CompanyContext::In(company_id),
        Ok(None) => {}
        Err(refused) => message.refused_values.push(refused_value("context.groupId", sent, refused)),
    }
}

/// `groupId` as sent, else `context.groupId`, where `null` is a word too.
fn stated_id<'a>(fields: &mut Object<'a>, context: &Object<'a>) -> Option<Json<'a>> {
    fields::take_first(fields, &["groupId"]).or_else(|| context.get("groupId").cloned())
}

fn id(sent: Option<&Json<'_>>) -> Result<Option<CompanyId>, Refused> {
    fields::id(sent, CompanyId::parse, CompanyId::from_json)
}

fn no_object(field: &str, value: &Json<'_>) -> RefusedValue {
    let kept = if field == "company" { " It was stored as an attribute and creates no membership." } else { "" };
    let detail = format!(
        "{field} is {}, which names no company by its id.{kept} Send an object: {{\"company_id\": …, \"name\": …}}.",
        excerpt(&value.to_string())
    );
    refused_value(field, value.clone(), Refused::new(Code::CompanyIdMissing, detail))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::message::Kind;
    use serde_json::json;

    /// What an identify's traits say of companies, and the traits left.
    fn identify(traits: Value) -> (Message, Value) {
        let mut traits = fields::object(Some(Json::from(traits))).unwrap();
        let mut message = Message::new(Kind::Identify);
        take_from_traits(&mut traits, &mut message);
        (message, Value::Object(traits.into_map()))
    }

    fn ids(message: &Message) -> Vec<&str> {
        message.companies.iter().map(|said| said.company_id.as_ref().map_or("", CompanyId::as_str)).collect()
    }

    fn refused(message: &Message) -> Vec<(&str, Code)> {
        message.refused_values.iter().map(|value| (value.attribute.as_str(), value.code)).collect()
    }

    #[test]
    fn c1_a_company_is_taken_out_with_its_membership() {
        let (message, traits) = identify(json!({
            "plan": "pro",
            "company": {"company_id": "acme", "name": "Acme", "membership": {"role": "admin"}}
        }));
        assert_eq!(traits, json!({"plan": "pro"}));
        let said = &message.companies[0];
        assert_eq!(ids(&message), ["acme"]);
        assert_eq!(said.standing, Standing::Joins);
        assert_eq!(Value::Object(said.attributes.clone()), json!({"name": "Acme"}));
        assert_eq!(Value::Object(said.membership.clone()), json!({"role": "admin"}));
        assert!(message.refused_values.is_empty());
    }

    #[test]
    fn c1_the_id_has_three_names() {
        for company in [json!({"company_id": 7}), json!({"id": "7"}), json!({"groupId": " 7 "})] {
            assert_eq!(ids(&identify(json!({"company": company})).0), ["7"]);
        }
        let (message, _) = identify(json!({"company": {"company_id": "acme", "id": 7}}));
        assert_eq!(ids(&message), ["acme"]);
        assert_eq!(message.companies[0].attributes["id"], json!(7), "what is not the id is an attribute");
        let (message, _) = identify(json!({"company": {"company_id": null, "id": "acme"}}));
        assert_eq!(ids(&message), ["acme"]);
    }

    #[test]
    fn c1_company_null_is_no_company_here() {
        let (message, traits) = identify(json!({"company": null}));
        assert_eq!(message.company_context, CompanyContext::None);
        assert!(message.companies.is_empty());
        assert_eq!(traits, json!({}));
    }

    #[test]
    fn c1_remove_leaves() {
        for word in [json!(true), json!("true")] {
            let (message, _) = identify(json!({"company": {"company_id": "acme", "remove": word}}));
            assert_eq!(message.companies[0].standing, Standing::Leaves);
        }
        for word in [json!(false), json!("false"), json!(null)] {
            let (message, _) = identify(json!({"company": {"company_id": "acme", "remove": word}}));
            assert_eq!(message.companies[0].standing, Standing::Joins);
            assert!(message.companies[0].attributes.is_empty());
        }
        let (message, _) = identify(json!({"company": {"remove": true}}));
        assert!(message.companies.is_empty());
        assert_eq!(refused(&message), [("company.company_id", Code::CompanyIdMissing)]);
    }

    #[test]
    fn c1_companies_come_first_so_that_company_is_current() {
        let (message, _) = identify(json!({"company": {"id": "acme"}, "companies": [{"id": "x"}, {"id": "acme"}]}));
        assert_eq!(ids(&message), ["x", "acme", "acme"]);
        assert!(!message.companies_replace);
    }

    #[test]
    fn c1_replace_takes_the_list_for_the_whole_truth() {
        let (message, traits) = identify(json!({"companies": [{"company_id": "y"}], "companies_mode": "replace"}));
        assert!(message.companies_replace);
        assert_eq!(traits, json!({}));
        let (message, _) = identify(json!({"companies": [], "companies_mode": "replace"}));
        assert!(message.companies_replace, "an empty list: belongs to none");
        let (message, _) = identify(json!({"companies_mode": "replace"}));
        assert!(!message.companies_replace, "no list says nothing");
    }

    #[test]
    fn a_list_that_could_not_be_read_whole_replaces_nothing() {
        for list in [
            json!([{"company_id": "y"}, {"company_id": "undefined"}]),
            json!([{"company_id": "y"}, "x"]),
            json!([{"company_id": "y"}, {"name": "Acme"}]),
            json!({"company_id": "y"}),
            json!((0..101).map(|n| json!({"id": format!("c{n}")})).collect::<Vec<_>>()),
        ] {
            let (message, _) = identify(json!({"companies": list, "companies_mode": "replace"}));
            assert!(!message.companies_replace, "{:?}", message.refused_values);
            assert_eq!(message.refused_values.len(), 1);
            assert_eq!(message.warnings, [Warning::CompaniesNotReplaced.explained()]);
        }
    }

    #[test]
    fn the_first_hundred_of_a_longer_list_are_taken() {
        let list: Vec<Value> = (0..103).map(|n| json!({"id": format!("c{n}")})).collect();
        let (message, _) = identify(json!({"companies": list}));
        assert_eq!(message.companies.len(), COMPANIES_PER_MESSAGE_MAX);
        assert_eq!(refused(&message), [("companies", Code::ListTooLong)]);
        assert_eq!(message.refused_values[0].value.as_array().unwrap().len(), 3);
    }

    #[test]
    fn an_unknown_mode_is_refused_and_adds() {
        let (message, _) = identify(json!({"companies": [{"id": "y"}], "companies_mode": "swap"}));
        assert_eq!((ids(&message), message.companies_replace), (vec!["y"], false));
        assert_eq!(refused(&message), [("companies_mode", Code::TypeMismatch)]);
        assert!(identify(json!({"companies": [], "companies_mode": "add"})).0.refused_values.is_empty());
    }

    #[test]
    fn r9_a_bad_company_id_is_refused_alone() {
        for (id, code) in [
            (json!("{{company.id}}"), Code::IdPlaceholder),
            (json!("x".repeat(256)), Code::IdTooLong),
            (json!(["x"]), Code::IdNotAString),
        ] {
            let (message, traits) = identify(json!({"plan": "pro", "company": {"company_id": id, "name": "Acme"}}));
            assert_eq!(refused(&message), [("company.company_id", code)]);
            assert!(message.companies.is_empty());
            assert_eq!(traits, json!({"plan": "pro"}));
        }
    }

    #[test]
    fn c6_a_company_without_an_id_is_left_to_whoever_knows_the_current_one() {
        let (message, _) = identify(json!({"company": {"revenue": 5}}));
        assert_eq!(ids(&message), [""]);
        assert_eq!(Value::Object(message.companies[0].attributes.clone()), json!({"revenue": 5}));
    }

    #[test]
    fn an_empty_template_says_nothing() {
        for company in [json!({}), json!({"company_id": "", "name": ""}), json!({"id": null}), json!(""), json!(" ")] {
            let (message, traits) = identify(json!({"company": company}));
            assert_eq!(message, Message::new(Kind::Identify));
            assert_eq!(traits, json!({}));
        }
        assert_eq!(identify(json!({"companies": null})).0, Message::new(Kind::Identify));
    }

    #[test]
    fn a_plain_value_stays_an_attribute_and_joins_nobody() {
        for company in [json!("Acme"), json!(42), json!(["acme"])] {
            let (message, traits) = identify(json!({"company": company}));
            assert!(message.companies.is_empty());
            assert_eq!(refused(&message), [("company", Code::CompanyIdMissing)]);
            assert_eq!(traits["company"], company);
        }
    }

    #[test]
    fn a_membership_that_is_no_object_is_refused_alone() {
        let (message, _) = identify(json!({"company": {"id": "acme", "membership": "admin"}}));
        assert_eq!(ids(&message), ["acme"]);
        assert_eq!(refused(&message), [("company.membership", Code::TypeMismatch)]);
    }
}
