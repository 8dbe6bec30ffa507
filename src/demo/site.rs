//! The sample site: three pages of a customer of Rollcall, with the real widget and a box to sign in.
//! It stands at another port, so for the browser it is another site, as a website always is.
//!
//! It also signs in to the dashboard whoever opens the link that was printed, once: a browser keeps the
//! cookies of a host for all its ports.

use std::net::TcpListener;
use std::sync::Mutex;

use actix_web::cookie::{Cookie, SameSite};
use actix_web::dev::ServerHandle;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, LOCATION};
use actix_web::web::{self, Data};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::story::{Guest, Told};
use crate::http::client::Site;
use crate::http::page::{PageError, plain};
use crate::http::session;
use crate::server::Running;
use crate::store::Store;

/// The cookie of whoever signed in on the sample site.
const COOKIE: &str = "sample_site_user";
/// Threads that answer.
const WORKERS: usize = 1;

/// The sample site, serving.
pub struct Serving(ServerHandle);

impl Serving {
    /// Ends it.
    pub async fn stop(&self) {
        self.0.stop(true).await;
    }
}

/// What all pages of the site know.
struct Shop {
    dashboard: String,
    write_key: String,
    guest: Guest,
    operator: crate::domain::ids::OperatorKey,
    /// What signs in to the dashboard, until it was used.
    link_token: Mutex<Option<String>>,
}

/// Whoever signed in: what they wrote in the box.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct SignedIn {
    user_id: String,
    name: String,
    email: String,
    company_id: String,
    company: String,
    role: String,
}

/// Serves the site of a server that runs.
pub fn serve(listener: TcpListener, running: &Running, told: &Told, link_token: String) -> std::io::Result<Serving> {
    let shop = Data::new(Shop {
        dashboard: running.url.clone(),
        write_key: told.write_key.clone(),
        guest: told.guest.clone(),
        operator: told.operator,
        link_token: Mutex::new(Some(link_token)),
    });
    let store = Data::new(running.store.clone());
    // Whether cookies are for https alone is decided by how people reach the dashboard.
    let site = Data::new(Site { public_url: Some(running.url.clone()), ..Site::default() });
    let server = HttpServer::new(move || {
        App::new()
            .app_data(shop.clone())
            .app_data(store.clone())
            .app_data(site.clone())
            .service(web::resource("/").get(home))
            .service(web::resource("/jobs").get(jobs))
            .service(web::resource("/reports").get(reports))
            .service(web::resource("/sign-in").post(sign_in))
            .service(web::resource("/sign-out").post(sign_out))
            .service(web::resource("/site.css").get(style))
            .service(web::resource("/dashboard/{token}").get(dashboard))
    });
    let server = server.workers(WORKERS).disable_signals().listen(listener)?.run();
    let handle = server.handle();
    actix_web::rt::spawn(server);
    Ok(Serving(handle))
}

async fn home(request: HttpRequest, shop: Data<Shop>) -> HttpResponse {
    let content = html! {
        p.lead {
            "This is a website as yours may be one. Sign in as somebody, look at a few pages, press buttons, and watch "
            "it arrive in Rollcall."
        }
        ul {
            li { "Before you sign in you are a visitor: a random id of this browser." }
            li { "As you sign in, the page names the user and the company, and what you did before becomes the user’s." }
            li { "As you sign out, the page says that nobody is signed in, and the browser is a new visitor." }
        }
    };
    answer(&request, &shop, "Harbour office", &content)
}

async fn jobs(request: HttpRequest, shop: Data<Shop>) -> HttpResponse {
    let content = html! {
        p.lead { "Each button is something that your users do." }
        table {
            thead { tr { th { "Job" } th { "For" } th { "" } } }
            tbody {
                @for (job, customer) in [("Rewire the boathouse", "Old Harbour Marine"), ("New consumer unit", "Mr Pugh"), ("Yard lights", "Quarry Lane Stone")] {
                    tr {
                        td { (job) }
                        td { (customer) }
                        td { (track("Schedule", "Job scheduled", &json!({"job": job}))) }
                    }
                }
            }
        }
    };
    answer(&request, &shop, "Jobs", &content)
}

async fn reports(request: HttpRequest, shop: Data<Shop>) -> HttpResponse {
    let content = html! {
        p.lead { "What is done here has properties: the format, and how many rows." }
        p.buttons {
            (track("Export as PDF", "Report exported", &json!({"format": "pdf", "rows": 214})))
            (track("Export as CSV", "Report exported", &json!({"format": "csv", "rows": 214})))
            (track("Send the invoice", "Invoice sent", &json!({"total": 1840})))
        }
    };
    answer(&request, &shop, "Reports", &content)
}

/// A button that tells Rollcall what was done.
fn track(words: &str, name: &str, properties: &Value) -> Markup {
    let call = format!("(window.rollcallQueue=window.rollcallQueue||[]).push(['track',{},{properties}])", json!(name));
    html! { button type="button" onclick=(call) { (words) } }
}

fn answer(request: &HttpRequest, shop: &Shop, title: &str, content: &Markup) -> HttpResponse {
    let who = signed_in(request);
    let settings = settings(shop, who.as_ref());
    let markup = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " · Sample site" }
                link rel="icon" href="data:,";
                link rel="stylesheet" href="/site.css";
            }
            body {
                header {
                    b { "Harbour & Sons" }
                    nav aria-label="Main" {
                        @for (path, words) in [("/", "Home"), ("/jobs", "Jobs"), ("/reports", "Reports")] {
                            a href=(path) aria-current=[(request.path() == path).then_some("page")] { (words) }
                        }
                    }
                }
                main {
                    h1 { (title) }
                    (content)
                    (sign_in_box(shop, who.as_ref()))
                    aside aria-labelledby="told" {
                        h2 id="told" { "What this page tells Rollcall" }
                        pre { (serde_json::to_string_pretty(&settings).unwrap_or_default()) }
                        p {
                            "See it arrive: "
                            @match &who {
                                Some(who) => {
                                    a href={ (shop.dashboard) "/users/" (encoded(&who.user_id)) } { "the user" }
                                    @if !who.company_id.is_empty() {
                                        ", "
                                        a href={ (shop.dashboard) "/companies/" (encoded(&who.company_id)) } { "the company" }
                                    }
                                }
                                None => a href={ (shop.dashboard) "/visitors" } { "the visitors" }
                            }
                            "."
                        }
                    }
                }
                script type="application/json" id="rollcall-settings" {
                    (PreEscaped(settings.to_string().replace('<', "\\u003c")))
                }
                script async src={ (shop.dashboard) "/widget.js" } {}
            }
        }
    };
    page(StatusCode::OK, markup)
}

fn sign_in_box(shop: &Shop, who: Option<&SignedIn>) -> Markup {
    let guest = &shop.guest;
    html! {
        @match who {
            Some(who) => form.box method="post" action="/sign-out" {
                p {
                    "Signed in as " b { (who.name) }
                    @if !who.company.is_empty() { " of " b { (who.company) } }
                    "."
                }
                button { "Sign out" }
            }
            None => form.box method="post" action="/sign-in" {
                h2 { "Sign in" }
                p { "Somebody of the demo is filled in. Change anything: another id is another person." }
                @for (name, words, value) in [
                    ("user_id", "User id", guest.user_id.as_str()), ("name", "Name", &guest.name), ("email", "E-mail", &guest.email),
                    ("company_id", "Company id", &guest.company_id), ("company", "Company", &guest.company), ("role", "Role", "Admin"),
                ] {
                    label { (words) input name=(name) value=(value) required[name == "user_id"] autocomplete="off"; }
                }
                button { "Sign in" }
            }
        }
    }
}

/// The settings of the snippet: who is on the page, and which company.
fn settings(shop: &Shop, who: Option<&SignedIn>) -> Value {
    let Some(who) = who else { return json!({ "write_key": shop.write_key, "user": null }) };
    let mut settings = json!({ "write_key": shop.write_key, "user_id": who.user_id });
    for (name, value) in [("name", &who.name), ("email", &who.email)] {
        if !value.is_empty() {
            settings[name] = value.as_str().into();
        }
    }
    if !who.company_id.is_empty() {
        settings["company"] = json!({
            "company_id": who.company_id, "name": who.company, "membership": { "role": who.role },
        });
    }
    settings
}

fn signed_in(request: &HttpRequest) -> Option<SignedIn> {
    let cookie = request.cookie(COOKIE)?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(cookie.value()).ok()?).ok()
}

async fn sign_in(form: web::Form<SignedIn>) -> HttpResponse {
    let value = URL_SAFE_NO_PAD.encode(json!(form.into_inner()).to_string());
    to_home(Cookie::build(COOKIE, value).path("/").http_only(true).same_site(SameSite::Lax).finish())
}

async fn sign_out() -> HttpResponse {
    let mut gone = Cookie::build(COOKIE, "").path("/").finish();
    gone.make_removal();
    to_home(gone)
}

fn to_home(cookie: Cookie<'static>) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((LOCATION, "/")).cookie(cookie).finish()
}

/// `GET /dashboard/{token}`: signs in to the dashboard, once.
async fn dashboard(
    request: HttpRequest,
    token: web::Path<String>,
    shop: Data<Shop>,
    store: Data<Store>,
) -> Result<HttpResponse, PageError> {
    let is_it = {
        let mut known = shop.link_token.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        known.take_if(|known| *known == *token).is_some()
    };
    if !is_it {
        let sentence = "It signs in once. For another browser, use the e-mail address and the password that stand beside \
                        it where the demo was started.";
        let action = Some((shop.dashboard.as_str(), "To the dashboard"));
        return Ok(page(StatusCode::GONE, plain("This link was used", sentence, action, None)));
    }
    let cookie = session::sign_in(&request, &store, shop.operator).await?;
    Ok(HttpResponse::SeeOther()
        .insert_header((LOCATION, format!("{}/", shop.dashboard)))
        .insert_header((CACHE_CONTROL, "no-store"))
        .cookie(cookie)
        .finish())
}

fn page(status: StatusCode, markup: Markup) -> HttpResponse {
    HttpResponse::build(status)
        .insert_header((CACHE_CONTROL, "no-store"))
        .content_type("text/html; charset=utf-8")
        .body(markup.into_string())
}

async fn style() -> HttpResponse {
    HttpResponse::Ok().content_type("text/css; charset=utf-8").body(include_str!("site.css"))
}

/// An id as it stands in a path.
fn encoded(id: &str) -> String {
    id.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}
