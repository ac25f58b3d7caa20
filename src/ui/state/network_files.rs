//! Networks to files of other programs and back: what the dialogs ask for, and how it goes.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::domain::checkpoint::Checkpoint;
use crate::domain::config::Colors;
use crate::domain::{Choice as _, Notice};
use crate::engine::exported::NetworkExport;
use crate::engine::imported::NetworkImport;
use crate::exchange::WeightsFormat;
use crate::exchange::onnx::OnnxOptions;
use crate::train::run_list;

/// What the export asks for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WeightsForm {
    /// The run folder.
    pub run: PathBuf,
    /// Which of its networks.
    pub checkpoint: Checkpoint,
    /// Format of the file.
    pub format: WeightsFormat,
    /// For ONNX.
    pub onnx: OnnxOptions,
    /// The file, as typed.
    pub file: String,
    /// The user has said that the file may be replaced if it exists.
    pub may_replace: bool,
}

impl WeightsForm {
    /// The export of a run into a folder.
    pub(super) fn new(run: PathBuf, folder: &Path) -> Self {
        let format = WeightsFormat::default();
        let name = run.file_name().unwrap_or_default().to_string_lossy();
        let file = folder.join(format!("{name}.{}", format.name())).display().to_string();
        Self { run, format, file, ..Self::default() }
    }

    /// The same with another format, whose ending the file gets if it had that of the one before.
    #[must_use]
    pub fn with_format(self, format: WeightsFormat) -> Self {
        let stem = self.file.strip_suffix(self.format.name()).filter(|stem| stem.ends_with('.'));
        let file = stem.map_or_else(|| self.file.clone(), |stem| format!("{stem}{}", format.name()));
        let may_replace = self.may_replace && file == self.file;
        Self { format, file, may_replace, ..self }
    }

    /// What the engine is asked for.
    pub fn request(&self) -> NetworkExport {
        NetworkExport {
            run: self.run.clone(),
            checkpoint: self.checkpoint,
            format: self.format,
            onnx: if self.format == WeightsFormat::Onnx { self.onnx } else { OnnxOptions::default() },
            out: self.file.trim().into(),
            overwrite: self.may_replace,
        }
    }
}

/// What the import asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportForm {
    /// The file, as typed.
    pub file: String,
    /// Names of the classes, separated by commas; empty for those of the file or the project.
    pub classes: String,
    /// How the network sees colours, if the user says.
    pub colors: Option<Colors>,
}

impl ImportForm {
    /// What the engine is asked for: a run of the project, in a folder of its own among its runs. `None` if every name is taken.
    pub fn request(&self, project: &Path, runs_home: &Path, now: SystemTime) -> Option<NetworkImport> {
        let file = PathBuf::from(self.file.trim());
        let names = self.classes.split(',').map(str::trim).filter(|name| !name.is_empty());
        Some(NetworkImport {
            out: run_list::free_folder(runs_home, &run_list::imported_name(&file, now))?,
            file,
            data: Some(project.to_owned()),
            classes: names.map(str::to_owned).collect(),
            colors: self.colors,
        })
    }
}

/// How an export or import goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NetworkNews {
    /// It is being done.
    Working,
    /// The file exists, and nobody has said that it may be replaced.
    Exists,
    /// It failed, and nothing was written.
    Failed(Notice),
    /// It is done: what to tell, a sentence each, and the file or run folder.
    Done(Vec<String>, PathBuf),
}

/// Export and import of networks, and their dialogs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NetworkFiles {
    /// What the export asks for.
    pub export: WeightsForm,
    /// What the import asks for.
    pub import: ImportForm,
    /// How the last of either goes or went; `None` before it begins.
    pub news: Option<NetworkNews>,
}

impl NetworkFiles {
    /// Whether a file is being read or written.
    pub fn is_working(&self) -> bool {
        self.news == Some(NetworkNews::Working)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_s_ending_follows_the_format_unless_the_user_has_chosen_another() {
        let form = WeightsForm::new("/runs/7".into(), Path::new("/out"));
        assert_eq!(form.file, "/out/7.safetensors");
        let onnx = form.with_format(WeightsFormat::Onnx);
        assert_eq!((onnx.file.as_str(), onnx.request().out), ("/out/7.onnx", PathBuf::from("/out/7.onnx")));
        let own = WeightsForm { file: "/out/net.bin".to_owned(), may_replace: true, ..onnx.clone() };
        let own = own.with_format(WeightsFormat::Safetensors);
        assert!(own.file == "/out/net.bin" && own.may_replace);
        let replaced = WeightsForm { may_replace: true, ..onnx }.with_format(WeightsFormat::Safetensors);
        assert!(!replaced.may_replace, "another file has not been asked about");
    }

    #[test]
    fn options_of_onnx_stay_with_it() {
        let onnx = OnnxOptions { side: Some(512), resolution_cm: Some(50.0) };
        let form = WeightsForm { onnx, ..WeightsForm::new("/runs/7".into(), Path::new("/out")) };
        assert_eq!(form.request().onnx, OnnxOptions::default());
        assert_eq!(form.with_format(WeightsFormat::Onnx).request().onnx, onnx);
    }

    #[test]
    fn an_import_is_a_run_named_after_the_file() {
        let form = ImportForm { file: " /w/UNet.pth ".to_owned(), classes: "ground, tent,".to_owned(), colors: None };
        let request = form.request(Path::new("/p"), Path::new("/p/runs"), SystemTime::UNIX_EPOCH).unwrap();
        assert_eq!(request.out, Path::new("/p/runs/19700101-000000-UNet"));
        assert_eq!((request.classes, request.file), (vec!["ground".into(), "tent".into()], "/w/UNet.pth".into()));
    }
}
