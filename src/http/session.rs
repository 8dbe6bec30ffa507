//! Sign-ins of operators: a random token in a cookie, its hash in a table.
//!
//! A sign-in ends 30 days after it was last used. The cookie's name starts with
//! `__Host-` where people reach us by https, so that no other host can set it.

use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::web::Data;
use actix_web::{HttpMessage, HttpRequest};

use super::{client, csrf};
use crate::domain::access::token_hash;
use crate::domain::ids::OperatorKey;
use crate::store::operators::{self, Operator};
use crate::store::{Store, StoreError};

/// Days without use after which a sign-in ends.
const LIFE_DAYS: i64 = 30;
/// A sign-in is renewed at most once in so many days.
const RENEWAL_DAYS: i64 = 1;
const DAY_MS: i64 = 86_400_000;

/// A cookie that the response must carry, left by an extractor for the headers' middleware.
pub(super) struct Renewed(pub(super) Cookie<'static>);

fn cookie_name(request: &HttpRequest) -> &'static str {
    if client::is_https(request) { "__Host-rollcall_session" } else { "rollcall_session" }
}

fn cookie(request: &HttpRequest, token: String, life: Duration) -> Cookie<'static> {
    Cookie::build(cookie_name(request), token)
        .path("/")
        .http_only(true)
        .secure(client::is_https(request))
        .same_site(SameSite::Lax)
        .max_age(life)
        .finish()
}

fn token(request: &HttpRequest) -> Option<String> {
    request.cookie(cookie_name(request)).map(|cookie| cookie.value().to_owned()).filter(|token| !token.is_empty())
}

/// Signs an operator in; the response must carry the cookie. A sign-in that this browser has ends.
///
/// # Errors
/// The store's.
pub async fn sign_in(
    request: &HttpRequest,
    store: &Store,
    operator: OperatorKey,
) -> Result<Cookie<'static>, StoreError> {
    let fresh = store.ambient().token();
    let (before, hash) = (token(request), token_hash(&fresh));
    store
        .write(move |tx| {
            if let Some(before) = before {
                operators::sign_out(tx, &token_hash(&before))?;
            }
            operators::sign_in(tx, operator, &hash, tx.now_ms + LIFE_DAYS * DAY_MS)
        })
        .await?;
    Ok(cookie(request, fresh, Duration::days(LIFE_DAYS)))
}

/// Ends this browser's sign-in; the response must carry the cookie, which takes the old one away.
///
/// # Errors
/// The store's.
pub async fn sign_out(request: &HttpRequest, store: &Store) -> Result<Cookie<'static>, StoreError> {
    if let Some(token) = token(request) {
        store.write(move |tx| operators::sign_out(tx, &token_hash(&token))).await?;
    }
    Ok(cookie(request, String::new(), Duration::ZERO))
}

/// Who is signed in. Nobody is where another site's page sent the request and it would change something.
///
/// # Errors
/// The store's.
pub async fn operator(request: &HttpRequest) -> Result<Option<Operator>, StoreError> {
    let (Some(token), Some(store)) = (token(request), request.app_data::<Data<Store>>()) else { return Ok(None) };
    if !csrf::is_own(request) {
        return Ok(None);
    }
    let hash = token_hash(&token);
    let now_ms = store.now_ms();
    let Some((operator, expires_ms)) = store.read(move |db| operators::signed_in(db, &hash, now_ms)).await? else {
        return Ok(None);
    };
    let renewed_ms = now_ms + LIFE_DAYS * DAY_MS;
    if renewed_ms - expires_ms > RENEWAL_DAYS * DAY_MS {
        // A page that is read is not lost because the writer is busy: the next one renews.
        let renewed: Result<(), StoreError> = store.write(move |tx| operators::renew(tx, &hash, renewed_ms)).await;
        if renewed.is_ok() {
            request.extensions_mut().insert(Renewed(cookie(request, token, Duration::days(LIFE_DAYS))));
        }
    }
    Ok(Some(operator))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI64, Ordering};

    use actix_web::http::StatusCode;
    use actix_web::http::header::{AUTHORIZATION, LOCATION, SET_COOKIE};
    use actix_web::middleware::from_fn;
    use actix_web::test::{TestRequest, call_service, init_service, read_body};
    use actix_web::{App, HttpResponse, web};

    use super::*;
    use crate::domain::access::{Role, Scope};
    use crate::http::access::{Admin, Owner, ReadToken, Viewer, WriteToken};
    use crate::http::client::Site;
    use crate::http::headers;
    use crate::store::{Ambient, tokens};

    /// A workspace with a clock that the story moves.
    struct Stage {
        _folder: tempfile::TempDir,
        clock: Arc<AtomicI64>,
        store: Store,
    }

    impl Stage {
        fn new() -> Stage {
            let folder = tempfile::tempdir().unwrap();
            let clock = Arc::new(AtomicI64::new(1_800_000_000_000));
            let hand = Arc::clone(&clock);
            let ambient = Ambient { now_ms: Arc::new(move || hand.load(Ordering::Relaxed)), ..Ambient::default() };
            let store = Store::open(&folder.path().join("rollcall.db"), ambient).unwrap();
            Stage { _folder: folder, clock, store }
        }

        fn days_pass(&self, days: i64) {
            self.clock.fetch_add(days * DAY_MS, Ordering::Relaxed);
        }

        async fn operator(&self, email: &'static str, role: Role) -> OperatorKey {
            let added: Result<_, StoreError> = self.store.write(move |tx| operators::add(tx, email, role, None)).await;
            added.unwrap().expect("a new operator").key
        }

        async fn signs_in(&self, email: &'static str, role: Role) -> Cookie<'static> {
            let request = TestRequest::post().to_http_request();
            sign_in(&request, &self.store, self.operator(email, role).await).await.unwrap()
        }
    }

    /// A server with a page for each role and a call for two scopes.
    macro_rules! pages {
        ($stage:expr) => {
            init_service(
                App::new().app_data(Data::new($stage.store.clone())).app_data(Data::new(Site::default())).service(
                    web::scope("")
                        .wrap(from_fn(headers::protect))
                        .service(
                            web::resource("/users")
                                .get(async |Viewer(operator): Viewer| operator.email)
                                .post(async |Viewer(operator): Viewer| operator.email),
                        )
                        .route("/sources", web::get().to(async |_: Admin| HttpResponse::Ok()))
                        .route("/operators", web::get().to(async |_: Owner| HttpResponse::Ok()))
                        .route("/read", web::get().to(async |ReadToken(token): ReadToken| token.name))
                        .route("/write", web::get().to(async |_: WriteToken| HttpResponse::Ok())),
                ),
            )
            .await
        };
    }

    #[actix_web::test]
    async fn a_sign_in_lasts_thirty_days_from_its_last_use() {
        let stage = Stage::new();
        let cookie = stage.signs_in("ann@shop.example", Role::Viewer).await;
        assert_eq!((cookie.name(), cookie.http_only(), cookie.secure()), ("rollcall_session", Some(true), Some(false)));
        assert_eq!((cookie.same_site(), cookie.path(), cookie.domain()), (Some(SameSite::Lax), Some("/"), None));
        let pages = pages!(stage);
        let opens = || TestRequest::get().uri("/users").cookie(cookie.clone()).to_request();

        let response = call_service(&pages, opens()).await;
        assert!(!response.headers().contains_key(SET_COOKIE), "nothing to renew within a day");
        assert_eq!(read_body(response).await, "ann@shop.example");

        stage.days_pass(29);
        let response = call_service(&pages, opens()).await;
        assert_eq!(response.status(), StatusCode::OK);
        let renewed = response.headers().get(SET_COOKIE).expect("a renewed cookie").to_str().unwrap();
        assert!(renewed.contains(cookie.value()) && renewed.contains("Max-Age=2592000"), "{renewed}");

        stage.days_pass(29);
        assert_eq!(call_service(&pages, opens()).await.status(), StatusCode::OK);
        stage.days_pass(31);
        assert_eq!(call_service(&pages, opens()).await.status(), StatusCode::SEE_OTHER);
    }

    #[actix_web::test]
    async fn signing_out_ends_it_on_the_server_too() {
        let stage = Stage::new();
        let cookie = stage.signs_in("ann@shop.example", Role::Viewer).await;
        let request = TestRequest::post().cookie(cookie.clone()).to_http_request();
        let gone = sign_out(&request, &stage.store).await.unwrap();
        assert_eq!((gone.name(), gone.value(), gone.max_age()), (cookie.name(), "", Some(Duration::ZERO)));
        let pages = pages!(stage);
        let response = call_service(&pages, TestRequest::get().uri("/users?q=a&s=b").cookie(cookie).to_request()).await;
        assert_eq!(response.status(), StatusCode::SEE_OTHER);
        assert_eq!(response.headers().get(LOCATION).unwrap(), "/sign-in?next=/users%3Fq%3Da%26s%3Db");
    }

    #[actix_web::test]
    async fn where_people_come_by_https_the_cookie_is_for_this_host_alone() {
        let stage = Stage::new();
        let site = Site { public_url: Some("https://roll.example".to_owned()), ..Site::default() };
        let request = TestRequest::post().app_data(Data::new(site)).to_http_request();
        let cookie =
            sign_in(&request, &stage.store, stage.operator("ann@shop.example", Role::Viewer).await).await.unwrap();
        assert_eq!((cookie.name(), cookie.secure()), ("__Host-rollcall_session", Some(true)));
    }

    #[actix_web::test]
    async fn another_sites_page_can_not_act_for_the_operator() {
        let stage = Stage::new();
        let cookie = stage.signs_in("ann@shop.example", Role::Owner).await;
        let pages = pages!(stage);
        let sends = |site: &'static str| {
            TestRequest::post()
                .uri("/users")
                .cookie(cookie.clone())
                .insert_header(("sec-fetch-site", site))
                .to_request()
        };
        assert_eq!(call_service(&pages, sends("same-origin")).await.status(), StatusCode::OK);
        assert_eq!(call_service(&pages, sends("cross-site")).await.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(call_service(&pages, sends("same-site")).await.status(), StatusCode::UNAUTHORIZED);
    }

    #[actix_web::test]
    async fn each_role_may_what_the_one_below_may_and_is_told_what_it_lacks() {
        let stage = Stage::new();
        let viewer = stage.signs_in("viewer@shop.example", Role::Viewer).await;
        let admin = stage.signs_in("admin@shop.example", Role::Admin).await;
        let owner = stage.signs_in("owner@shop.example", Role::Owner).await;
        let pages = pages!(stage);
        for (cookie, expected) in [(viewer, [200, 403, 403]), (admin, [200, 200, 403]), (owner, [200, 200, 200])] {
            for (path, status) in ["/users", "/sources", "/operators"].into_iter().zip(expected) {
                let response =
                    call_service(&pages, TestRequest::get().uri(path).cookie(cookie.clone()).to_request()).await;
                assert_eq!(response.status(), status, "{path}");
                if status == 403 {
                    let page = read_body(response).await;
                    let page = std::str::from_utf8(&page).unwrap();
                    assert!(page.contains("@shop.example") && page.contains("this needs an"), "{page}");
                }
            }
        }
    }

    #[actix_web::test]
    async fn a_program_needs_a_token_of_the_scope() {
        let stage = Stage::new();
        let added: Result<_, StoreError> =
            stage.store.write(|tx| tokens::add(tx, "tok_1", "Reports", Scope::Read, &token_hash("rc_right"))).await;
        added.unwrap();
        let pages = pages!(stage);
        let asks = async |path: &'static str, token: Option<&'static str>| {
            let mut request = TestRequest::get().uri(path);
            if let Some(token) = token {
                request = request.insert_header((AUTHORIZATION, format!("Bearer {token}")));
            }
            let response = call_service(&pages, request.to_request()).await;
            let status = response.status().as_u16();
            let body = read_body(response).await;
            let body: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
            (status, body["code"].as_str().unwrap_or_default().to_owned())
        };
        assert_eq!(asks("/read", None).await, (401, "token_missing".to_owned()));
        assert_eq!(asks("/read", Some("rc_wrong")).await, (401, "token_invalid".to_owned()));
        assert_eq!(asks("/write", Some("rc_right")).await, (403, "scope_missing".to_owned()));
        assert_eq!(asks("/read", Some("rc_right")).await, (200, String::new()));
        let used_ms = |store: &Store| store.read_now(tokens::list).unwrap()[0].last_used_ms;
        assert!(used_ms(&stage.store).is_some(), "its use is noted");

        let revoked: Result<_, StoreError> = stage.store.write(|tx| tokens::revoke(tx, "tok_1")).await;
        assert!(revoked.unwrap());
        assert_eq!(asks("/read", Some("rc_right")).await, (401, "token_invalid".to_owned()));
    }
}
