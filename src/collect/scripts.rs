//! The scripts that pages load: the widget under its names, and what other tools' pages need.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::{Memory, sightings};
use crate::domain::codes::requests::RequestCode;
use crate::domain::ids::SourceKey;
use crate::http::assets::{self, Cache};
use crate::http::problem::Problem;
use crate::store::sightings::Sight;
use crate::store::{Catalog, Source, SourceKind, Store, scripts};

/// Pages load a script anew after so many seconds.
const KEPT_S: u32 = 300;

/// With this query every script's address answers what pages of other tools need beyond it: a proxy of
/// the site's own may know the script by another name, and that one path alone.
const COMPAT_QUERY: &str = "compat";

/// A script by how it is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Script {
    /// The widget, whichever is newest.
    Widget,
    /// This very version of it, for ever; and with the query what pages of other tools need beyond it.
    WidgetOfVersion,
    /// The widget in the place of Segment's script, with the key in its address.
    InSegmentsPlace,
    /// What pages of other tools need beyond it.
    Compat,
}

/// Where they are.
pub const PATHS: [(&str, Script); 5] = [
    ("/widget.js", Script::Widget),
    ("/widget.{version:[0-9A-Za-z.+-]+}.js", Script::WidgetOfVersion),
    ("/widget-compat.js", Script::Compat),
    ("/analytics.js/v1/{write_key}/analytics.min.js", Script::InSegmentsPlace),
    ("/analytics.js/v1/{write_key}/analytics.js", Script::InSegmentsPlace),
];

/// `GET /widget.js`, `/widget.{version}.js`, `/widget-compat.js`,
/// `/analytics.js/v1/{write_key}/analytics.min.js`.
///
/// # Errors
/// 404 for a version that no server of this file ever had; the store's.
pub async fn serve(request: HttpRequest, store: Data<Store>) -> Result<HttpResponse, Problem> {
    let script = request.app_data::<Script>().copied().unwrap_or(Script::Widget);
    let is_compat = script == Script::Compat || request.query_string() == COMPAT_QUERY;
    let response = match script {
        Script::WidgetOfVersion => of_version(&request, &store, is_compat).await?,
        _ if is_compat => assets::respond(&request, assets::widget_compat(), Cache::Seconds(KEPT_S)),
        _ => {
            let asset = assets::widget(store.catalog().settings.respect_gpc);
            assets::respond(&request, asset, Cache::Seconds(KEPT_S))
        }
    };
    if !is_compat {
        note_sight(&request, &store)?;
    }
    Ok(response)
}

/// What is under a version stays, whatever the setting and whatever this program is: the page's tag has its
/// hash. This program's own is at hand, those before it are in the file.
async fn of_version(request: &HttpRequest, store: &Store, is_compat: bool) -> Result<HttpResponse, Problem> {
    let version = request.match_info().get("version").unwrap_or_default();
    if let Some(respect_gpc) = assets::widget_of(version) {
        let asset = if is_compat { assets::widget_compat() } else { assets::widget(respect_gpc) };
        return Ok(assets::respond(request, asset, Cache::Immutable));
    }
    let address = assets::pinned_address(version, is_compat);
    let kept = store.read(move |db| scripts::find(db, &address)).await?.ok_or_else(|| {
        let detail = format!(
            "This server never had the widget {version}. Copy the script tag from the installation page: it has {}.",
            assets::widget_version(true)
        );
        Problem::new(StatusCode::NOT_FOUND, RequestCode::NotFound, detail)
    })?;
    assets::respond_kept(request, kept).map_err(Problem::internal)
}

/// Notes that a page loaded the script, where it is known of which sources it may be.
fn note_sight(request: &HttpRequest, store: &Store) -> Result<(), Problem> {
    let Some(host) = sightings::host(request) else { return Ok(()) };
    let catalog = store.catalog();
    let sources = match request.match_info().get("write_key") {
        Some(key) => catalog.source_of(key).map(|source| source.key).into_iter().collect(),
        None => sources_of_host(&catalog, &host),
    };
    for source in sources {
        if Memory::of(request)?.sightings.due(source, Sight::Script, &host, store.now_ms()) {
            sightings::note_later(store, source, Sight::Script, host.clone());
        }
    }
    Ok(())
}

/// The script's address names no key: the source is the one that allows the page's host, else the
/// only one there is. Of several it may be any live one that allows every host.
fn sources_of_host(catalog: &Catalog, host: &str) -> Vec<SourceKey> {
    let websites: Vec<&Source> = catalog.sources.values().filter(|source| source.source_id != "api").collect();
    let allows = |source: &&&Source| {
        source.origins.iter().any(|origin| sightings::host_of(origin).is_some_and(|own| own == host))
    };
    let may_be =
        |source: &&&Source| websites.len() == 1 || source.kind == SourceKind::Live && source.origins.is_empty();
    match websites.iter().find(allows) {
        Some(source) => vec![source.key],
        None => websites.iter().filter(may_be).map(|source| source.key).collect(),
    }
}
