//! Bodies that change a user, a company or a membership: read whole before anything is done. A key that
//! is not known is refused by name, never ignored. A key that is absent stays, `null` clears.

use actix_web::http::StatusCode;
use serde_json::{Map, Value};

use crate::actions::edit::{MemberEdit, Wanted};
use crate::domain::codes::calls::CallCode;
use crate::domain::ids::CompanyId;
use crate::domain::limits::COMPANIES_PER_MESSAGE_MAX;
use crate::http::problem::Problem;

/// The body of `PUT|PATCH /users/{id}`.
pub(super) fn user(mut body: Map<String, Value>) -> Result<Wanted, Problem> {
    only(&body, &["email", "name", "attributes", "companies", "owner", "tags"])?;
    let companies = list(&mut body, "companies")?.unwrap_or_default();
    if companies.len() > COMPANIES_PER_MESSAGE_MAX {
        let expected = format!("a list of at most {COMPANIES_PER_MESSAGE_MAX}");
        return Err(invalid("companies", &expected));
    }
    let companies = companies.into_iter().map(company).collect::<Result<_, _>>()?;
    Ok(Wanted { companies, ..profile(body, &["email", "name"])? })
}

/// The body of `PUT|PATCH /companies/{id}`.
pub(super) fn company_itself(mut body: Map<String, Value>) -> Result<Wanted, Problem> {
    only(&body, &["name", "attributes", "owner", "tags", "signed_members", "company_id", "archived"])?;
    let (signed_members, archived) = (flag(&mut body, "signed_members")?, flag(&mut body, "archived")?);
    let company_id = match body.remove("company_id") {
        None => None,
        Some(id) => Some(company_id(&id)?),
    };
    Ok(Wanted { signed_members, archived, company_id, ..profile(body, &["name"])? })
}

fn flag(body: &mut Map<String, Value>, name: &'static str) -> Result<Option<bool>, Problem> {
    match body.remove(name) {
        None => Ok(None),
        Some(Value::Bool(flag)) => Ok(Some(flag)),
        Some(_) => Err(invalid(name, "true or false")),
    }
}

fn company_id(id: &Value) -> Result<CompanyId, Problem> {
    CompanyId::from_json(Some(id))
        .map_err(|refused| Problem::new(StatusCode::BAD_REQUEST, refused.code, refused.detail))?
        .ok_or_else(|| invalid("company_id", "the id of a company"))
}

/// The body of `PUT /companies/{id}/members/{user_id}`.
pub(super) fn member(mut body: Map<String, Value>) -> Result<MemberEdit, Problem> {
    only(&body, &["role", "title", "attributes", "current"])?;
    let current = match body.remove("current") {
        None | Some(Value::Null) => None,
        Some(Value::Bool(current)) => Some(current),
        Some(_) => return Err(invalid("current", "true or false")),
    };
    Ok(MemberEdit { current, ..MemberEdit { values: values(&mut body, &["role", "title"])?, ..MemberEdit::default() } })
}

/// A company in the list of a user's.
fn company(item: Value) -> Result<(CompanyId, MemberEdit), Problem> {
    let Value::Object(mut fields) = item else { return Err(invalid("companies", "a list of objects")) };
    only(&fields, &["company_id", "role", "title", "attributes", "current"])?;
    let id = company_id(&fields.remove("company_id").unwrap_or_default())?;
    Ok((id, member(fields)?))
}

/// What users and companies have in common.
fn profile(mut body: Map<String, Value>, named: &[&'static str]) -> Result<Wanted, Problem> {
    let owner = match body.remove("owner") {
        None => None,
        Some(Value::Null) => Some(None),
        Some(Value::String(email)) => Some(Some(email)),
        Some(_) => return Err(invalid("owner", "the e-mail address of an operator, or null")),
    };
    let tags = list(&mut body, "tags")?
        .map(|tags| {
            let texts = tags.iter().map(|tag| tag.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>();
            texts.ok_or_else(|| invalid("tags", "a list of strings"))
        })
        .transpose()?;
    Ok(Wanted { values: values(&mut body, named)?, owner, tags, ..Wanted::default() })
}

/// Attributes, and those that stand beside them.
fn values(body: &mut Map<String, Value>, named: &[&'static str]) -> Result<Map<String, Value>, Problem> {
    let mut values = match body.remove("attributes") {
        None => Map::new(),
        Some(Value::Object(values)) => values,
        Some(_) => return Err(invalid("attributes", "an object; to clear an attribute, send null under its name")),
    };
    for name in named {
        if let Some(value) = body.remove(*name) {
            values.insert((*name).to_owned(), value);
        }
    }
    Ok(values)
}

/// A list; `null` is an empty one.
fn list(body: &mut Map<String, Value>, name: &'static str) -> Result<Option<Vec<Value>>, Problem> {
    match body.remove(name) {
        None => Ok(None),
        Some(Value::Null) => Ok(Some(Vec::new())),
        Some(Value::Array(items)) => Ok(Some(items)),
        Some(_) => Err(invalid(name, "a list")),
    }
}

fn only(body: &Map<String, Value>, known: &[&str]) -> Result<(), Problem> {
    match body.keys().find(|name| !known.contains(&name.as_str())) {
        None => Ok(()),
        Some(name) => {
            let detail = format!(
                "{name:?} can't be set here. Allowed: {}. What the site says about someone goes into attributes.",
                known.join(", ")
            );
            Err(Problem::new(StatusCode::BAD_REQUEST, CallCode::FieldUnknown, detail).with("field", name.as_str()))
        }
    }
}

fn invalid(field: &str, expected: &str) -> Problem {
    let detail = format!("{field} can't be that: send {expected}.");
    Problem::new(StatusCode::BAD_REQUEST, CallCode::ValueInvalid, detail).with("field", field)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn object(value: Value) -> Map<String, Value> {
        value.as_object().cloned().unwrap()
    }

    #[test]
    fn a_body_is_read_whole() {
        let wanted = user(object(json!({
            "email": "ann@acme.test", "name": null, "attributes": { "plan": "pro" }, "owner": null, "tags": ["vip"],
            "companies": [{ "company_id": 7, "role": "admin", "attributes": { "seat": 3 }, "current": false }],
        })))
        .unwrap();
        assert_eq!(Value::Object(wanted.values), json!({ "plan": "pro", "email": "ann@acme.test", "name": null }));
        assert_eq!((wanted.owner, wanted.tags), (Some(None), Some(vec!["vip".to_owned()])));
        let (company, edit) = &wanted.companies[0];
        assert_eq!((company.as_str(), edit.current), ("7", Some(false)));
        assert_eq!(Value::Object(edit.values.clone()), json!({ "seat": 3, "role": "admin" }));
        assert_eq!(user(Map::new()).unwrap(), Wanted::default(), "what is absent stays");
    }

    #[test]
    fn what_can_t_be_is_refused_by_name() {
        for (body, code, field) in [
            (json!({ "plan": "pro" }), "field_unknown", "plan"),
            (json!({ "attributes": [] }), "value_invalid", "attributes"),
            (json!({ "owner": 5 }), "value_invalid", "owner"),
            (json!({ "tags": "vip" }), "value_invalid", "tags"),
            (json!({ "tags": [5] }), "value_invalid", "tags"),
            (json!({ "companies": ["acme"] }), "value_invalid", "companies"),
            (json!({ "companies": [{}] }), "value_invalid", "company_id"),
            (json!({ "companies": [{ "company_id": "acme", "plan": 1 }] }), "field_unknown", "plan"),
            (json!({ "companies": [{ "company_id": "acme", "current": "yes" }] }), "value_invalid", "current"),
        ] {
            let problem = user(object(body)).unwrap_err().to_json();
            assert_eq!((problem["code"].as_str(), problem["field"].as_str()), (Some(code), Some(field)), "{problem}");
        }
        let placeholder = user(object(json!({ "companies": [{ "company_id": "{{id}}" }] }))).unwrap_err();
        assert_eq!(placeholder.code(), "id_placeholder");
        assert_eq!(company_itself(object(json!({ "email": "x" }))).unwrap_err().code(), "field_unknown");
        assert_eq!(company_itself(object(json!({ "signed_members": 1 }))).unwrap_err().code(), "value_invalid");
    }
}
