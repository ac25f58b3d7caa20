//! The whole page.

use std::collections::BTreeSet;

use super::gallery::Gallery;
use super::sections;
use crate::charts::markup::escaped;
use crate::domain::count::counted;
use crate::study::compare::{ComparedRun, Comparison};

const STYLE: &str = include_str!("style.css");
/// The page loads nothing: whatever a name tries to bring in, a browser refuses it.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

/// A comparison as one HTML file. It says the same whenever it is made: there is no date in it.
pub fn html(comparison: &Comparison, gallery: Option<&Gallery>) -> String {
    let sections = [
        sections::scores(comparison),
        sections::limits(comparison),
        sections::curves(comparison),
        sections::classes(comparison),
        gallery.map(sections::pictures).unwrap_or_default(),
        sections::confusions(comparison),
        sections::setup(comparison),
        sections::runs(comparison),
    ];
    let (title, header) = (escaped(&comparison.title), header(comparison));
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n{header}{}</main>\n</body>\n</html>\n",
        sections.concat()
    )
}

fn header(comparison: &Comparison) -> String {
    let about = match comparison.about.as_str() {
        "" => String::new(),
        about => format!("<p class=\"about\">{}</p>\n", escaped(about)),
    };
    format!(
        "<header>\n<h1>{}</h1>\n{about}<p class=\"facts\">{}</p>\n</header>\n",
        escaped(&comparison.title),
        facts(comparison).iter().map(|fact| format!("<span>{}</span>", escaped(fact))).collect::<Vec<_>>().join("\n")
    )
}

/// The seeds, if there are several.
fn seeds(comparison: &Comparison) -> Option<String> {
    let seeds: BTreeSet<u64> = comparison.runs.iter().map(|run| run.config.seed).collect();
    let list = seeds.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
    (seeds.len() > 1).then(|| format!("seeds {list}"))
}

/// Names of the folders of tiles, without what is above them.
fn data(comparison: &Comparison) -> Option<String> {
    let name = |run: &ComparedRun| run.config.data.file_name().map(|name| name.to_string_lossy().into_owned());
    let names: BTreeSet<String> = comparison.runs.iter().filter_map(name).collect();
    (!names.is_empty()).then(|| names.into_iter().collect::<Vec<_>>().join(", "))
}

/// How many runs, on what, by which version.
fn facts(comparison: &Comparison) -> Vec<String> {
    let mut facts =
        vec![counted(comparison.runs.len() as u64, "run"), counted(comparison.groups.len() as u64, "configuration")];
    let summaries = || comparison.runs.iter().filter_map(|run| run.summary.as_ref());
    let devices: BTreeSet<&str> = summaries().map(|summary| summary.device.name.as_str()).collect();
    let versions: BTreeSet<&str> = summaries().map(|summary| summary.version.as_str()).collect();
    let secs: f64 = summaries().map(|summary| summary.secs).sum();
    facts.extend(seeds(comparison));
    facts.extend(data(comparison).map(|names| format!("data: {names}")));
    match secs {
        ..=0.0 => {}
        ..5400.0 => facts.push(format!("{:.0} min of computing", (secs / 60.0).ceil())),
        _ => facts.push(format!("{:.1} hours of computing", secs / 3600.0)),
    }
    facts.extend(devices.into_iter().filter(|name| !name.is_empty()).map(str::to_owned));
    facts.extend(
        versions.into_iter().filter(|version| !version.is_empty()).map(|version| format!("Pointillist {version}")),
    );
    facts
}

#[cfg(test)]
mod tests {
    use super::super::gallery::Shown;
    use super::*;
    use crate::domain::{ClassDef, RunConfig};
    use crate::study::compare::Entry;
    use crate::study::compare::run::tests::run;
    use crate::study::published::Published;
    use crate::study::report_row::ReportRow;

    const EVIL: &str = "\"><script src=http://x>'&";

    fn comparison() -> Comparison {
        let runs = [EVIL, "b"].map(|name| run(name, RunConfig::demo(), 0.5, &[0.5, 0.4]));
        let mut runs: Vec<Entry> = runs.into_iter().map(Entry::from).collect();
        runs[1].config.train.lr = 0.5;
        let mut comparison = Comparison::of(EVIL, runs);
        comparison.about = EVIL.to_owned();
        comparison.notes.push(EVIL.to_owned());
        let published =
            Published { run: EVIL.to_owned(), note: EVIL.to_owned(), best_miou: Some(0.4321), ..Published::default() };
        comparison.published.push(ReportRow::published(&published, EVIL));
        comparison
    }

    #[test]
    fn nothing_from_outside_becomes_part_of_the_page() {
        let gallery = Gallery {
            about: EVIL.to_owned(),
            classes: vec![ClassDef { name: EVIL.to_owned(), color: [1, 2, 255], ignored: true }],
            pictures: vec![Shown { caption: EVIL.to_owned(), png: vec![1, 2, 3] }],
            notes: vec![EVIL.to_owned()],
        };
        let page = html(&comparison(), Some(&gallery));
        assert!(!page.contains("<script") && page.contains("&lt;script src=http://x&gt;"), "{page}");
        assert!(page.contains("data:image/png;base64,AQID") && page.contains("background:#0102ff"));
        assert!(page.contains("<tr class=\"published\">") && page.contains("0.4321"), "{page}");
    }

    #[test]
    fn a_page_needs_nothing_else_and_is_the_same_again() {
        let page = html(&comparison(), None);
        assert!(
            page.contains(POLICY) && !page.contains("url(") && !page.contains("@import") && !page.contains("<link")
        );
        let sources = page.match_indices("src=\"").count() + page.match_indices("href=").count();
        assert_eq!(sources, 0, "{page}");
        assert_eq!(page, html(&comparison(), None));
        for tag in ["section", "details", "figure", "table", "svg", "div"] {
            let [open, close] = [format!("<{tag}"), format!("</{tag}>")].map(|part| page.matches(&part).count());
            assert_eq!(open, close, "{tag}");
        }
    }
}
