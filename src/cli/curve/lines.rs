//! Lines of a picture, from the tables of `simulate`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::super::choices::Method;
use crate::domain::Choice as _;
use crate::domain::estimate::Estimate;
use crate::domain::metrics::mean_of_numbers;

/// Scores of a method over its clicks.
#[derive(Debug, PartialEq)]
pub(super) struct Line {
    pub(super) name: String,
    pub(super) points: Vec<Point>,
}

/// The score after a round of clicks, over tiles and seeds.
#[derive(Debug, PartialEq)]
pub(super) struct Point {
    /// Mean number of clicks, of all classes.
    pub(super) clicks: f64,
    pub(super) miou: Estimate,
}

/// What one table says of a method: clicks and mIoU by round.
type Rounds = BTreeMap<usize, Vec<(f64, f64)>>;

/// What a line stands for. Scores on single tiles and across tiles, or of other places, are never averaged.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    table: usize,
    method: String,
    mode: String,
    placement: String,
}

/// Reads tables; each gives a line for each method, mode and placement in it.
///
/// # Errors
/// If a table cannot be read, or is none of `simulate`.
pub(super) fn read(tables: &[PathBuf]) -> anyhow::Result<Vec<Line>> {
    let mut found: BTreeMap<Key, Rounds> = BTreeMap::new();
    for (table, path) in tables.iter().enumerate() {
        let hint = || format!("{} is no table of `pointillist simulate`", path.display());
        read_table(table, path, &mut found).with_context(hint)?;
    }
    let keys: Vec<Key> = found.keys().cloned().collect();
    let line = |(key, rounds): (Key, Rounds)| Line { name: name(&key, &keys, tables), points: points(&rounds) };
    Ok(found.into_iter().map(line).collect())
}

fn read_table(table: usize, path: &Path, found: &mut BTreeMap<Key, Rounds>) -> anyhow::Result<()> {
    let mut reader = csv::Reader::from_path(path)?;
    let headers = reader.headers()?.clone();
    let column = |name: &str| {
        headers.iter().position(|header| header == name).with_context(|| format!("it has no column '{name}'"))
    };
    let [method, mode, placement] = [column("method")?, column("mode")?, column("placement")?];
    let [round, clicks, miou] = [column("round")?, column("clicks")?, column("miou")?];
    let before: usize = found.len();
    for record in reader.records() {
        let record = record?;
        let text = |column: usize| record.get(column).unwrap_or_default().to_owned();
        let number = |column: usize| {
            let parsed = text(column).parse::<f64>().ok().filter(|value| value.is_finite());
            parsed.with_context(|| format!("'{}' is no number", text(column)))
        };
        let key = Key { table, method: text(method), mode: text(mode), placement: text(placement) };
        let rounds = found.entry(key).or_default();
        rounds.entry(number(round)? as usize).or_default().push((number(clicks)?, number(miou)?));
    }
    anyhow::ensure!(found.len() > before, "it has no rows");
    Ok(())
}

fn points(rounds: &Rounds) -> Vec<Point> {
    let point = |scores: &Vec<(f64, f64)>| {
        let (clicks, miou): (Vec<f64>, Vec<f64>) = scores.iter().copied().unzip();
        Point { clicks: mean_of_numbers(&clicks), miou: Estimate::of(&miou) }
    };
    rounds.values().map(point).collect()
}

/// The method, and what tells its line from others of the same method.
fn name(key: &Key, keys: &[Key], tables: &[PathBuf]) -> String {
    let rivals = || keys.iter().filter(|other| other.method == key.method && *other != key);
    let mut parts =
        vec![Method::from_name(&key.method).map_or(key.method.as_str(), |method| method.title()).to_owned()];
    if rivals().any(|other| other.mode != key.mode) {
        parts.push(if key.mode == "across" { "across tiles" } else { "one tile" }.to_owned());
    }
    if rivals().any(|other| other.placement != key.placement) {
        parts.push(key.placement.clone());
    }
    if rivals().any(|other| other.table != key.table) {
        parts.extend(tables[key.table].file_stem().map(|stem| stem.to_string_lossy().into_owned()));
    }
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "mode,tile,placement,method,seed,round,clicks,miou,accuracy,seconds\n";

    fn lines(tables: &[(&str, &str)]) -> anyhow::Result<Vec<Line>> {
        let dir = tempfile::tempdir().unwrap();
        let write = |(name, rows): &(&str, &str)| {
            let path = dir.path().join(name);
            std::fs::write(&path, rows).unwrap();
            path
        };
        read(&tables.iter().map(write).collect::<Vec<_>>())
    }

    #[test]
    fn scores_of_a_round_are_averaged_over_tiles_and_seeds() {
        let rows = format!(
            "{HEAD}tile,a,error,quick,0,0,4,0.2,0.5,1\ntile,a,error,quick,0,1,8,0.5,0.5,1\ntile,b,error,quick,0,0,2,0.4,0.5,1\n"
        );
        let lines = lines(&[("s.csv", &rows)]).unwrap();
        assert_eq!((lines.len(), lines[0].name.as_str(), lines[0].points.len()), (1, "Quick head", 2));
        let first = &lines[0].points[0];
        assert!((first.clicks - 3.0).abs() < 1e-9 && (first.miou.mean - 0.3).abs() < 1e-9 && first.miou.margin > 0.0);
    }

    #[test]
    fn lines_of_one_method_say_what_tells_them_apart() {
        let tile = format!("{HEAD}tile,a,error,quick,0,0,4,0.2,0.5,1\n");
        let across = format!("{HEAD}across,,random,quick,0,0,4,0.2,0.5,1\nacross,,random,unet,0,0,4,0.2,0.5,1\n");
        let found = lines(&[("one.csv", &tile), ("two.csv", &across)]).unwrap();
        let names: Vec<&str> = found.iter().map(|line| line.name.as_str()).collect();
        assert_eq!(names, ["Quick head, one tile, error, one", "Quick head, across tiles, random, two", "U-Net"]);
    }

    #[test]
    fn other_tables_are_refused_by_name() {
        for text in ["a,b\n1,2\n", HEAD, &format!("{HEAD}tile,a,error,quick,0,0,4,no,0.5,1\n")] {
            let refusal = format!("{:#}", lines(&[("odd.csv", text)]).unwrap_err());
            assert!(refusal.contains("odd.csv is no table of `pointillist simulate`: "), "{refusal}");
        }
    }
}
