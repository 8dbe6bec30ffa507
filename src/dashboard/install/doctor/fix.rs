//! The fix of what was refused as code: what the installation page shows for a framework, with the fields in question
//! alone.

use maud::{Markup, html};

use super::{View, address, verdicts};
use crate::dashboard::install::frameworks::{FRAMEWORKS, Wanted, is_plain};
use crate::dashboard::install::proof;
use crate::dashboard::links;
use crate::dashboard::parts::code;
use crate::dashboard::parts::frame::Frame;
use crate::dashboard::parts::list::chips;
use crate::http::doctor::Visit;

/// What was refused on a page.
#[derive(Debug, Default, PartialEq, Eq)]
struct Refused {
    user: Vec<String>,
    company: Vec<String>,
    membership: Vec<String>,
    /// A hash or a token was.
    is_proof: bool,
}

impl Refused {
    /// Of a visit; none where nothing was that the page's code could say otherwise.
    fn of(visit: &Visit) -> Option<Refused> {
        let mut refused = Refused::default();
        let mut is_any = visit.posts.iter().any(|post| post.declined.is_some());
        for (sent, answer) in visit.posts.iter().flat_map(|post| &post.messages) {
            let is_event = matches!(sent["type"].as_str(), Some("track" | "page" | "screen"));
            for verdict in verdicts::of_message(sent, answer) {
                let Some(code) = &verdict.code else { continue };
                // What an event says of itself is no part of the settings.
                if is_event && !matches!(verdict.field.as_str(), "user_id" | "company") {
                    continue;
                }
                is_any = true;
                refused.is_proof |= code.starts_with("signature_") || code == "token_expired";
                refused.add(&verdict.field);
            }
        }
        is_any.then_some(refused)
    }

    /// The field as the doctor calls it. The code says ids in any case.
    fn add(&mut self, field: &str) {
        let (names, name) = match field.split_once('.') {
            Some(("membership", name)) => (&mut self.membership, name),
            Some((company, name)) if company == "company" || company.starts_with("companies[") => {
                (&mut self.company, name)
            }
            _ => (&mut self.user, field),
        };
        let is_id = ["user_id", "company_id", "id", "groupId", "company"].contains(&name);
        if !is_id && is_plain(name) && !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }
}

/// The card; nothing where nothing was refused.
pub fn card(frame: &Frame, view: &View, visit: &Visit) -> Markup {
    let (Some(refused), Some(key)) = (Refused::of(visit), view.source.write_keys.first()) else { return html! {} };
    let framework = view.framework;
    let tabs = FRAMEWORKS.each_ref().map(|other| {
        (other.label, format!("{}#fix", address(&view.source, Some(visit.number), other)), other == framework)
    });
    let language = proof::language(None, framework.language);
    let wanted = Wanted {
        server: frame.server.clone(),
        key: key.clone(),
        user: refused.user,
        company: refused.company,
        membership: refused.membership,
    };
    let install = [("source", Some(view.source.source_id.as_str())), ("fw", Some(framework.name))];
    html! {
        section.card aria-labelledby="fix" {
            header { h2 id="fix" { "The fix as code" } }
            div.body.stack.snug {
                p { "Your ids and the fields that were refused, as they should be sent. Compare it with your own code." }
                (chips("Framework", &tabs))
                @for code in framework.snippet(&wanted).files { (code::block(code.file, code::text(&code.text, &code.company))) }
                @if refused.is_proof {
                    p { "The proof, sent beside " code { "user_id" } " as " code { "user_hash" } ":" }
                    (code::block(language.label, code::text(&language.code(), &(0..0))))
                }
                p.small { a href={ (links::with_query("/install", &install)) "#people" } { "All fields and the other steps" } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::domain::ids::SourceKey;
    use crate::http::doctor::Post;

    fn visit(sent: Value, answer: Value) -> Visit {
        Visit {
            number: 1,
            mark: String::new(),
            source: SourceKey(1),
            address: String::new(),
            made_ms: 0,
            first_ms: None,
            posts: vec![Post { messages: vec![(sent, answer)], ..Post::default() }],
        }
    }

    #[test]
    fn the_code_has_the_fields_that_were_refused_and_no_others() {
        let sent = json!({
            "type": "identify", "userId": "ann",
            "traits": { "email": "ann@acme.test", "birthday": "x", "%> x": 1, "company": { "company_id": "acme", "seats": "ten" } },
        });
        let refused =
            |attribute: &str| json!({ "attribute": attribute, "code": "type_mismatch", "detail": "Send another." });
        let answer = json!({
            "status": "stored", "refused_values": [refused("birthday"), refused("%> x"), refused("company.seats")],
            "plan": { "companies": [{ "company_id": "acme" }] },
        });
        let told = Refused::of(&visit(sent.clone(), answer)).expect("something was refused");
        let names = |name: &str| vec![name.to_owned()];
        assert_eq!(told, Refused { user: names("birthday"), company: names("seats"), ..Refused::default() });
        assert_eq!(Refused::of(&visit(sent, json!({ "status": "stored" }))), None);
    }

    #[test]
    fn where_the_proof_was_refused_the_code_makes_one() {
        let sent = json!({ "type": "identify", "userId": "ann", "traits": {} });
        let answer = json!({ "status": "refused", "code": "signature_invalid", "detail": "Hash the exact id." });
        assert!(Refused::of(&visit(sent, answer)).is_some_and(|told| told.is_proof && told.user.is_empty()));
    }
}
