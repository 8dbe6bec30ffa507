//! What the snippet sends as texts though it says something else (A1).

use maud::{Markup, html};

use crate::dashboard::attributes::{owners, type_word};
use crate::dashboard::links;
use crate::dashboard::parts::frame::Frame;
use crate::dashboard::parts::values::{NAME_CHARS_MAX, cut};
use crate::domain::access::Role;
use crate::domain::attributes::{Owner, Type};

/// Attributes that are told at once.
const SHOWN_MAX: usize = 10;

/// The card; nothing where there is nothing to offer.
pub fn card(frame: &Frame, offers: &[(Owner, String, Type)]) -> Markup {
    html! {
        @if !offers.is_empty() {
            section.card aria-labelledby="offers" {
                header { h2 id="offers" { "Text values that could be another type" } }
                p.body.muted {
                    "Template tags in quotes turn everything into text. Every value checked would convert without loss; later ones that don't will wait in the tray."
                }
                ul.rows.roomy {
                    @for (owner, name, kind) in offers.iter().take(SHOWN_MAX) {
                        @let page = links::attribute(*owner, name);
                        li {
                            p { a href=(page) { code.bare { bdi { (cut(name, NAME_CHARS_MAX)) } } } " of " (owners(*owner)) }
                            @if frame.may(Role::Admin) {
                                form method="post" action=(page) {
                                    input type="hidden" name="deed" value="type";
                                    input type="hidden" name="type" value=(kind.as_str());
                                    button.btn { "As " (type_word(*kind)) span.vh { ": " (name) } }
                                }
                            } @else { span.muted { "could be " (type_word(*kind)) } }
                        }
                    }
                }
            }
        }
    }
}
