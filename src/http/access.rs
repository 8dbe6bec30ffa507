//! Who may: extractors. Without the right, the handler does not run.
//!
//! Pages take [`Viewer`], [`Admin`] or [`Owner`]: an operator who is signed in and may at
//! least that. Programs come with [`ReadToken`], [`WriteToken`] or [`AdminToken`].

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::{StatusCode, header};
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};

use super::page::PageError;
use super::problem::Problem;
use super::session;
use crate::domain::access::{Role, Scope, token_hash};
use crate::domain::codes::calls::CallCode;
use crate::domain::codes::requests::RequestCode;
use crate::store::operators::Operator;
use crate::store::tokens::{self, Token};
use crate::store::{Store, StoreError};

/// The last use of a token is noted at most so often.
const USE_NOTED_MS: i64 = 3_600_000;

macro_rules! extractors {
    ($error:ty, $find:ident: $($(#[$doc:meta])* $name:ident($inner:ty) = $least:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone)]
        pub struct $name(pub $inner);

        impl FromRequest for $name {
            type Error = $error;
            type Future = Pin<Box<dyn Future<Output = Result<$name, $error>>>>;

            fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
                let request = request.clone();
                Box::pin(async move { Ok($name($find(&request, $least).await?)) })
            }
        }
    )*};
}

extractors! { PageError, operator_of:
    /// Any operator who is signed in.
    Viewer(Operator) = Role::Viewer;
    /// An operator who may change data, sources and settings.
    Admin(Operator) = Role::Admin;
    /// An operator who may also add and remove operators and tokens.
    Owner(Operator) = Role::Owner;
}

extractors! { Problem, token_of:
    /// A token that may read.
    ReadToken(Token) = Scope::Read;
    /// A token that may read and send data.
    WriteToken(Token) = Scope::Write;
    /// A token that may also change settings and sources.
    AdminToken(Token) = Scope::Admin;
}

async fn operator_of(request: &HttpRequest, least: Role) -> Result<Operator, PageError> {
    let Some(operator) = session::operator(request).await? else {
        return Err(if request.method().is_safe() {
            let here = request.uri().path_and_query().map_or("/", |here| here.as_str());
            PageError::see_other(sign_in_address(here))
        } else {
            PageError::new(
                StatusCode::UNAUTHORIZED,
                "You are signed out",
                "Your session has ended, and nothing was changed. Sign in, then go back and send it again.",
            )
            .action("/sign-in", "Sign in")
        });
    };
    if operator.role < least {
        let sentence = format!(
            "You are signed in as {}, who is {}; this needs {}. Ask an owner to do it, or to change your role.",
            operator.email,
            with_article(operator.role),
            with_article(least)
        );
        return Err(
            PageError::new(StatusCode::FORBIDDEN, "You can't do this", sentence).action("/", "Go to the overview")
        );
    }
    Ok(operator)
}

fn with_article(role: Role) -> &'static str {
    match role {
        Role::Viewer => "a viewer",
        Role::Admin => "an admin",
        Role::Owner => "an owner",
    }
}

/// The sign-in page that leads on to an address of ours afterwards.
pub fn sign_in_address(next: &str) -> String {
    if next == "/" {
        return "/sign-in".to_owned();
    }
    let mut address = "/sign-in?next=".to_owned();
    for byte in next.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' | b'~' => {
                address.push(char::from(byte))
            }
            other => address.push_str(&format!("%{other:02X}")),
        }
    }
    address
}

/// Where to go after signing in: `next` where it is a path of this server, else the first page.
pub fn next_or_home(next: Option<&str>) -> &str {
    let own = |next: &&str| {
        next.starts_with('/') && !next.starts_with("//") && !next.contains(['\\', '\r', '\n', '\t']) && next.is_ascii()
    };
    next.filter(own).unwrap_or("/")
}

async fn token_of(request: &HttpRequest, least: Scope) -> Result<Token, Problem> {
    let Some(text) = bearer(request) else {
        return Err(Problem::new(
            StatusCode::UNAUTHORIZED,
            RequestCode::TokenMissing,
            "Send a token: Authorization: Bearer rc_… Create one under Settings, or with: rollcall token add NAME",
        ));
    };
    let store = request.app_data::<Data<Store>>().ok_or_else(|| Problem::internal("the server has no store"))?;
    let token = token(store, text).await?.ok_or_else(token_invalid)?;
    if token.scope < least {
        let detail = format!(
            "The token {:?} has the scope {}; this needs {}. Create one that has it.",
            token.name,
            token.scope.as_str(),
            least.as_str()
        );
        return Err(Problem::new(StatusCode::FORBIDDEN, CallCode::ScopeMissing, detail).with("scope", least.as_str()));
    }
    Ok(token)
}

/// The problem of a token that is none, or none any more (401 `token_invalid`).
pub fn token_invalid() -> Problem {
    let detail = "There is no such token, or it was revoked. Create a new one and send all of it.";
    Problem::new(StatusCode::UNAUTHORIZED, RequestCode::TokenInvalid, detail)
}

/// The text after `Authorization: Bearer`.
pub fn bearer(request: &HttpRequest) -> Option<&str> {
    let value = request.headers().get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim()).filter(|token| !token.is_empty())
}

/// The token of a secret text, and a note that it was used, at most once an hour.
///
/// # Errors
/// The store's.
pub async fn token(store: &Store, text: &str) -> Result<Option<Token>, StoreError> {
    let hash = token_hash(text);
    let Some(token) = store.read(move |db| tokens::find(db, &hash)).await? else { return Ok(None) };
    if token.last_used_ms.is_none_or(|used_ms| store.now_ms() - used_ms >= USE_NOTED_MS) {
        let token_id = token.token_id.clone();
        // Whoever has the right is not turned away because the note has to wait.
        let noted: Result<(), StoreError> = store.write(move |tx| tokens::used(tx, &token_id)).await;
        if let Err(error) = noted {
            tracing::warn!(token_id = token.token_id, %error, "The last use of a token could not be noted.");
        }
    }
    Ok(Some(token))
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    #[test]
    fn after_signing_in_people_land_where_they_wanted_and_never_elsewhere() {
        assert_eq!(
            sign_in_address("/users?f=plan:is:pro&q=a b"),
            "/sign-in?next=/users%3Ff%3Dplan%3Ais%3Apro%26q%3Da%20b"
        );
        assert_eq!(sign_in_address("/"), "/sign-in");
        assert_eq!(next_or_home(Some("/users?q=ann")), "/users?q=ann");
        for elsewhere in
            ["//evil.example", "https://evil.example", "/\\evil.example", "", "/a\r\nSet-Cookie: x", "/\t/evil.example"]
        {
            assert_eq!(next_or_home(Some(elsewhere)), "/", "{elsewhere:?}");
        }
        assert_eq!(next_or_home(None), "/");
    }

    #[test]
    fn a_bearer_token_is_found_whatever_the_case_of_the_word() {
        let of = |value: &'static str| {
            let request = TestRequest::get().insert_header(("authorization", value)).to_http_request();
            bearer(&request).map(str::to_owned)
        };
        assert_eq!(of("Bearer rc_x"), Some("rc_x".to_owned()));
        assert_eq!(of("bearer  rc_x "), Some("rc_x".to_owned()));
        assert_eq!(of("Basic cmNfeDo="), None);
        assert_eq!(of("Bearer "), None);
    }
}
