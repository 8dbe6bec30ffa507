//! Charts: SVG written by the server, coloured by the style sheet. Each has a
//! sentence for those who don't see it, and the large one a table beside it.

use std::fmt::Write as _;

use maud::{Markup, html};

use super::icon::small;
use super::list::segments;
use super::numbers::{counted, number};
use super::pill::capital;
use super::times::Clock;
use crate::dashboard::links;
use crate::domain::time;

/// Pixels from one small bar to the next, and of the bar itself.
const STEP: u32 = 4;
const BAR: u32 = 3;

/// The roll: one small bar a day, oldest first, wherever a person or a company stands in a list.
pub fn roll(days: &[u32]) -> Markup {
    let width = days.len() as u32 * STEP - 1;
    html! {
        svg.bars width=(width) height="18" stroke-width=(BAR) role="img" aria-label=(roll_sentence(days)) {
            (bars(days, 18))
        }
    }
}

/// The roll across the whole width of a number's cell.
pub fn wide_roll(days: &[u32]) -> Markup {
    let width = days.len() as u32 * STEP - 1;
    html! {
        svg.bars viewBox={ "0 0 " (width) " 24" } preserveAspectRatio="none" height="24" stroke-width=(BAR)
            role="img" aria-label=(roll_sentence(days)) {
            (bars(days, 24))
        }
    }
}

fn roll_sentence(days: &[u32]) -> String {
    let active = days.iter().filter(|count| **count > 0).count();
    let most = days.iter().max().copied().unwrap_or(0);
    format!("Active on {active} of {} days, {most} at most", days.len())
}

/// One stroked path for the days with activity, over a dashed line of all days. Heights grow with the square
/// root, so that one busy day does not flatten the others.
fn bars(days: &[u32], height: u32) -> Markup {
    let most = f64::from(days.iter().max().copied().unwrap_or(0).max(1));
    let mut path = String::new();
    for (index, count) in days.iter().enumerate().filter(|(_, count)| **count > 0) {
        let middle = index as u32 * STEP + 1;
        let bar = ((f64::from(*count) / most).sqrt() * f64::from(height)).round().max(3.0) as u32;
        write!(path, "M{middle}.5 {height}v-{bar}").expect("a String takes all text");
    }
    html! {
        path.z d={ "M0 " (height - 1) ".5H" (days.len() as u32 * STEP - 1) } {}
        @if !path.is_empty() { path d=(path) {} }
    }
}

/// A line of sizes, oldest first, from nought up; decoration beside the number. Nothing where there is one alone.
pub fn line(sizes: &[u64]) -> Markup {
    let most = sizes.iter().max().copied().unwrap_or(0).max(1) as f64;
    let last = sizes.len().saturating_sub(1).max(1) as f64;
    let mut path = String::new();
    for (index, size) in sizes.iter().enumerate() {
        let (x, y) = (index as f64 / last * 100.0, 17.0 - 16.0 * *size as f64 / most);
        write!(path, "{}{} {}", if index == 0 { 'M' } else { 'L' }, short(x), short(y))
            .expect("a String takes all text");
    }
    html! {
        @if sizes.len() > 1 {
            svg.spark viewBox="0 0 100 18" preserveAspectRatio="none" width="100" aria-hidden="true" { path.l d=(path) {} }
        }
    }
}

/// A share of a whole, red where it is more than that; decoration beside the number.
pub fn meter(part: u64, whole: u64) -> Markup {
    let percent = (part * 100).checked_div(whole).unwrap_or(0).min(100);
    let class = if part > whole && whole > 0 { "meter bad" } else { "meter" };
    html! {
        svg class=(class) aria-hidden="true" {
            rect.t width="100%" height="100%" rx="3" {}
            rect.f width={ (percent) "%" } height="100%" rx="3" {}
        }
    }
}

/// A day of a chart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bar {
    /// Days since 1970-01-01.
    pub day: i32,
    /// Distinct active people.
    pub people: u32,
    /// Those of them who are new, where that is known.
    pub new_people: u32,
    /// Events.
    pub events: u32,
    /// Sessions begun, where they are counted.
    pub sessions: Option<u32>,
}

/// What the bars of a chart show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Shows {
    /// People, the new ones on top.
    #[default]
    People,
    /// Events.
    Events,
    /// Sessions.
    Sessions,
    /// How many there are of something, told by its word for one and for several.
    Size(&'static str, &'static str),
}

impl Shows {
    /// What is shown by a name in the address, of what a page has beside people; people where it has none of it.
    pub fn parse(name: &str, beside: &[Shows]) -> Shows {
        beside.iter().copied().find(|shows| shows.name() == Some(name)).unwrap_or_default()
    }

    /// Its name in the address; none of what is shown anyway.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Shows::People | Shows::Size(..) => None,
            Shows::Events => Some("events"),
            Shows::Sessions => Some("sessions"),
        }
    }
}

/// Bars of a chart at most; more days than that are drawn as means of several.
const BARS_MAX: usize = 120;
/// Bars are never wider than if there were so many.
const BARS_WIDE: usize = 14;

/// A chart of days, as a card: bars, what a day says on hover, and all of it as a table.
pub struct Days<'a> {
    /// The card's id on the page.
    pub id: &'a str,
    /// Its title, without what the bars show: `Active people per day`.
    pub title: &'a str,
    /// Each day, oldest first.
    pub bars: &'a [Bar],
    /// What the bars show.
    pub shows: Shows,
    /// The path on which the other choice is; none where there is no choice.
    pub path: Option<&'a str>,
    /// Who is new, in words; nothing where that is not known.
    pub new: Option<&'a str>,
    /// Now.
    pub clock: Clock,
}

impl Days<'_> {
    /// The card.
    pub fn draw(&self) -> Markup {
        let (id, title) = (self.id, self.title);
        let (bars, days_each) = grouped(self.bars);
        let most = bars.iter().map(|bar| self.height(bar)).max().unwrap_or(0);
        html! {
            section.card aria-labelledby=(id) {
                header {
                    h2 id=(id) { (title) }
                    @if days_each > 1 { span.muted { "means of " (days_each) " days" } }
                    span.end.row { (self.legend()) (self.choice()) }
                }
                div.body {
                    @if bars.is_empty() { p.muted { (self.nothing()) } }
                    @else { (self.plot(&bars, round_up(most))) }
                }
                @if !bars.is_empty() { footer { (self.as_table(&bars)) } }
            }
        }
    }

    fn height(&self, bar: &Bar) -> u32 {
        match self.shows {
            Shows::People | Shows::Size(..) => bar.people,
            Shows::Events => bar.events,
            Shows::Sessions => bar.sessions.unwrap_or_default(),
        }
    }

    /// Its bars know of sessions.
    fn tells_sessions(&self) -> bool {
        self.bars.iter().any(|bar| bar.sessions.is_some())
    }

    /// What is drawn on top of the rest.
    fn top(&self, bar: &Bar) -> u32 {
        if self.shows == Shows::People && self.new.is_some() { bar.new_people.min(bar.people) } else { 0 }
    }

    fn counted(&self, count: u32) -> String {
        match self.shows {
            Shows::People => counted(count, "person", "people"),
            Shows::Events => counted(count, "event", "events"),
            Shows::Sessions => counted(count, "session", "sessions"),
            Shows::Size(one, many) => counted(count, one, many),
        }
    }

    fn legend(&self) -> Markup {
        html! {
            @if let Some(new) = self.new.filter(|_| self.shows == Shows::People) {
                @for (class, word, title) in [("b", "Returning", "Active before that day, or known before"), ("c", "New", new)] {
                    span.row.snug.small.muted title=(title) {
                        svg width="10" height="10" aria-hidden="true" { rect class=(class) width="10" height="10" rx="2" {} }
                        (word)
                    }
                }
            }
        }
    }

    fn choice(&self) -> Markup {
        let Some(path) = self.path else { return html! {} };
        let choice = |shows: Shows, word: &str| {
            let address = format!("{}#{}", links::with_query(path, &[("chart", shows.name())]), self.id);
            (word.to_owned(), address, self.shows == shows)
        };
        let mut choices = vec![choice(Shows::People, "People"), choice(Shows::Events, "Events")];
        choices.extend(self.tells_sessions().then(|| choice(Shows::Sessions, "Sessions")));
        segments("What the chart shows", &choices)
    }

    fn plot(&self, bars: &[Bar], top: u32) -> Markup {
        let id = self.id;
        let step = 100.0 / bars.len().max(BARS_WIDE) as f64;
        html! {
            div.chart {
                div.y aria-hidden="true" {
                    @for part in (0..=4).rev() { span { (number(u64::from(top) * part / 4)) } }
                }
                svg role="img" aria-labelledby={ (id) "-t" } {
                    title id={ (id) "-t" } { (self.sentence(bars)) }
                    svg height="180" {
                        @for part in 0..4 { line.grid x2="100%" y1={ (part * 25) "%" } y2={ (part * 25) "%" } {} }
                        line class="grid base" x2="100%" y1="100%" y2="100%" {}
                        @for (index, bar) in bars.iter().enumerate() { (self.column(index, bar, step, top)) }
                    }
                    @for (index, bar) in bars.iter().enumerate() { (label(index, bar, bars.len(), step)) }
                }
            }
        }
    }

    fn column(&self, index: usize, bar: &Bar, step: f64, top: u32) -> Markup {
        let left = index as f64 * step;
        let percent = |count: u32| 100.0 * f64::from(count) / f64::from(top.max(1));
        let (whole, upper) = (self.height(bar), self.top(bar));
        // In the middle above the bar, but for the edges.
        let (x, anchor) = match (left * 0.03) as u32 {
            0 => (left, Some("start")),
            1 => (left + step / 2.0, None),
            _ => (left + step, Some("end")),
        };
        let piece = |class: &str, from: u32, count: u32| {
            html! {
                @if count > 0 {
                    rect class=(class)
                        x={ (short(left + step * 0.14)) "%" } y={ (short(100.0 - percent(from + count))) "%" }
                        width={ (short(step * 0.72)) "%" } height={ (short(percent(count))) "%" } {}
                }
            }
        };
        html! {
            g.day {
                rect x={ (short(left)) "%" } width={ (short(step)) "%" } {}
                (piece("b", 0, whole - upper))
                (piece("c", whole - upper, upper))
                text x={ (short(x)) "%" } text-anchor=[anchor] {
                    (day_text(bar.day)) ": " (self.counted(whole))
                    @if upper > 0 { ", " (number(upper)) " new" }
                }
            }
        }
    }

    fn as_table(&self, bars: &[Bar]) -> Markup {
        html! {
            details.fold-body {
                summary { (small("right")) " As a table" }
                div.scroll tabindex="0" role="group" aria-label={ (self.title) ", as a table" } {
                    table.table.dense.nums aria-label={ (self.title) ", as a table" } {
                        thead {
                            tr {
                                th scope="col" { "Day" }
                                @for heading in self.headings() { th scope="col" { (heading) } }
                            }
                        }
                        tbody {
                            @for bar in bars.iter().rev() {
                                tr {
                                    th scope="row" { (day_text(bar.day)) }
                                    @for count in self.counts(bar) { td { (number(count)) } }
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    fn nothing(&self) -> &'static str {
        match self.shows {
            Shows::Size(..) => "Not counted yet. It will be counted within seconds, and every hour after that.",
            Shows::People | Shows::Events | Shows::Sessions => "No data yet. It starts with the first activity.",
        }
    }

    /// The columns of the table, beside the day.
    fn headings(&self) -> Vec<String> {
        if let Shows::Size(_, many) = self.shows {
            return vec![capital(many)];
        }
        let columns = [
            ("People", true),
            ("New", self.new.is_some()),
            ("Events", true),
            ("Sessions", self.shows == Shows::Sessions),
        ];
        columns.iter().filter(|(_, told)| *told).map(|(heading, _)| (*heading).to_owned()).collect()
    }

    fn counts(&self, bar: &Bar) -> Vec<u32> {
        if let Shows::Size(..) = self.shows {
            return vec![bar.people];
        }
        let new_people = self.new.map(|_| bar.new_people);
        let sessions = bar.sessions.filter(|_| self.shows == Shows::Sessions);
        [Some(bar.people), new_people, Some(bar.events), sessions].into_iter().flatten().collect()
    }

    fn sentence(&self, bars: &[Bar]) -> String {
        let (title, days) = (self.title, self.bars.len());
        let last = bars.last().map_or(0, |bar| self.height(bar));
        match bars.iter().max_by_key(|bar| self.height(bar)) {
            Some(most) if self.height(most) > 0 => format!(
                "{title} over {}: {} at most, on {}; {} {}",
                counted(days as u64, "day", "days"),
                self.counted(self.height(most)),
                day_text(most.day),
                number(last),
                if bars.last().is_some_and(|bar| bar.day == self.clock.today()) { "today" } else { "at the end" }
            ),
            _ => format!("{title} over {}: nobody", counted(days as u64, "day", "days")),
        }
    }
}

/// Days as they are drawn: as they are, or means of several where they are very many; and of how many.
fn grouped(bars: &[Bar]) -> (Vec<Bar>, usize) {
    if bars.len() <= BARS_MAX {
        return (bars.to_vec(), 1);
    }
    // Whole weeks, so that week-ends don't make waves.
    let days_each = bars.len().div_ceil(BARS_MAX).next_multiple_of(7);
    let mean = |days: &[Bar], of: fn(&Bar) -> u32| {
        let all: u64 = days.iter().map(|bar| u64::from(of(bar))).sum();
        u32::try_from(all / days.len() as u64).unwrap_or(u32::MAX)
    };
    let group = |days: &[Bar]| Bar {
        day: days[0].day,
        people: mean(days, |bar| bar.people),
        new_people: mean(days, |bar| bar.new_people),
        events: mean(days, |bar| bar.events),
        sessions: days[0].sessions.map(|_| mean(days, |bar| bar.sessions.unwrap_or_default())),
    };
    (bars.chunks(days_each).map(group).collect(), days_each)
}

/// The date below a Monday, or below each sixth bar where a bar is more than a day; every second one is left
/// out where it is narrow.
fn label(index: usize, bar: &Bar, count: usize, step: f64) -> Markup {
    let weeks_from_end = (count - 1 - index) / 7;
    let is_monday = bar.day.rem_euclid(7) == 4 && (index > 0 || count < 7);
    let every = if count > 42 { 2 } else { 1 };
    let is_marked = if count == 1 { true } else { is_monday && weeks_from_end.is_multiple_of(every) };
    if !is_marked {
        return html! {};
    }
    let is_at_the_end = index + 3 > count && count >= BARS_WIDE;
    let (at, anchor) = if is_at_the_end { (100.0, "end") } else { ((index as f64 + 0.5) * step, "middle") };
    let class = if (weeks_from_end / every).is_multiple_of(2) { "" } else { "sub" };
    html! {
        text class=(class) x={ (short(at)) "%" } y="200" text-anchor=(anchor) { (time::date(bar.day).format("%-d %b")) }
    }
}

fn day_text(day: i32) -> String {
    time::date(day).format("%a %-d %b").to_string()
}

/// A number with at most two decimals, for an attribute of SVG.
fn short(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The next number that four lines divide into round parts.
fn round_up(value: u32) -> u32 {
    let mut unit = 4;
    loop {
        for factor in [1, 2, 3, 4, 5, 6, 8] {
            if unit * factor >= value {
                return unit * factor;
            }
        }
        unit *= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_has_four_round_parts() {
        for (value, top) in
            [(0, 4), (3, 4), (5, 8), (9, 12), (13, 16), (21, 24), (203, 240), (600, 800), (801, 1_200), (2_100, 2_400)]
        {
            assert_eq!(round_up(value), top, "{value}");
        }
    }

    fn chart(bars: &[Bar], shows: Shows) -> String {
        let clock = Clock { now_ms: 1_795_176_000_000, zone: chrono_tz::UTC, own: chrono_tz::UTC };
        let (path, new) = (Some("/companies/acme"), Some("Joined that day"));
        Days { id: "activity", title: "Active people per day", bars, shows, path, new, clock }.draw().into_string()
    }

    fn bars(count: i32) -> Vec<Bar> {
        (0..count).map(|at| Bar { day: 20_500 + at, people: 8, new_people: 2, events: 30, sessions: Some(9) }).collect()
    }

    #[test]
    fn a_chart_is_good_at_no_day_one_day_and_a_thousand() {
        let none = chart(&[], Shows::People);
        assert!(none.contains("No data yet") && !none.contains("<g class=\"day\""), "{none}");
        let one = chart(&bars(1), Shows::People);
        assert!(one.contains("over 1 day: 8 people at most"), "{one}");
        assert!(one.contains("width=\"5.14%\""), "one day is not a wall: {one}");
        let many = chart(&bars(1_000), Shows::People);
        assert!(many.len() < 60_000, "{} bytes", many.len());
        assert!(many.contains("means of 14 days") && many.contains("over 1\u{202f}000 days"));
    }

    #[test]
    fn the_new_stand_on_top_and_events_are_a_link_away() {
        let people = chart(&bars(10), Shows::People);
        assert!(people.contains("8 people, 2 new") && people.contains("Joined that day"), "{people}");
        assert!(people.contains("/companies/acme?chart=events#activity"), "{people}");
        let events = chart(&bars(10), Shows::Events);
        assert!(events.contains("30 events") && !events.contains(", 2 new"), "{events}");
        let sessions = chart(&bars(10), Shows::Sessions);
        assert!(sessions.contains("over 10 days: 9 sessions at most"), "{sessions}");
        let not_told: Vec<Bar> = bars(10).into_iter().map(|bar| Bar { sessions: None, ..bar }).collect();
        assert!(!chart(&not_told, Shows::People).contains("essions"));
    }

    #[test]
    fn a_roll_says_what_it_shows() {
        let markup = roll(&[0, 1, 4]).into_string();
        assert!(markup.contains("Active on 2 of 3 days, 4 at most"));
        assert!(markup.contains("d=\"M5.5 18v-9M9.5 18v-18\""), "{markup}");
        assert!(markup.contains("d=\"M0 17.5H11\""), "{markup}");
    }
}
