//! A network from a file of another program, as a run: it is listed, opened, scored and predicts like one that was trained here.

use std::path::{Path, PathBuf};

use burn::tensor::Device;

use super::protocol::{Outcome, Summary};
use super::refusal::Refusal;
use crate::data::files::read;
use crate::data::{DataError, Project};
use crate::domain::checkpoint::Checkpoint;
use crate::domain::config::Colors;
use crate::domain::{Choice as _, ClassDef, Classes};
use crate::exchange::Network;
use crate::exchange::import::{self, Imported, Unsaid};
use crate::model::Net;
use crate::train::folder::{RunFolder, SplitRecord};
use crate::train::snapshot::Snapshot;

/// Bytes of a file at most, 4 GiB: no network that a run could train has more.
const LARGEST: u64 = 4 << 30;

/// What to import.
#[derive(Clone, Debug, PartialEq)]
pub struct NetworkImport {
    /// The file of weights.
    pub file: PathBuf,
    /// The run folder to create.
    pub out: PathBuf,
    /// The project that the run belongs to, if any.
    pub data: Option<PathBuf>,
    /// Names of the classes, in the order of the logits. If there are none, those that the file names, or of the project.
    pub classes: Vec<String>,
    /// How the network sees colours, if the file does not say.
    pub colors: Option<Colors>,
}

/// What was imported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportedNetwork {
    /// The network in words.
    pub what: String,
    /// What to tell about it, a sentence each.
    pub notes: Vec<String>,
}

impl NetworkImport {
    /// Makes the run.
    ///
    /// # Errors
    /// If the file cannot be read or is of another kind of network, its classes do not fit those that are given or the project, or
    /// the run folder is not empty or cannot be written.
    pub fn carry_out(&self) -> anyhow::Result<ImportedNetwork> {
        RunFolder::refuse_occupied(&self.out)?;
        let content = read::at_most(&self.file, LARGEST)?;
        let project = self.data.as_deref().map(Project::open).transpose()?;
        let classes = self.classes_of(project.as_ref())?;
        let refused =
            |what: String| DataError::content(format!("the file cannot be imported, because {what}"), &self.file);
        let read = import::read(&content, Unsaid { classes, colors: self.colors }).map_err(refused)?;
        let Imported { mut network, says_all, notes } = read;
        anyhow::ensure!(
            !says_all || (self.classes.is_empty() && self.colors.is_none()),
            "the file says itself what its classes are and how it sees colours: leave both out"
        );
        if let Some(project) = &project {
            project.adopt(&network.classes, false)?;
            network.config.data = std::path::absolute(&project.root)?;
        }
        let what = describe(&network);
        save(network, &self.file, &self.out)?;
        Ok(ImportedNetwork { what, notes })
    }

    /// The classes of a file that does not name them.
    fn classes_of(&self, project: Option<&Project>) -> anyhow::Result<Option<Classes>> {
        let shown = project.map(|project| &project.classes);
        if self.classes.is_empty() {
            return Ok(shown.cloned());
        }
        let named = import::named(&self.classes)?;
        Ok(Some(shown.map_or_else(|| named.clone(), |shown| as_shown(&named, shown))))
    }
}

/// The classes with colours, and whether they are ignored, as in the project.
fn as_shown(classes: &Classes, project: &Classes) -> Classes {
    let shown = |class: &ClassDef| project.iter().find(|other| other.name == class.name).unwrap_or(class).clone();
    // The project may know a class by an earlier name only, whose colour could be that of another.
    Classes::new(classes.iter().map(shown).collect()).unwrap_or_else(|_| classes.clone())
}

fn describe(network: &Network) -> String {
    let model = &network.config.model;
    let names: Vec<&str> = network.classes.iter().map(|class| class.name.as_str()).collect();
    format!("{} with {} base channels, classes {}", model.arch.title(), model.base, names.join(", "))
}

/// Writes a run folder whose last checkpoint is the network of `file`. It has learned from and was scored on no tile that is known.
///
/// # Errors
/// If the network cannot be built or its tensors do not fit it, or the folder is not empty or cannot be written.
pub fn save(network: Network, file: &Path, out: &Path) -> anyhow::Result<()> {
    let Network { config, classes, predicts, tensors } = network;
    if let Some(problem) = config.model.problems(config.train.input).into_iter().next() {
        return Err(Refusal(problem).into());
    }
    let learned = tensors.iter().filter(|tensor| !tensor.name.contains(".running_"));
    let parameters = learned.map(|tensor| tensor.values.len()).sum();
    let net = Net::new(&config.model, classes.len(), &Device::flex());
    let net = net.with_tensors(tensors).map_err(|what| DataError::content(what, file))?;
    let mut folder = RunFolder::create(out, &config, &classes)?;
    folder.write_split(&SplitRecord::default())?;
    folder.log(&format!("Imported from {}", file.display()))?;
    folder.save(&Snapshot { net, predicts }, Checkpoint::Last)?;
    folder.write_summary(&Summary {
        folder: out.to_owned(),
        outcome: Outcome::Imported,
        parameters,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        ..Summary::default()
    })?;
    Ok(folder.sync()?)
}
