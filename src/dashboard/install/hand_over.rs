//! The installation for somebody else: one page to print, copy or send, with the key, the framework and the
//! fields filled in.

use actix_web::http::header::{ContentDisposition, DispositionParam, DispositionType};
use actix_web::{HttpRequest, HttpResponse};
use maud::{Markup, html};

use super::frameworks::{Code, PLAIN};
use super::page::{self, View};
use super::{hardening, snippets};
use crate::dashboard::desk::{self, Answer};
use crate::dashboard::parts::code;
use crate::dashboard::parts::frame::{Frame, shell};
use crate::dashboard::parts::icon::icon;
use crate::dashboard::parts::section::head;
use crate::http::access::Viewer;
use crate::store::Source;

/// The same in Markdown.
pub fn markdown(frame: &Frame, view: &View, source: &Source, key: &str) -> String {
    let fence = |text: &str| format!("```\n{text}\n```\n");
    let mut text = format!(
        "# Rollcall on {}\n\nOne snippet for public pages and one for pages behind the sign-in, pasted just above\n\
         `</body>`. The key in them is public: it can only add data.\n\n",
        source.name
    );
    text += "## 1. Public pages\n\n";
    text += &fence(&snippets::visitors_text(&frame.server, key));
    text += &format!("\n## 2. Pages behind the sign-in ({}), instead of the first\n", view.framework.label);
    let snippet = view.framework.snippet(&view.wanted(&frame.server, key));
    for Code { file, text: code, .. } in &snippet.files {
        text += &format!("\n{file}:\n\n{}", fence(code));
    }
    text += if view.framework.name == PLAIN {
        "\nReplace the values with what the site knows about the signed-in user, written as JSON with every `<` as\n\
         `\\u003c`, so that no user's name can break out of its text. "
    } else {
        "\nReplace names that differ in your own code. Settings are JSON, so that no user's name can\n\
         break out of its text: keep the escape. "
    };
    text += "`user_id` and `company_id` are your own ids, which\n\
             do not change when a name does. A company is stored from its id alone.\n";
    text += "\nA user with several companies, one of them current: add this above the lines that say `company`:\n\n";
    text += &fence(&snippet.companies);
    text += "\n## 3. Signing out\n\n";
    text += if view.framework.name == PLAIN {
        "Pages that know nobody is signed in send `\"user\": null`. "
    } else {
        "Where nobody is signed in, the code above sends a user of null, and the browser forgets the user. "
    };
    text += "Where signing out\nloads no new page:\n\n";
    text += &fence("window.rollcall?.reset()");
    let language = view.language;
    text += &format!("\n## 4. Proof of identity ({})\n\n", language.label);
    text += if source.signatures_required { "Required: unsigned messages are refused. " } else { "Optional. " };
    text += "The page sends this beside `user_id` as `user_hash`. Whoever runs Rollcall\nhas the secret.\n\n";
    text += &fence(&language.code());
    text += "\n## Content-Security-Policy, if the pages have one\n\n";
    text += &fence(&hardening::csp(&frame.server));
    text += &format!(
        "\n## Check that it works\n\nThis page shows within seconds what arrives, what is wrong and how to fix it:\n\n{}\n",
        format_args!("{}{}", frame.server, view.address(source, None))
    );
    text
}

/// The page.
pub fn page(frame: &Frame, view: &View, source: &Source, key: &str) -> Markup {
    let text = markdown(frame, view, source, key);
    let back = view.address(source, Some(view.since_ms));
    let content = html! {
        (head(
            html! { "For your developer" },
            html! { p { "Everything to do on " bdi { (source.name) } ", to print, copy or send." } },
            html! {
                a.btn href=(back) { "Back to Install" }
                a.btn href=(view.hand_over(source, ".md")) { (icon("file")) " Markdown" }
            },
        ))
        (code::block("Markdown", html! { (text) }))
    };
    shell(frame, "For your developer", content)
}

/// `GET /install/hand-over` and `/install/hand-over.md`
///
/// # Errors
/// The store's; a page that is not there, where no source has a key.
pub async fn show(Viewer(operator): Viewer, request: HttpRequest) -> Answer {
    let is_file = request.path().ends_with(".md");
    let (frame, view) = page::read(&request, operator).await?;
    let Some((source, key)) = view.source.as_ref().and_then(|source| Some((source, source.write_keys.first()?))) else {
        return Ok(desk::see_other("/install"));
    };
    if !is_file {
        return Ok(desk::page(page(&frame, &view, source, key)));
    }
    Ok(HttpResponse::Ok()
        .content_type("text/markdown; charset=utf-8")
        .insert_header(ContentDisposition {
            disposition: DispositionType::Attachment,
            parameters: vec![DispositionParam::Filename("rollcall.md".to_owned())],
        })
        .body(markdown(&frame, &view, source, key)))
}
