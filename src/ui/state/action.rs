//! Everything the user can ask of the window. Panels and input handlers emit actions; `execute` carries them out.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::class_draft::ClassDraft;
use super::export_state::ExportForm;
use super::gallery_action::GalleryAction;
use super::layer::Layer;
use super::map_source::MapChoice;
use super::network_files::{ImportForm, WeightsForm};
use super::preset::Preset;
use super::report_export::{ReportAction, ReportOf};
use super::runs_action::RunsAction;
use super::study_action::StudyAction;
use super::theme_choice::ThemeChoice;
use super::tool::ToolKind;
use crate::data::ClassEdits;
use crate::domain::checkpoint::Checkpoint;
use crate::domain::split::Split;
use crate::domain::{Edit, RunConfig};
use crate::quick::method::QuickMethod;
use crate::study::compare::figures::Shares;

/// A request of the user.
#[derive(Clone, Debug, PartialEq)]
pub enum UiAction {
    /// Choose a project folder in the desktop's dialog.
    PickFolder,
    /// Choose a run folder in the desktop's dialog.
    PickRun,
    /// Open the project in this folder.
    OpenProject(PathBuf),
    /// Unpack and open the built-in demo project.
    OpenDemo,
    /// Open the finished run in this folder.
    OpenRun(PathBuf),
    /// Go on with a run.
    Resume {
        /// The run folder.
        folder: PathBuf,
        /// Epochs to add; 0 for a run that has not reached its end.
        more_epochs: u32,
    },
    /// Let the next run start from the weights of the run in this folder.
    StartFrom(PathBuf),
    /// List the project's run folders again.
    ListRuns,
    /// Do something with the list of runs.
    Runs(RunsAction),
    /// Do something about the figures of the ticked runs.
    Gallery(GalleryAction),
    /// Do something about a study.
    Study(StudyAction),
    /// Do something about the export of a report.
    Report(ReportAction),
    /// Check all masks of the project in the background.
    Check,
    /// Move orphaned labels to a tile.
    Relink {
        /// The tile name the labels are stored under.
        from: String,
        /// Id of the tile that gets them.
        tile: String,
    },
    /// Close the window.
    Quit,
    /// Do not close the window after all.
    KeepOpen,
    /// Show the tile with this index in the project.
    SelectTile(usize),
    /// Move this many tiles along the filtered list.
    StepTile(i32),
    /// List only tiles whose id contains this text.
    SetFilter(String),
    /// Change what the views show, and how.
    View(ViewAction),
    /// Select the class to paint with.
    PickClass(u8),
    /// Select a tool.
    SetTool(ToolKind),
    /// Set the brush radius, image pixels.
    SetRadius(f32),
    /// Make the brush smaller (negative) or larger by this many steps.
    StepRadius(i32),
    /// Edit the labels.
    Label(Edit),
    /// The stroke is complete: training may use it.
    StrokeEnded,
    /// Undo the last stroke.
    Undo,
    /// Redo the last undone stroke.
    Redo,
    /// Replace the draft of the class list.
    DraftClasses(ClassDraft),
    /// Save the class list of the project.
    SetClasses(Box<ClassEdits>),
    /// Assign the tile with this index to a split; `None` leaves it to the dataset and the random split.
    SetSplit(usize, Option<Split>),
    /// Replace the settings of the next run.
    SetForm(Box<RunConfig>),
    /// Start, pause or resume, depending on the phase.
    StartOrPause,
    /// Stop the run after the current step.
    Stop,
    /// Predict with this checkpoint of the finished run.
    ShowCheckpoint(Checkpoint),
    /// Keep the classes of the recognised dataset.
    ConfirmClasses,
    /// The recognised dataset is not the right one: name the classes by their values or colours.
    RefuseClasses,
    /// Do something about the cut into patches.
    Split(SplitAction),
    /// Do something about the export of maps.
    Export(ExportAction),
    /// Do something about the export or import of networks.
    Network(NetworkAction),
    /// Evaluate on the validation tiles now.
    Evaluate,
    /// Write the last checkpoint now.
    SaveCheckpoint,
    /// Save the quick map as a run.
    SaveQuickMap,
    /// Change the learning rate of the run in progress.
    SetLearningRate(f64),
    /// Choose the theme.
    SetTheme(ThemeChoice),
    /// Scale the interface up or down by this many steps.
    StepZoom(i32),
    /// Reset the scale of the interface.
    ResetZoom,
    /// Show a tab of the lower panel; fold the panel if the tab is already in front.
    ShowTab(Tab),
    /// Show or hide the right panel over the picture, where there is no room beside it.
    ToggleSide,
    /// Use a logarithmic scale for the loss.
    SetLogLoss(bool),
    /// Show these shares in the confusion matrix.
    SetMatrix(Shares),
    /// Open a dialog, or close the open one.
    Show(Option<Dialog>),
    /// Change the typed path.
    TypePath(String),
    /// Close the toast of the message with this index.
    Dismiss(usize),
    /// Do not show the first steps again.
    DismissHelp,
    /// Copy the log to the clipboard.
    CopyLog,
    /// Copy diagnostics for a bug report to the clipboard.
    CopyDiagnostics,
}

/// A change of what the views show.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ViewAction {
    /// Fit the whole tile into the view.
    Fit,
    /// Zoom to one screen point per image pixel.
    ActualSize,
    /// Switch between one view and two.
    ToggleTwo,
    /// Show a preset's layers in the view with this index.
    SetPreset(usize, Preset),
    /// Make the view with this index active: the layer panel and layer keys act on it.
    Activate(usize),
    /// Make the other view active.
    ActivateOther,
    /// Show or hide a layer in the active view.
    ToggleLayer(Layer),
    /// Set a layer's opacity in the active view, 0 to 1.
    SetOpacity(Layer, f32),
    /// Show or hide the blocks that validate, in all views.
    ToggleBlocks,
    /// Show this map as the prediction.
    SetMap(MapChoice),
    /// Let this learn the quick map.
    SetQuickMethod(QuickMethod),
    /// Show the next of the maps as the prediction.
    NextMap,
    /// Show or hide a class in all layers.
    ToggleClass(u8),
    /// Show or hide the selected class in all layers.
    ToggleSelectedClass,
}

/// What the user can ask of an export of maps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExportAction {
    /// Open its dialog.
    Open,
    /// Replace what is asked for.
    SetForm(ExportForm),
    /// Choose the folder in the desktop's dialog.
    PickFolder,
    /// Write the maps into the chosen folder.
    Begin {
        /// Whether files that exist may be replaced.
        overwrite: bool,
    },
    /// Write no more maps.
    Cancel,
    /// Show this folder in the desktop's file manager.
    Reveal(PathBuf),
}

/// What the user can ask of the export and import of networks.
#[derive(Clone, Debug, PartialEq)]
pub enum NetworkAction {
    /// Open the dialog that exports the network of the run in this folder.
    OpenExport(PathBuf),
    /// Replace what is asked for.
    SetExport(WeightsForm),
    /// Choose the file in the desktop's dialog.
    PickExport,
    /// Write the file.
    Export {
        /// Whether a file that exists may be replaced, though it was not asked about before.
        overwrite: bool,
    },
    /// Open the dialog that imports a network.
    OpenImport,
    /// Replace what is asked for.
    SetImport(ImportForm),
    /// Choose the file in the desktop's dialog.
    PickImport,
    /// Make a run of the file.
    Import,
}

/// What the user can ask of the cut into patches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SplitAction {
    /// Cut what is missing.
    Begin,
    /// Cut no more; what is written stays.
    Cancel,
}

/// Tabs of the lower panel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Tab {
    /// Loss, scores and learning rate over the steps.
    #[default]
    Curves,
    /// Scores per class and the confusion matrix.
    Scores,
    /// Run folders of the project.
    Runs,
    /// Runs beside each other.
    Compare,
    /// Plans of many runs.
    Studies,
    /// All messages.
    Log,
}

impl Tab {
    /// All tabs, from left to right.
    pub const ALL: [Self; 6] = [Self::Curves, Self::Scores, Self::Runs, Self::Compare, Self::Studies, Self::Log];

    /// Label of the tab.
    pub fn name(self) -> &'static str {
        match self {
            Self::Curves => "Curves",
            Self::Scores => "Scores",
            Self::Runs => "Runs",
            Self::Compare => "Compare",
            Self::Studies => "Studies",
            Self::Log => "Log",
        }
    }
}

/// Dialogs over the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialog {
    /// Keyboard shortcuts.
    Keys,
    /// Name, version and licence.
    About,
    /// The path of a project, for desktops without a folder dialog.
    OpenPath,
    /// The path of a run.
    OpenRunPath,
    /// The folder for figures, for desktops without a folder dialog.
    FiguresPath,
    /// The folder for a report, likewise.
    ReportPath(ReportOf),
    /// A figure of the ticked runs by itself.
    Figure,
    /// The export of maps.
    Export,
    /// The export of a run's network.
    ExportWeights,
    /// The import of a network.
    ImportNetwork,
    /// The cut of scenes into patches.
    Split,
    /// Whether the recognised dataset is the right one.
    Recognised,
    /// The class editor.
    Classes,
    /// Tags and note of a run.
    RunNotes,
    /// The result of checking all masks.
    Check,
    /// Labels whose tile is missing.
    LostLabels,
}
