//! User agents in words: which browser on which system, and whether it is a crawler.
//!
//! The words are kept, the text never is (rules, "What is kept of `context`"). A list of
//! names is enough here: versions say nothing of who uses a product, and tell people apart.

use std::cell::RefCell;
use std::collections::HashMap;

/// A user agent, read once a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Agent<'a> {
    /// The text it was read from: for comparing only.
    pub text: &'a str,
    /// The browser's name.
    pub browser: Option<&'static str>,
    /// The operating system's name.
    pub system: Option<&'static str>,
}

/// Browsers by what only they say, the most telling first: nearly all also call themselves
/// Chrome, and Chrome calls itself Safari.
const BROWSERS: [(&str, &str); 22] = [
    ("Edg/", "Edge"),
    ("EdgA/", "Edge"),
    ("EdgiOS/", "Edge"),
    ("Edge/", "Edge"),
    ("OPR/", "Opera"),
    ("OPiOS/", "Opera"),
    ("Opera", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("YaBrowser/", "Yandex Browser"),
    ("Vivaldi/", "Vivaldi"),
    ("UCBrowser/", "UC Browser"),
    ("DuckDuckGo/", "DuckDuckGo"),
    ("Ddg/", "DuckDuckGo"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("HeadlessChrome/", "Headless Chrome"),
    ("CriOS/", "Chrome"),
    ("Chromium/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("Trident/", "Internet Explorer"),
    ("MSIE ", "Internet Explorer"),
];

/// Systems by what only they say: iPhones also call themselves Mac OS X, Android Linux.
const SYSTEMS: [(&str, &str); 12] = [
    ("Windows Phone", "Windows Phone"),
    ("Windows", "Windows"),
    ("iPhone", "iOS"),
    ("iPod", "iOS"),
    ("iPad", "iPadOS"),
    ("Android", "Android"),
    ("HarmonyOS", "HarmonyOS"),
    ("CrOS", "ChromeOS"),
    ("Mac OS X", "macOS"),
    ("Macintosh", "macOS"),
    ("Linux", "Linux"),
    ("X11", "Linux"),
];

/// Crawlers that do not call themselves a bot, in lower case.
const CRAWLERS: [&str; 14] = [
    "spider",
    "crawler",
    "crawling",
    "slurp",
    "mediapartners-google",
    "googleother",
    "google-inspectiontool",
    "feedfetcher-google",
    "google-read-aloud",
    "facebookexternalhit",
    "facebookcatalog",
    "meta-externalagent",
    "ia_archiver",
    "heritrix",
];

/// What a text says.
#[derive(Debug, Clone)]
struct Words {
    browser: Option<&'static str>,
    system: Option<&'static str>,
    crawler: Option<String>,
}

/// User agents that one thread remembers; visitors share few.
const REMEMBERED_MAX: usize = 512;

thread_local! {
    static READ: RefCell<HashMap<String, Words, foldhash::quality::RandomState>> = RefCell::default();
}

/// Reads a text, once a thread as long as it is remembered.
fn words(text: &str) -> Words {
    READ.with_borrow_mut(|read| {
        if let Some(words) = read.get(text) {
            return words.clone();
        }
        let agent = Agent::read(text);
        let words = Words { browser: agent.browser, system: agent.system, crawler: agent.read_crawler() };
        if read.len() >= REMEMBERED_MAX {
            read.clear();
        }
        read.insert(text.to_owned(), words.clone());
        words
    })
}

impl<'a> Agent<'a> {
    /// Reads a user agent. Only browsers say what they run on: a program has neither.
    pub fn of(text: &'a str) -> Agent<'a> {
        let Words { browser, system, .. } = words(text);
        Agent { text, browser, system }
    }

    /// The word by which a crawler gives itself away. SDKs, curl and headless browsers are none.
    pub fn crawler(&self) -> Option<String> {
        words(self.text).crawler
    }

    fn read(text: &'a str) -> Agent<'a> {
        let is_browser = ["Mozilla/", "Opera/", "Dalvik/"].iter().any(|start| text.starts_with(start));
        let word = |list: &[(&str, &'static str)]| {
            list.iter().find(|(mark, _)| is_browser && text.contains(mark)).map(|(_, word)| *word)
        };
        Agent { text, browser: word(&BROWSERS), system: word(&SYSTEMS) }
    }

    fn read_crawler(&self) -> Option<String> {
        let lower = self.text.to_ascii_lowercase();
        let word_at = |start: usize, length: usize| {
            let part = |letter: char| letter.is_alphanumeric() || letter == '-' || letter == '_';
            let before = lower[..start].char_indices().rev().take_while(|(_, letter)| part(*letter)).last();
            let from = before.map_or(start, |(index, _)| index);
            let rest = &lower[start + length..];
            let to = start + length + rest.find(|letter| !part(letter)).unwrap_or(rest.len());
            self.text[from..to].to_owned()
        };
        if let Some((start, name)) = CRAWLERS.iter().find_map(|name| lower.find(name).map(|start| (start, name))) {
            return Some(word_at(start, name.len()));
        }
        // "Googlebot/2.1" and "Slackbot-LinkExpanding" are; "bottle" is not, nor a phone by Cubot.
        lower.match_indices("bot").find_map(|(start, bot)| {
            let ends = !lower[start + bot.len()..].starts_with(|next: char| next.is_ascii_alphabetic());
            (ends && !lower[..start].ends_with("cu")).then(|| word_at(start, bot.len()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHROME: &str =
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36";

    #[test]
    fn browsers_and_systems_are_told_in_words() {
        for (text, browser, system) in [
            (CHROME, "Chrome", "Linux"),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36 Edg/130.0.0.0",
                "Edge",
                "Windows",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Safari/605.1.15",
                "Safari",
                "macOS",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/130.0 Mobile/15E148 Safari/604.1",
                "Chrome",
                "iOS",
            ),
            (
                "Mozilla/5.0 (iPad; CPU OS 16_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/16.0 Mobile/15E148 Safari/604.1",
                "Safari",
                "iPadOS",
            ),
            ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:132.0) Gecko/20100101 Firefox/132.0", "Firefox", "Windows"),
            (
                "Mozilla/5.0 (Linux; Android 14; SM-S918B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/23.0 Chrome/115.0.0.0 Mobile Safari/537.36",
                "Samsung Internet",
                "Android",
            ),
            (
                "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36",
                "Chrome",
                "ChromeOS",
            ),
            ("Mozilla/5.0 (Windows NT 10.0; WOW64; Trident/7.0; rv:11.0) like Gecko", "Internet Explorer", "Windows"),
            (
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/156.0.0.0 Safari/537.36",
                "Headless Chrome",
                "Linux",
            ),
        ] {
            let agent = Agent::of(text);
            assert_eq!((agent.browser, agent.system), (Some(browser), Some(system)), "{text}");
        }
    }

    #[test]
    fn a_program_has_neither_browser_nor_system() {
        for text in ["", "analytics-node-next/latest", "curl/8.5.0", "python-requests/2.32 (Linux)"] {
            let agent = Agent::of(text);
            assert_eq!((agent.browser, agent.system), (None, None), "{text}");
        }
    }

    #[test]
    fn crawlers_give_themselves_away() {
        for (text, word) in [
            ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "Googlebot"),
            ("Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)", "bingbot"),
            ("Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)", "AhrefsBot"),
            ("Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)", "Slackbot-LinkExpanding"),
            ("Mozilla/5.0 (compatible; Baiduspider/2.0; +http://www.baidu.com/search/spider.html)", "Baiduspider"),
            ("Mozilla/5.0 (compatible; Yahoo! Slurp; http://help.yahoo.com/help/us/ysearch/slurp)", "Slurp"),
            ("facebookexternalhit/1.1", "facebookexternalhit"),
            (
                "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)",
                "GPTBot",
            ),
        ] {
            assert_eq!(Agent::of(text).crawler().as_deref(), Some(word), "{text}");
        }
    }

    #[test]
    fn sdks_headless_browsers_and_phones_are_no_crawlers() {
        for text in [
            "",
            CHROME,
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/156.0.0.0 Safari/537.36",
            "analytics-node-next/latest",
            "analytics-python/2.4.0",
            "curl/8.5.0",
            "python-requests/2.32.3",
            "Bottle/0.13",
            "Mozilla/5.0 (Linux; Android 9; CUBOT_X18_Plus) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/100.0 Mobile Safari/537.36",
            "Mozilla/5.0 (Linux; Android 12; CUBOT NOTE 20) AppleWebKit/537.36",
        ] {
            assert_eq!(Agent::of(text).crawler(), None, "{text}");
        }
    }

    #[test]
    fn any_text_is_read() {
        for text in ["bot", "ŁÓDŹbot", "bot\u{301}", "spiderŻ", "🤖bot🤖", "\u{0}bot"] {
            assert!(Agent::of(text).crawler().is_some(), "{text}");
        }
    }
}
