//! A quick head as a run: it is listed, opened, scored and predicts like a network's.

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::judgement::Tally;
use super::prepared;
use crate::data::files::write;
use crate::data::{DataError, Project};
use crate::domain::{Classes, RunConfig};
use crate::engine::protocol::{Outcome, QuickLearned, SavedQuick, Summary};
use crate::quick::head::QuickHead;
use crate::quick::head_record::HeadRecord;
use crate::train::folder::{FinishedRun, SplitRecord, files};

/// Version of `head.json`.
const VERSION: u32 = 1;

/// Content of `head.json`.
#[derive(Serialize, Deserialize)]
struct HeadFile {
    version: u32,
    /// Names of the classes it tells apart.
    classes: Vec<String>,
    learned: QuickLearned,
    head: HeadRecord,
}

/// A head to be saved, and what is known of it.
pub struct QuickRun<'a> {
    /// The head.
    pub head: &'a QuickHead,
    /// The project it learned from; the classes that the settings ignore are marked so.
    pub project: &'a Project,
    /// The settings in effect: folder, ignored classes, and splits chosen by hand.
    pub config: &'a RunConfig,
    /// Clicks, and how many are predicted rightly by a head that has not seen them.
    pub learned: QuickLearned,
    /// Ids of the tiles learned from.
    pub train: Vec<String>,
    /// Ids of validation tiles with masks; those learned from are left out.
    pub val: Vec<String>,
    /// Mean IoU on validation tiles that it has not learned from, if known.
    pub miou: Option<f64>,
}

impl QuickRun<'_> {
    /// Writes a run folder.
    ///
    /// # Errors
    /// If the folder is not empty (runs are never overwritten) or cannot be written.
    pub fn save(self, folder: &Path) -> Result<(), DataError> {
        if folder.read_dir().is_ok_and(|mut entries| entries.next().is_some()) {
            let what = "the run folder is not empty, and a run never overwrites anything: choose another one";
            return Err(DataError::content(what, folder));
        }
        let is_new = !folder.exists();
        fs::create_dir_all(folder)
            .map_err(DataError::io("cannot create the run folder (choose another one)", folder))?;
        self.write(folder).inspect_err(|_| {
            if is_new {
                fs::remove_dir_all(folder).ok(); // An incomplete folder would be refused at the next attempt.
            }
        })
    }

    /// The configuration comes last: a folder without one is no run.
    fn write(self, folder: &Path) -> Result<(), DataError> {
        let Self { head, project, config, learned, train, mut val, miou } = self;
        let config = config_text(config)?;
        val.retain(|tile| !train.contains(tile));
        let named = |class: &u8| project.classes.get(*class).map(|class| class.name.clone());
        let classes: Vec<String> = head.classes().iter().filter_map(named).collect();
        let head = HeadFile { version: VERSION, classes, learned, head: HeadRecord::of(head) };
        write_json(&folder.join(files::HEAD), &head)?;
        write_json(&folder.join(files::CLASSES), &project.classes)?;
        write_json(&folder.join(files::SPLIT), &SplitRecord::new(project, train, val))?;
        write_json(&folder.join(files::SUMMARY), &summary(folder, &head.head, miou))?;
        write::atomically(&folder.join(files::CONFIG), config.as_bytes())
    }
}

/// The settings that a quick head has: no network, no training.
fn config_text(config: &RunConfig) -> Result<String, DataError> {
    let broken = |error: &dyn std::fmt::Display| DataError::Content {
        what: format!("cannot write the configuration as TOML ({error}): use a path in UTF-8"),
        path: config.data.clone(),
    };
    let mut table = toml::Table::try_from(config.clone().own_labels_only()).map_err(|error| broken(&error))?;
    table.retain(|key, _| ["data", "ignore", "sampling", "split"].contains(&key));
    let text = toml::to_string_pretty(&table).map_err(|error| broken(&error))?;
    Ok(format!("# A quick head: {} has what it learned.\n{text}", files::HEAD))
}

fn summary(folder: &Path, head: &HeadRecord, best_miou: Option<f64>) -> Summary {
    Summary {
        folder: folder.to_owned(),
        outcome: Outcome::Completed,
        best_miou,
        parameters: head.parameters(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        ..Summary::default()
    }
}

/// A head that was saved.
pub struct SavedHead {
    /// The head.
    pub head: QuickHead,
    /// What learned, and from what.
    pub quick: SavedQuick,
    /// Numbers it has learned.
    pub parameters: usize,
}

/// Reads the head of a run; `None` if it is a network's.
///
/// # Errors
/// If the file is damaged or of a later version; the message names it.
pub fn load(run: &FinishedRun) -> Result<Option<SavedHead>, DataError> {
    if !run.is_quick() {
        return Ok(None);
    }
    let path = run.path.join(files::HEAD);
    let text = fs::read(&path).map_err(DataError::io("cannot read", &path))?;
    let read = version(&text).and_then(|()| read(&text, &run.classes));
    read.map(Some).map_err(|what| DataError::Content {
        what: format!("the quick head cannot be used, because {what}: save the quick map as a run again"),
        path,
    })
}

/// Refuses files of later versions before their content.
fn version(text: &[u8]) -> Result<(), String> {
    #[derive(Deserialize)]
    struct Version {
        version: u32,
    }
    let Version { version } = serde_json::from_slice(text).map_err(|error| format!("the file is damaged ({error})"))?;
    match version {
        VERSION => Ok(()),
        _ => Err(format!("its format {version} is not the one of this version, {VERSION}")),
    }
}

fn read(text: &[u8], classes: &Classes) -> Result<SavedHead, String> {
    let file: HeadFile = serde_json::from_slice(text).map_err(|error| format!("the file is damaged ({error})"))?;
    let index = |name: &String| {
        let place = classes.iter().position(|class| class.name == *name);
        place.map(|place| place as u8).ok_or_else(|| format!("{} has no class {name}", files::CLASSES))
    };
    let indices = file.classes.iter().map(index).collect::<Result<Vec<u8>, String>>()?;
    let head = file.head.head(indices, prepared::feature_count())?;
    let quick = SavedQuick { method: head.method(), learned: file.learned };
    Ok(SavedHead { head, quick, parameters: file.head.parameters() })
}

fn write_json(path: &Path, value: &impl Serialize) -> Result<(), DataError> {
    let text = serde_json::to_vec(value)
        .map_err(|error| DataError::Content { what: error.to_string(), path: path.to_owned() })?;
    write::atomically(path, &text)
}

impl QuickLearned {
    /// What a head that tells `classes` classes apart has learned from.
    pub fn new(clicks: usize, classes: usize, tiles: usize, left_out: Option<Tally>) -> Self {
        let left_out = left_out.filter(|tally| tally.of > 0).map(|Tally { right, of }| [right, of]);
        Self { clicks, classes, tiles, left_out }
    }
}
