//! Attributes and the tray.

use maud::Markup;
use serde_json::{Value, json};

use super::lists::address;
use super::samples::{self, frame, now};
use super::segments;
use crate::actions::attributes::Preview;
use crate::actions::tray::Decision;
use crate::dashboard::attributes::{list, one};
use crate::dashboard::parts::form::Mistake;
use crate::dashboard::parts::frame::Place;
use crate::dashboard::parts::list::LIST;
use crate::dashboard::tray;
use crate::domain::access::{Grade, Role};
use crate::domain::attributes::{Owner, Type};
use crate::domain::filter::Listed;
use crate::domain::ids::{DefinitionKey, SourceKey};
use crate::domain::time::{DAY_MS, MINUTE_MS};
use crate::store::attribute_rows::Looked;
use crate::store::attribute_values::{Origin, Values};
use crate::store::attribute_work::{BEFORE_ALL, Deed, Work};
use crate::store::attributes::{DecidedName, DefinitionRow};
use crate::store::fast_filters::FastFilter;
use crate::store::tray::TrayName;

fn definition(name: &str, kind: Type) -> DefinitionRow {
    DefinitionRow {
        key: DefinitionKey(1),
        owner: Owner::User,
        name: name.to_owned(),
        label: (name == "quotes").then(|| "Quotes written".to_owned()),
        kind,
        locked: name == "plan",
        hidden: name == "utm",
        history: name != "theme",
        deleting: name == "old",
        fast_filter: (name == "plan").then_some(FastFilter { bytes: 21_340_160, made_in_ms: 2_140 }),
        created_ms: now() - 40 * DAY_MS,
        grade: Grade::Unsigned,
        source: "App".to_owned(),
    }
}

fn values(counts: &[(Value, u64)]) -> Values {
    Values {
        filled: counts.iter().map(|(_, count)| count).sum(),
        last_ms: Some(now() - 3 * MINUTE_MS),
        counts: counts.to_vec(),
        origins: vec![
            Origin { grade: Grade::Unsigned, source: SourceKey(1), count: 611, last_ms: now() - 3 * MINUTE_MS },
            Origin { grade: Grade::Hand, source: SourceKey(4), count: 2, last_ms: now() - 90 * MINUTE_MS },
        ],
        pinned: 2,
    }
}

const SOME: Looked = Looked { rows: 1_000, all: false, about: 1_208_331 };

fn work(deed: Deed, ended: bool) -> Work {
    Work {
        key: 1,
        owner: Owner::User,
        name: "quotes".to_owned(),
        deed,
        was: "string".to_owned(),
        change: None,
        place: 1,
        stage: 0,
        reached: BEFORE_ALL,
        seen: 408_200,
        done: 391_007,
        left_over: 12,
        started_ms: now() - 9_000,
        ended_ms: ended.then(|| now() - 1_000),
    }
}

fn preview() -> Preview {
    Preview {
        looked: Looked { rows: 10_000, ..SOME },
        filled: 9_120,
        converts: 9_100,
        left_over: 20,
        examples: vec![(json!("20"), json!(20)), (json!("99.5"), json!(99.5))],
        left_examples: vec![json!("ten"), json!(samples::LONG), json!("<b>nobody</b>")],
        waiting_fit: 3,
        waiting_left: 1,
    }
}

fn name(name: &str, code: &str, samples: &[Value]) -> TrayName {
    TrayName {
        owner: Owner::User,
        name: name.to_owned(),
        code: code.to_owned(),
        count: 1_000,
        more: name.len() > 20,
        samples: samples.to_vec(),
        sources: vec!["App".to_owned(), "Help centre".to_owned()],
        last_ms: now() - 4 * MINUTE_MS,
    }
}

pub fn attributes() -> Vec<(&'static str, Markup)> {
    let here = frame(Place::Attributes, "/attributes");
    let mut viewer = here.clone();
    viewer.operator = Some(("viewer@quayside.example".to_owned(), Role::Viewer));
    let mut list_view = list::View {
        owner: Some(Owner::User),
        address: address("/attributes?of=user", LIST, list::SortBy::Name, None),
        definitions: vec![
            definition("plan", Type::Text),
            definition("quotes", Type::Text),
            definition("theme", Type::Text),
            definition("old", Type::Number),
            definition("utm", Type::Object),
            definition(&samples::LONG[..99], Type::Datetime),
        ],
        looked: SOME,
        values: [
            ("plan".to_owned(), values(&[(json!("pro"), 611), (json!("free"), 2)])),
            ("quotes".to_owned(), values(&[(json!("20"), 980), (json!("7"), 20)])),
        ]
        .into(),
        deleted: None,
    };
    let many = list::page(&here, &list_view);
    list_view.owner = None;
    let hidden = list::page(&here, &list_view);
    let empty = list::View {
        owner: Some(Owner::Membership),
        address: address("/attributes?of=membership", LIST, list::SortBy::Filled, None),
        definitions: Vec::new(),
        looked: Looked::default(),
        values: Default::default(),
        deleted: Some("old".to_owned()),
    };
    let mut view = one::View {
        definition: definition("quotes", Type::Text),
        looked: SOME,
        values: values(&[(json!("20"), 980), (json!("7"), 20)]),
        sources: vec![(1, "App".to_owned()), (4, "API".to_owned())],
        waiting: Some(name("quotes", "type_mismatch", &[json!({ "a": 1 })])),
        work: Vec::new(),
        asked: None,
        fast: vec!["plan".to_owned(), samples::LONG.to_owned()],
        segments: segments::all().into_iter().filter(|segment| !segment.is_supplied).collect(),
        fields: samples::fields(Listed::Users),
        names: vec!["quote_count".to_owned(), samples::LONG.to_owned()],
        done: samples::done_setting(),
        mistake: None,
    };
    let offered = one::page(&here, &view);
    let read = one::page(&viewer, &view);
    view.done = None;
    view.asked = Some(one::Asked::Type(Type::Number, preview(), view.segments.clone()));
    let asked = one::page(&here, &view);
    view.asked = Some(one::Asked::Delete(preview()));
    view.mistake = Some(Mistake::new("typed", "That name doesn't match. To delete the attribute, type quotes."));
    let delete = one::page(&here, &view);
    view.asked = None;
    view.definition = definition("quotes", Type::Number);
    view.work = vec![work(Deed::Convert, false)];
    let running = one::page(&here, &view);
    view.work = vec![work(Deed::Convert, true)];
    let done = one::page(&here, &view);
    vec![
        ("attributes", many),
        ("attributes-hidden", hidden),
        ("attributes-empty", list::page(&here, &empty)),
        ("attribute-offered", offered),
        ("attribute-viewer", read),
        ("attribute-type-asked", asked),
        ("attribute-delete-asked", delete),
        ("attribute-running", running),
        ("attribute-done", done),
    ]
}

pub fn trays() -> Vec<(&'static str, Markup)> {
    let here = frame(Place::Refusals, "/refusals/tray");
    let waiting = |name, known| tray::Waiting { name, known };
    let new = name("badges", "unknown_attribute", &[json!("3"), json!("four"), json!(["<img src=x>"])]);
    let many = tray::View {
        waiting: vec![
            waiting(new.clone(), None),
            waiting(name(samples::LONG, "too_many_attributes", &[json!(samples::ARABIC)]), None),
            waiting(name("seats", "type_mismatch", &[json!("ten")]), Some(Type::Number)),
        ],
        decided: vec![
            DecidedName { owner: Owner::User, name: "Plan".into(), means: Some("plan".into()), at_ms: now() - DAY_MS },
            DecidedName { owner: Owner::Company, name: "debug".into(), means: None, at_ms: now() - DAY_MS },
        ],
        next: Some("/refusals/tray?after=user.x".to_owned()),
        done: Some("Ignored from now on. You can undo this below."),
    };
    let mut one = tray::OneView {
        waiting: waiting(new, None),
        others: vec!["plan".to_owned(), "quotes".to_owned()],
        asked: None,
    };
    let undecided = tray::one(&here, &one);
    one.asked = Some((Decision::Map(samples::LONG.to_owned()), Some(preview())));
    let asked = tray::one(&here, &one);
    one.asked = Some((Decision::Ignore, None));
    let ignore = tray::one(&here, &one);
    one.asked = None;
    one.waiting.known = Some(Type::Number);
    vec![
        ("tray", tray::page(&here, &many)),
        ("tray-empty", tray::page(&here, &tray::View::default())),
        ("tray-one", undecided),
        ("tray-one-asked", asked),
        ("tray-one-ignore", ignore),
        ("tray-one-known", tray::one(&here, &one)),
    ]
}
