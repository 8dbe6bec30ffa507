//! The words of the story: Quayside, which sells its program to firms of trades, and their people.
//! Long lists of names are texts, parted by a comma.

/// First names.
pub const FIRST_NAMES: &str = "\
    Aaron, Adaeze, Agnieszka, Ahmed, Aiko, Alba, Alice, Amara, Amir, Ana, Anders, Anja, Arjun, Astrid, Ayşe, \
    Beatriz, Bence, Bogdan, Callum, Carla, Cem, Chiara, Chloé, Clara, Damian, Daniel, Declan, Dilnoza, Dmitri, \
    Dora, Eilidh, Elif, Emeka, Emil, Erik, Esther, Eva, Farid, Fatima, Femi, Filip, Fiona, Freya, Gabriel, \
    Giulia, Grace, Gunnar, Hana, Hassan, Helena, Hiro, Hugo, Ibrahim, Inês, Ingrid, Isla, Ivan, Jakub, Jamal, \
    Jan, Jasmine, Jens, Joana, João, Jonas, Julia, Kai, Karim, Katarzyna, Kenji, Kira, Kwame, Lars, Laura, \
    Leila, Leon, Liam, Linnea, Louis, Lucía, Łukasz, Maja, Malik, Marco, Margit, Maria, Marta, Mateo, Mei, \
    Mihai, Milan, Mina, Mohammed, Naomi, Nils, Noor, Nora, Olga, Oluwaseun, Omar, Oskar, Owen, Pablo, Paolo, \
    Pavel, Petra, Priya, Quinn, Rachel, Rafael, Rania, Rhian, Rosa, Ruth, Sami, Sanne, Sara, Selma, Simon, \
    Sofia, Søren, Stefan, Sven, Tamar, Tara, Teodor, Thandiwe, Tomás, Uma, Valentina, Viktor, Wanda, Wei, \
    Xenia, Yara, Youssef, Yusuf, Zoë, Zuzanna";

/// Last names.
pub const LAST_NAMES: &str = "\
    Adeyemi, Ahlberg, Almeida, Andersson, Bakker, Barbieri, Becker, Berg, Bianchi, Blom, Brandt, Byrne, \
    Campbell, Castro, Chen, Costa, Dahl, Demir, Diallo, Dubois, Duarte, Dvořák, Eriksen, Farkas, Fernández, \
    Fischer, Fraser, Garcia, Gallo, Haddad, Hansen, Hartmann, Holm, Horvat, Ibáñez, Iversen, Jansen, Jensen, \
    Kaya, Keller, Khan, Kovács, Kowalski, Kumar, Larsen, Lindqvist, López, MacLeod, Marino, Martin, Mbeki, \
    Meyer, Moreau, Müller, Murphy, Nagy, Nakamura, Novák, Nowak, O’Brien, Okafor, Olsen, Osei, Patel, Pereira, \
    Petrov, Popescu, Pritchard, Pugh, Rahman, Reid, Ricci, Riva, Rossi, Santos, Sato, Schmidt, Schneider, \
    Silva, Singh, Sørensen, Suzuki, Svensson, Szabó, Tanaka, Torres, Vargas, Vasilev, Visser, Wagner, Walsh, \
    Weber, Williams, Wójcik, Yılmaz, Zieliński";

/// What a firm is called before its trade.
pub const FIRM_NAMES: &str = "\
    Alder & Finch, Amberley, Anchor, Ashdown, Barrow, Beacon, Bellwether, Birch Lane, Blackthorn, Bramble, \
    Brightwater, Calder, Canopy, Cedar & Stone, Cinder, Cobalt, Copperline, Cormorant, Cresswell, Dovetail, \
    Driftwood, Dunmore, Eastgate, Ember, Fairweather, Falcon, Fathom, Fernhill, Foxglove, Garnet, Glasswing, \
    Granary, Greyfriars, Halyard, Harrow, Hawthorn, Hazel, Heron, Highfield, Hollow Oak, Ironbridge, Juniper, \
    Kestrel, Kingfisher, Lantern, Larch, Linden, Lockwood, Longshore, Mallard, Marlow, Meridian, Millrace, \
    Moorland, Nordlicht, Northgate, Oakham, Old Harbour, Orchard, Osprey, Otter Creek, Pebble, Pennant, \
    Pinewood, Plumb Line, Quarry Lane, Ravenscar, Redwing, Ridgeway, Riverside, Rowan, Saltmarsh, Sandpiper, \
    Seven Oaks, Silverbeck, Skylark, Slate, Southwold, Sparrow, Stonebridge, Summit, Swift, Tallow & Wick, \
    Thistle, Tidewater, Timberline, Topsail, Umbra, Vale, Wayfarer, Westbrook, Whitestone, Wildwood, Windmill, \
    Wren, Yarrow";

/// A trade: what stands behind a firm's name, and its industry.
pub const TRADES: &[(&str, &str)] = &[
    ("Electrical", "Electrical installation"),
    ("Joinery", "Carpentry"),
    ("Roofing", "Roofing"),
    ("Plumbing", "Plumbing and heating"),
    ("HVAC", "Plumbing and heating"),
    ("Solar", "Renewable energy"),
    ("Garden Co", "Landscaping"),
    ("Stonework", "Masonry"),
    ("Kitchens", "Interior fitting"),
    ("Couriers", "Transport"),
    ("Marine", "Boat building"),
    ("Brewing", "Food and drink"),
    ("Lighting", "Electrical installation"),
    ("Builders", "Construction"),
    ("Glass", "Glazing"),
    ("Scaffolding", "Construction"),
    ("Tree Care", "Landscaping"),
    ("Cleaning", "Facility services"),
    ("Security", "Facility services"),
    ("Engineering", "Engineering"),
];

/// A country: its name, the locale of its browsers, its time zone's distance from UTC in hours.
pub const COUNTRIES: &[(&str, &str, i64)] = &[
    ("United Kingdom", "en-GB", 0),
    ("Germany", "de-DE", 1),
    ("Netherlands", "nl-NL", 1),
    ("Sweden", "sv-SE", 1),
    ("Poland", "pl-PL", 1),
    ("Spain", "es-ES", 1),
    ("Ireland", "en-IE", 0),
    ("Portugal", "pt-PT", 0),
    ("France", "fr-FR", 1),
    ("Norway", "nb-NO", 1),
];

/// What people do for a living.
pub const TITLES: &str = "\
    Operations lead, Office manager, Electrician, Project manager, Foreman, Bookkeeper, Dispatcher, Estimator, \
    Apprentice, Site engineer, Sales, Founder, Customer service, Planner, Fitter";

/// A page of the program: its path, its title, and how often it is looked at.
pub const PAGES: &[(&str, &str, u32)] = &[
    ("/jobs", "Jobs", 30),
    ("/schedule", "Schedule", 22),
    ("/quotes", "Quotes", 16),
    ("/invoices", "Invoices", 12),
    ("/quotes/new", "New quote", 8),
    ("/timesheets", "Timesheets", 8),
    ("/customers", "Customers", 6),
    ("/reports", "Reports", 5),
    ("/reports/margin", "Margin", 3),
    ("/settings/team", "Team", 2),
    ("/settings/billing", "Billing", 1),
];

/// Something done in the program, and how often it is.
pub const DEEDS: &[(&str, u32)] = &[
    ("Job scheduled", 24),
    ("Timesheet submitted", 18),
    ("Quote sent", 16),
    ("Invoice sent", 11),
    ("Invoice paid", 9),
    ("Photo added", 9),
    ("Note written", 6),
    ("Report exported", 4),
    ("Search used", 3),
];

/// Browsers and systems.
pub const AGENTS: &[(&str, &str)] = &[
    ("Chrome", "Windows"),
    ("Chrome", "Windows"),
    ("Edge", "Windows"),
    ("Safari", "macOS"),
    ("Firefox", "Linux"),
    ("Chrome", "Android"),
    ("Safari", "iOS"),
];

/// A campaign: its source, medium and name.
type Campaign = (&'static str, &'static str, &'static str);

/// Where visitors come from: the referrer, and the campaign.
pub const WAYS_HERE: &[(&str, Option<Campaign>)] = &[
    ("https://www.google.com/", None),
    ("https://www.google.com/", Some(("google", "cpc", "trades-autumn"))),
    ("", None),
    ("https://www.linkedin.com/", Some(("linkedin", "social", "founders-story"))),
    ("https://tradenews.example/", Some(("tradenews", "newsletter", "november-issue"))),
    ("https://duckduckgo.com/", None),
];

/// Pages of the website that visitors look at.
pub const SHOP_WINDOW: &[(&str, &str)] = &[
    ("/", "Quayside"),
    ("/pricing", "Pricing"),
    ("/features", "Features"),
    ("/customers", "Customers"),
    ("/blog", "Blog"),
];

/// Firms whose people try the program before the firm does: nobody has said which company they belong to.
pub const TRYING_DOMAINS: &[&str] = &["fenwick-tiling.example", "larkspur-floors.example", "mossbank-fencing.example"];

/// Notes about a company, and in how many days their next date is.
pub const NOTES: &[(&str, Option<i64>)] = &[
    ("Wants **single sign-on** before renewal. Sent the security page.", Some(6)),
    ("Moved from spreadsheets in a week. Ask for a quote for the site.", None),
    ("Champion leaves at the end of the month; find out who takes over.", Some(12)),
    ("Asked twice for:\n\n- exports by month\n- a margin report by crew", Some(20)),
    ("Call went well. They hire four fitters in spring and will need seats.", Some(90)),
    ("Invoice was late again; accounts is one person on Tuesdays.", None),
    ("Uses timesheets only. Show them quotes.", Some(3)),
    ("Complained about the schedule on phones. Fixed with the last release, told them.", None),
];

/// Tags of companies.
pub const TAGS: &[&str] = &["design partner", "at risk", "reference", "uk", "dach", "nordics", "self-serve"];
