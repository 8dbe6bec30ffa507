//! The door of people: pages written on the server, one file a page with its form and POST.
//!
//! A page is a function of its view, and a handler fills the view in. What pages are made
//! of is in `parts`; what every handler asks for is in `desk`.

mod attributes;
mod bulk;
mod companies;
mod company;
mod desk;
mod done;
mod due;
mod duplicates;
mod edit;
mod erase;
mod errors;
mod export;
mod first_run;
mod happenings;
mod help;
mod imports;
mod install;
mod links;
mod listed;
mod live;
mod merge;
mod narrowed;
mod overview;
mod palette;
mod parts;
mod password;
mod reference;
mod refusals;
mod search;
mod segments;
mod set_up;
mod settings;
mod sign_in;
mod signed_members;
pub mod storybook;
mod suggested;
mod theme;
mod then;
mod timeline;
mod tray;
mod undo;
mod user;
mod users;
mod visitors;

use actix_web::HttpRequest;
use actix_web::error::{PathError, UrlencodedError};
use actix_web::http::StatusCode;
use actix_web::web::{self, ServiceConfig};

use crate::http::page::PageError;
use crate::http::session;
use desk::Answer;
use parts::frame::Place;

/// Bytes of a form.
const FORM_BYTES_MAX: usize = 64 * 1_024;

/// All pages, and what answers where there is none.
pub fn configure(config: &mut ServiceConfig) {
    config
        .app_data(web::FormConfig::default().limit(FORM_BYTES_MAX).error_handler(form_not_read))
        .app_data(web::PathConfig::default().error_handler(path_not_read))
        .service(web::resource("/set-up").get(set_up::show).post(set_up::set_up))
        .service(web::resource("/sign-in").get(sign_in::show).post(sign_in::sign_in))
        .service(web::resource("/sign-out").post(sign_in::sign_out))
        .service(web::resource("/password").get(password::show).post(password::set))
        .service(web::resource("/theme").post(theme::keep))
        .service(web::resource("/").get(overview::show))
        .service(web::resource("/palette").get(palette::offers))
        .service(web::resource("/search").get(search::show))
        .service(web::resource("/users").get(users::show))
        .service(web::resource("/users/duplicates").get(duplicates::show_users).post(duplicates::tell_users_apart))
        .service(web::resource("/users/{id}").get(user::show))
        .service(web::resource("/users/{id}/export").get(export::person))
        .service(web::resource("/users/{id}/erase").get(erase::show).post(erase::confirm))
        .service(web::resource("/settings/rules/allow").post(erase::allow))
        .service(web::resource("/users/{id}/merge").get(merge::show).post(merge::confirm))
        .service(web::resource("/changes/{id}/undo").get(undo::show).post(undo::take_back))
        .service(web::resource("/companies").get(companies::show))
        .service(web::resource("/companies/suggested").get(suggested::show).post(suggested::decide))
        .service(
            web::resource("/companies/duplicates")
                .get(duplicates::show_companies)
                .post(duplicates::tell_companies_apart),
        )
        .service(
            web::resource("/companies/{id:[^/]*}/merge").get(merge::companies::show).post(merge::companies::confirm),
        )
        .service(web::resource("/companies/{id}").get(company::show))
        .service(web::resource("/signed-members").post(signed_members::change))
        .service(web::resource("/bulk").get(bulk::show).post(bulk::change))
        .service(web::resource("/bulk/export").post(export::picked))
        .service(web::resource("/bulk/erase").post(erase::many::confirm))
        .service(web::resource("/bulk/{number}").get(bulk::job::show).post(bulk::job::change))
        .service(web::resource("/columns").post(narrowed::keep_columns))
        .service(web::resource("/filter/values").get(narrowed::suggest))
        .service(web::resource("/live").get(live::list::show))
        .service(web::resource("/live/{number}").get(live::one::show))
        .service(web::resource("/segments").get(segments::list::show))
        .service(web::resource("/segments/save").get(segments::save::show).post(segments::save::save))
        .service(web::resource("/segments/{id}").get(segments::one::show).post(segments::one::change))
        .service(web::resource("/visitors").get(visitors::show))
        .service(web::resource("/notes").get(due::show))
        .service(web::resource("/imports").get(imports::list::show))
        .service(web::resource("/imports/new").get(imports::new::show).post(imports::new::send))
        .service(web::resource("/imports/sample.csv").get(imports::new::sample))
        .service(web::resource("/imports/{id}").get(imports::one::show).post(imports::one::change))
        .service(web::resource("/imports/{id}/refused").get(imports::one::refused))
        .service(web::resource("/export/{kind}").get(export::show))
        .service(web::resource("/refusals").get(refusals::show))
        .service(web::resource("/refusals/tray").get(tray::show).post(tray::decide))
        .service(web::resource("/attributes").get(attributes::list::show))
        .service(
            web::resource("/attributes/{owner}/{name:.*}").get(attributes::one::show).post(attributes::one::change),
        )
        .service(web::resource("/install").get(install::page::show))
        .service(web::resource("/install/try").post(install::try_it::send))
        .service(web::resource("/install/try/delete").post(install::try_it::delete))
        .service(web::resource("/install/doctor").get(install::doctor::show).post(install::doctor::make))
        .service(web::resource("/install/hand-over").get(install::hand_over::show))
        .service(web::resource("/install/hand-over.md").get(install::hand_over::show))
        .service(web::resource("/api").get(reference::show))
        .service(web::resource("/help").get(help::show))
        .service(web::resource("/help/codes").get(help::show_codes))
        .configure(edit_pages)
        .configure(settings_pages)
        .default_service(web::to(nothing_here));
}

fn edit_pages(config: &mut ServiceConfig) {
    use edit::{company, made, member, note, profile, value};
    config
        .service(web::resource("/edit/value").get(value::show).post(value::change))
        .service(web::resource("/edit/company").get(company::show).post(company::change))
        .service(web::resource("/edit/member").get(member::show).post(member::change))
        .service(web::resource("/edit/note").get(note::show).post(note::write))
        .service(web::resource("/edit/profile").get(profile::show).post(profile::change))
        .service(web::resource("/edit/new").get(made::show).post(made::make));
}

fn settings_pages(config: &mut ServiceConfig) {
    use settings::{
        account, appearance, audit, backups, operators, proof, retention, rules, source, sources, tokens, webhook,
        webhooks, workspace,
    };
    config
        .service(web::redirect("/settings", "/settings/sources"))
        .service(web::resource("/settings/sources").get(sources::show).post(sources::add_one))
        .service(web::resource("/settings/sources/{id}").get(source::show).post(source::change))
        .service(web::resource("/settings/sources/{id}/secrets").post(proof::make))
        .service(web::resource("/settings/sources/{id}/secrets/retire").post(proof::retire))
        .service(web::resource("/settings/sources/{id}/check").post(proof::ask))
        .service(web::resource("/settings/workspace").get(workspace::show).post(workspace::change))
        .service(web::resource("/settings/rules").get(rules::show).post(rules::change))
        .service(web::resource("/settings/retention").get(retention::show).post(retention::change))
        .service(web::resource("/settings/backups").get(backups::show))
        .service(web::resource("/settings/appearance").get(appearance::show))
        .service(web::resource("/settings/operators").get(operators::show).post(operators::add_one))
        .service(web::resource("/settings/operators/link").post(operators::make_link))
        .service(web::resource("/settings/operators/role").post(operators::set_role))
        .service(web::resource(operators::remove::PATH).get(operators::remove::show).post(operators::remove::remove))
        .service(web::resource("/settings/tokens").get(tokens::show).post(tokens::add_one))
        .service(web::resource("/settings/tokens/revoke").post(tokens::revoke))
        .service(web::resource("/settings/webhooks").get(webhooks::show).post(webhooks::add_one))
        .service(web::resource("/settings/webhooks/{id}").get(webhook::show).post(webhook::change))
        .service(web::resource("/settings/audit").get(audit::show))
        .service(web::resource("/settings/account").get(account::show).post(account::change_password))
        .service(web::resource("/settings/account/zone").post(account::change_zone));
}

/// Where nothing is, whoever is signed in stays within the navigation.
async fn nothing_here(request: HttpRequest) -> Answer {
    let Some(operator) = session::operator(&request).await? else { return Err(PageError::not_found()) };
    let frame = desk::frame(&request, operator, Place::Elsewhere).await?;
    Ok(desk::page_with(StatusCode::NOT_FOUND, errors::no_page(&frame)))
}

fn form_not_read(error: UrlencodedError, _: &HttpRequest) -> actix_web::Error {
    let sentence = "The form could not be read, so nothing was changed. Go back and send it again.";
    tracing::debug!(%error, "A form could not be read.");
    PageError::new(StatusCode::BAD_REQUEST, "The form could not be read", sentence).into()
}

fn path_not_read(_: PathError, _: &HttpRequest) -> actix_web::Error {
    PageError::not_found().into()
}
