//! Files of `static/`, within the program: prepared by `build.rs` (scripts for other sites
//! stripped, everything compressed as well as it can be), served with `ETag`.

use std::io::Read;

use actix_web::http::header::{
    ACCEPT_ENCODING, ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderMap,
    IF_NONE_MATCH, VARY,
};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, Responder, guard, web};
use flate2::read::GzDecoder;

use super::page::PageError;
use crate::store::scripts::KeptScript;

/// A file as it is served.
#[derive(Debug)]
pub struct Asset {
    /// Its name within `static/`.
    pub name: &'static str,
    /// Its content type.
    pub content_type: &'static str,
    /// What it holds.
    pub bytes: &'static [u8],
    /// The same, compressed; where that is smaller.
    pub gzip: Option<&'static [u8]>,
    /// The same, compressed; where that is smaller.
    pub brotli: Option<&'static [u8]>,
    /// The start of its SHA-256 in hex: the version in its address, and its `ETag`.
    pub version: &'static str,
    /// Its `integrity` for a page that loads it from elsewhere: SHA-384.
    pub integrity: &'static str,
    /// Pages of other sites load it.
    pub for_other_sites: bool,
}

include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// How long a browser may keep a file without asking again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cache {
    /// For ever: its address names its version.
    Immutable,
    /// So many seconds.
    Seconds(u32),
    /// It asks each time whether there is a newer one.
    Ask,
}

/// A file of `static/` by its name.
pub fn find(name: &str) -> Option<&'static Asset> {
    ASSETS.binary_search_by(|asset| asset.name.cmp(name)).ok().map(|at| &ASSETS[at])
}

/// The address of a file, with its version: what is kept under it never changes.
pub fn url(name: &str) -> String {
    match find(name) {
        Some(asset) => format!("/static/{name}?v={}", asset.version),
        None => format!("/static/{name}"),
    }
}

/// The script that websites include; the one that heeds browsers which ask not to be tracked, or the
/// one that does not (setting `respect_gpc`).
pub fn widget(respect_gpc: bool) -> &'static Asset {
    let name = if respect_gpc { "widget.js" } else { "widget-without-gpc.js" };
    find(name).expect("build.rs puts both within the program")
}

/// What the pages of other tools need beyond it.
pub fn widget_compat() -> &'static Asset {
    find("widget-compat.js").expect("static/widget-compat.js is within the program")
}

/// The version in the address of a [`widget`] that never changes: `/widget.<version>.js`.
pub fn widget_version(respect_gpc: bool) -> &'static str {
    if respect_gpc { env!("CARGO_PKG_VERSION") } else { concat!(env!("CARGO_PKG_VERSION"), "-without-gpc") }
}

/// The widget that a version in an address names: whether it heeds browsers that ask not to be tracked.
/// None where this program has another.
pub fn widget_of(version: &str) -> Option<bool> {
    [true, false].into_iter().find(|respect_gpc| widget_version(*respect_gpc) == version)
}

/// The address of a version of the widget, or of what the pages of other tools need beyond that version.
pub fn pinned_address(version: &str, is_compat: bool) -> String {
    format!("/widget.{version}.js{}", if is_compat { "?compat" } else { "" })
}

/// What pages may pin of this program: addresses that name its version, each with its file.
pub fn pinned() -> [(String, &'static Asset); 4] {
    [(true, false), (true, true), (false, false), (false, true)].map(|(respect_gpc, is_compat)| {
        let address = pinned_address(widget_version(respect_gpc), is_compat);
        (address, if is_compat { widget_compat() } else { widget(respect_gpc) })
    })
}

/// Answers with a file: compressed where the browser takes it, 304 where it has it.
pub fn respond(request: &HttpRequest, asset: &'static Asset, cache: Cache) -> HttpResponse {
    let (mut response, is_known) = opened(request, asset.version, cache, asset.for_other_sites);
    if is_known {
        return response.finish();
    }
    response.insert_header((CONTENT_TYPE, asset.content_type));
    let takes = |encoding| accepts(request.headers(), encoding);
    match asset {
        Asset { brotli: Some(bytes), .. } if takes("br") => {
            response.insert_header((CONTENT_ENCODING, "br")).body(*bytes)
        }
        Asset { gzip: Some(bytes), .. } if takes("gzip") => {
            response.insert_header((CONTENT_ENCODING, "gzip")).body(*bytes)
        }
        _ => response.insert_header((CONTENT_ENCODING, "identity")).body(asset.bytes),
    }
}

/// Answers with a script of a former version, for ever the same, to whichever site pinned it.
///
/// # Errors
/// What is kept can't be decompressed.
pub fn respond_kept(request: &HttpRequest, script: KeptScript) -> std::io::Result<HttpResponse> {
    let (mut response, is_known) = opened(request, &script.hash, Cache::Immutable, true);
    if is_known {
        return Ok(response.finish());
    }
    response.insert_header((CONTENT_TYPE, widget(true).content_type));
    if accepts(request.headers(), "gzip") {
        return Ok(response.insert_header((CONTENT_ENCODING, "gzip")).body(script.gzip));
    }
    let mut bytes = Vec::new();
    GzDecoder::new(&*script.gzip).read_to_end(&mut bytes)?;
    Ok(response.insert_header((CONTENT_ENCODING, "identity")).body(bytes))
}

/// Whether a browser's tag is this one: weakly compared, and `*` is any (RFC 9110, 13.1.2).
fn is_same(known: &str, tag: &str) -> bool {
    known == "*" || known.trim_start_matches("W/") == tag.trim_start_matches("W/")
}

/// The head of an answer with a file, and whether the browser has the file: the head is all of it then.
fn opened(request: &HttpRequest, version: &str, cache: Cache, for_other_sites: bool) -> (HttpResponseBuilder, bool) {
    // One tag for all encodings of a file, so a weak one.
    let tag = format!("W/\"{version}\"");
    let known = request
        .headers()
        .get(IF_NONE_MATCH)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|tags| tags.split(',').any(|known| is_same(known.trim(), &tag)));
    let mut response = HttpResponseBuilder::new(if known { StatusCode::NOT_MODIFIED } else { StatusCode::OK });
    response.insert_header((ETAG, tag)).insert_header((VARY, "Accept-Encoding"));
    response.insert_header((
        CACHE_CONTROL,
        match cache {
            Cache::Immutable => "public, max-age=31536000, immutable".to_owned(),
            Cache::Seconds(seconds) => format!("public, max-age={seconds}"),
            Cache::Ask => "no-cache".to_owned(),
        },
    ));
    if for_other_sites {
        response.insert_header((ACCESS_CONTROL_ALLOW_ORIGIN, "*"));
        response.insert_header(("cross-origin-resource-policy", "cross-origin"));
    }
    (response, known)
}

/// Whether a browser takes an encoding: it names it, and not with `q=0`.
fn accepts(headers: &HeaderMap, encoding: &str) -> bool {
    let values = headers.get_all(ACCEPT_ENCODING).filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|offer| {
        let mut parts = offer.split(';').map(str::trim);
        let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(encoding));
        let refused = parts.any(|part| part.strip_prefix("q=").is_some_and(|q| q.parse() == Ok(0.0)));
        named && !refused
    })
}

/// The routes of the dashboard's files: `/static/…`, and `/robots.txt`, which asks search engines to stay away.
pub fn configure(config: &mut web::ServiceConfig) {
    let read = || web::route().guard(guard::Any(guard::Get()).or(guard::Method(Method::HEAD)));
    config.service(web::resource("/static/{name:.*}").route(read().to(file)));
    config.service(web::resource("/robots.txt").route(read().to(robots)));
}

async fn file(request: HttpRequest, name: web::Path<String>) -> Result<HttpResponse, PageError> {
    let asset = find(&name).ok_or_else(PageError::not_found)?;
    let versioned = request.query_string().strip_prefix("v=") == Some(asset.version);
    Ok(respond(&request, asset, if versioned { Cache::Immutable } else { Cache::Ask }))
}

async fn robots() -> impl Responder {
    "User-agent: *\nDisallow: /\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::body::to_bytes;
    use actix_web::test::TestRequest;

    #[actix_web::test]
    async fn the_widget_is_small_and_every_site_may_load_it() {
        let request = TestRequest::get().insert_header(("accept-encoding", "gzip, br;q=0.9")).to_http_request();
        let response = respond(&request, widget(true), Cache::Seconds(300));
        assert_eq!(response.headers().get(CONTENT_ENCODING).unwrap(), "br");
        assert_eq!(response.headers().get(ACCESS_CONTROL_ALLOW_ORIGIN).unwrap(), "*");
        assert_eq!(response.headers().get("cross-origin-resource-policy").unwrap(), "cross-origin");
        assert_eq!(response.headers().get(CACHE_CONTROL).unwrap(), "public, max-age=300");
        let bytes = to_bytes(response.into_body()).await.unwrap();
        assert!(bytes.len() <= 4 * 1024, "{} bytes", bytes.len());
        let other = widget(false);
        assert!(other.brotli.unwrap().len() <= 4 * 1024);
        assert_ne!(other.integrity, widget(true).integrity);
    }

    #[actix_web::test]
    async fn a_browser_that_has_a_file_gets_no_second_one() {
        let first = respond(&TestRequest::get().to_http_request(), widget(true), Cache::Ask);
        assert_eq!(first.headers().get(CONTENT_ENCODING).unwrap(), "identity");
        let tag = first.headers().get(ETAG).unwrap().clone();
        assert_eq!(to_bytes(first.into_body()).await.unwrap(), widget(true).bytes);
        let request = TestRequest::get().insert_header((IF_NONE_MATCH, tag)).to_http_request();
        let second = respond(&request, widget(true), Cache::Ask);
        assert_eq!(second.status(), StatusCode::NOT_MODIFIED);
        assert!(to_bytes(second.into_body()).await.unwrap().is_empty());
    }

    #[test]
    fn an_encoding_with_q_0_is_not_taken() {
        let accepts_br = |offer: &'static str| {
            let request = TestRequest::get().insert_header((ACCEPT_ENCODING, offer)).to_http_request();
            accepts(request.headers(), "br")
        };
        assert!(accepts_br("gzip, deflate, br"));
        assert!(accepts_br("br;q=0.1"));
        assert!(!accepts_br("gzip, br;q=0"));
        assert!(!accepts_br("gzip"));
    }

    #[test]
    fn the_widget_knows_the_hash_of_what_it_fetches() {
        let script = std::str::from_utf8(widget(true).bytes).unwrap();
        assert!(script.contains(widget_compat().integrity));
        assert!(!script.contains("\n//"), "comments are taken out");
    }

    /// The stripper knows no JavaScript; node does.
    #[test]
    fn what_is_served_is_still_javascript() {
        for asset in ASSETS.iter().filter(|asset| asset.name.ends_with(".js")) {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("script.js");
            std::fs::write(&path, asset.bytes).unwrap();
            let checked =
                std::process::Command::new("node").arg("--check").arg(&path).output().expect("node is installed");
            assert!(checked.status.success(), "{}: {}", asset.name, String::from_utf8_lossy(&checked.stderr));
        }
    }
}
