//! Everything a person can ask of the window. Panels emit these; `execute` is the one place that carries them out.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::class_draft::ClassDraft;
use super::layers::Layer;
use super::preset::Preset;
use crate::data::ClassEdits;
use crate::domain::checkpoint::Checkpoint;
use crate::domain::split::Split;
use crate::domain::{Edit, RunConfig};
use crate::ui::canvas::ToolKind;
use crate::ui::panels::theme::ThemeChoice;

/// Something to be done.
#[derive(Clone, Debug, PartialEq)]
pub enum UiAction {
    /// Choose a project folder in the desktop's dialog.
    PickFolder,
    /// Choose a run folder in the desktop's dialog.
    PickRun,
    /// Open this project folder.
    OpenProject(PathBuf),
    /// Open the built-in demo project.
    OpenDemo,
    /// Open this finished run.
    OpenRun(PathBuf),
    /// Look for run folders again.
    ListRuns,
    /// Read all masks and tell what they come to.
    Check,
    /// Give the labels kept under a name to a tile.
    Relink {
        /// The name.
        from: String,
        /// The tile's id.
        tile: String,
    },
    /// Close the window.
    Quit,
    /// Bring this tile (by its place in the project) into view.
    SelectTile(usize),
    /// Go this many tiles on in the list as filtered.
    StepTile(i32),
    /// Show only tiles whose id contains this.
    SetFilter(String),
    /// Change what the views show, and how.
    View(ViewAction),
    /// Paint with this class from now on.
    PickClass(u8),
    /// Paint, erase or only pan.
    SetTool(ToolKind),
    /// Brush radius in image pixels.
    SetRadius(f32),
    /// A smaller or larger brush.
    StepRadius(i32),
    /// Change the labels.
    Label(Edit),
    /// The stroke is whole: the trainer may learn from it.
    StrokeEnded,
    /// Take the last stroke back.
    Undo,
    /// Bring it back.
    Redo,
    /// Change the class list being edited.
    DraftClasses(ClassDraft),
    /// Save the classes of the project.
    SetClasses(Box<ClassEdits>),
    /// Choose the part of this tile (by its place in the project) by hand, or leave it to the dataset and the draw.
    SetSplit(usize, Option<Split>),
    /// Change the form of the next run.
    SetForm(Box<RunConfig>),
    /// Start, or pause, or go on: whatever the phase allows.
    StartOrPause,
    /// End the run after this step.
    Stop,
    /// Have this checkpoint of the run that ended predict.
    ShowCheckpoint(Checkpoint),
    /// Score the validation tiles now.
    Evaluate,
    /// Write the last checkpoint now.
    SaveCheckpoint,
    /// Change the learning rate of the run under way.
    SetLearningRate(f64),
    /// Change how the window looks.
    SetTheme(ThemeChoice),
    /// Everything larger, or smaller, by so many steps.
    StepZoom(i32),
    /// Everything as large as it is meant.
    ResetZoom,
    /// Bring a tab of the lower panel to the front; fold the panel if it is there already.
    ShowTab(Tab),
    /// Lay the right panel over the picture, or take it away, where there is no room for it beside.
    ToggleSide,
    /// Draw the loss on a logarithmic scale.
    SetLogLoss(bool),
    /// Open a dialog, or close the one that is open.
    Show(Option<Dialog>),
    /// Change the path being typed.
    TypePath(String),
    /// Close the toast of this message.
    Dismiss(usize),
    /// Do not show the first steps again.
    DismissHelp,
    /// Copy the log.
    CopyLog,
    /// Copy what a bug report needs.
    CopyDiagnostics,
}

/// A change of what the views show.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ViewAction {
    /// Show the whole tile.
    Fit,
    /// One screen point per image pixel.
    ActualSize,
    /// One view or two.
    ToggleTwo,
    /// Show these layers in a view.
    SetPreset(usize, Preset),
    /// Layers are switched in this view from now on.
    Activate(usize),
    /// Layers are switched in the other view from now on.
    ActivateOther,
    /// Show or hide a layer in the active view.
    ToggleLayer(Layer),
    /// Change a layer's opacity in the active view.
    SetOpacity(Layer, f32),
    /// Show or hide a class in all layers.
    ToggleClass(u8),
    /// Show or hide the class in hand.
    ToggleClassInHand,
}

/// Tabs of the lower panel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Tab {
    /// Loss, scores and learning rate over the steps.
    #[default]
    Curves,
    /// Scores per class and the confusion matrix.
    Scores,
    /// Run folders.
    Runs,
    /// Messages.
    Log,
}

impl Tab {
    /// All of them, from left to right.
    pub const ALL: [Self; 4] = [Self::Curves, Self::Scores, Self::Runs, Self::Log];

    /// What the tab says.
    pub fn name(self) -> &'static str {
        match self {
            Self::Curves => "Curves",
            Self::Scores => "Scores",
            Self::Runs => "Runs",
            Self::Log => "Log",
        }
    }
}

/// Dialogs over the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialog {
    /// The keys.
    Keys,
    /// Name, version, licence.
    About,
    /// A project's path to type, for desktops without a file dialog.
    OpenPath,
    /// A run's path to type.
    OpenRunPath,
    /// The class list, to be edited.
    Classes,
    /// What the project comes to.
    Check,
    /// Labels that lie on no tile.
    LostLabels,
}
