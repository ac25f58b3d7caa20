//! DeepGlobe's layout: `metadata.csv` lists every tile with its mask and split.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use super::listing::{Listing, unique_ids};
use super::naming;
use super::scan::{self, Scan};
use super::tile::Tile;
use crate::data::DataError;
use crate::data::files::table::{Row, Table};
use crate::domain::split::Split;

/// Name of the table.
pub(crate) const METADATA: &str = "metadata.csv";

struct Columns {
    id: usize,
    image: usize,
    mask: usize,
    split: Option<usize>,
}

/// Lists the tiles of `metadata.csv`. A missing file becomes a fault of its tile.
pub(crate) fn list(root: &Path) -> Result<Listing, DataError> {
    let table = Table::read(&root.join(METADATA))?;
    let columns = Columns {
        id: table.column(&["image_id", "id", "tile_id", "tile", "name"])?,
        image: table.column(&[
            "sat_image_path",
            "sat_path",
            "image_path",
            "img_path",
            "image",
            "sat",
            "img",
            "path",
            "file",
        ])?,
        mask: table.column(&["mask_path", "label_path", "mask", "label", "gt_path", "gt", "annotation"])?,
        split: table.find(&["split", "set", "subset", "partition"]),
    };
    let mut listing = Listing { layout: "DeepGlobe".to_owned(), ..Listing::default() };
    if columns.split.is_none() {
        listing.notes.push(format!("{METADATA} has no column 'split': all tiles are training tiles"));
    }
    let mut lines: BTreeMap<PathBuf, u64> = BTreeMap::new();
    for row in &table.rows {
        let (image, line) = (row.cell(columns.image), row.line);
        if image.is_empty() {
            listing.notes.push(format!("line {line} of {METADATA} names no image and is skipped"));
            continue;
        }
        let (tile, note) = tile(root, row, &columns);
        if let Some(before) = lines.get(&scan::real(&tile.image)) {
            let image = tile.image.display();
            listing
                .notes
                .push(format!("line {line} of {METADATA} repeats the image of line {before} and is skipped: {image}"));
            continue;
        }
        lines.insert(scan::real(&tile.image), line);
        listing.notes.extend(note);
        listing.tiles.push(tile);
    }
    unique_ids(&mut listing.tiles);
    listing.notes.extend(unlisted(root, &listing.tiles)?);
    Ok(listing)
}

fn tile(root: &Path, row: &Row, columns: &Columns) -> (Tile, Option<String>) {
    let image = locate(root, row.cell(columns.image));
    let mask = Some(row.cell(columns.mask)).filter(|cell| !cell.is_empty()).map(|cell| locate(root, cell));
    let id = match row.cell(columns.id) {
        "" => image
            .file_stem()
            .map(|stem| naming::strip_image_suffix(&stem.to_string_lossy()).to_owned())
            .unwrap_or_default(),
        id => id.to_owned(),
    };
    let cell = columns.split.map_or("", |column| row.cell(column));
    let split = naming::split_named(cell);
    let note = (split.is_none() && !cell.is_empty())
        .then(|| format!("line {} of {METADATA}: split '{cell}' is unknown and counts as training", row.line));
    let fault = missing(&image).or_else(|| mask.as_deref().and_then(missing));
    let file = scan::composed(&image.strip_prefix(root).unwrap_or(&image).to_string_lossy().replace('\\', "/"));
    let split = split.unwrap_or(Split::Train);
    (Tile { split, mask, fault, ..Tile::new(scan::composed(&id), file, image) }, note)
}

/// The file that a cell names. Accepts backslashes and other Unicode forms of the same name.
fn locate(root: &Path, cell: &str) -> PathBuf {
    let path = root.join(cell);
    if path.exists() {
        return path;
    }
    let parts = cell.replace('\\', "/");
    parts.split('/').filter(|part| !part.is_empty() && *part != ".").fold(root.to_owned(), |folder, part| {
        let direct = folder.join(part);
        if direct.exists() { direct } else { alike(&folder, part).unwrap_or(direct) }
    })
}

/// The entry of a folder whose name equals `name` in Unicode's composed form.
fn alike(folder: &Path, name: &str) -> Option<PathBuf> {
    let name = scan::composed(name);
    let is_alike =
        |path: &PathBuf| path.file_name().is_some_and(|other| scan::composed(&other.to_string_lossy()) == name);
    std::fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path()).find(is_alike)
}

fn missing(path: &Path) -> Option<String> {
    (!path.is_file()).then(|| format!("{METADATA} lists a file that does not exist: {}", path.display()))
}

/// Notes how many image files of the folder are not listed.
fn unlisted(root: &Path, tiles: &[Tile]) -> Result<Vec<String>, DataError> {
    let files = tiles.iter().flat_map(|tile| std::iter::once(&tile.image).chain(&tile.mask));
    let listed: HashSet<PathBuf> = files.map(|path| scan::real(path)).collect();
    let scan = Scan::new(root)?;
    let count = scan.images.iter().filter(|found| !listed.contains(&scan::real(&found.path))).count();
    let mut notes: Vec<String> = scan.notes().collect();
    if count > 0 {
        notes.push(format!("{count} image files are not listed in {METADATA} and are skipped"));
    }
    Ok(notes)
}
