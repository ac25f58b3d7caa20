//! How actions change what the views show.

use super::action::{Tab, ViewAction};
use super::app_state::AppState;
use super::tool::ToolKind;

impl AppState {
    /// Applies a change of what the views show.
    pub fn change_view(&mut self, change: ViewAction) {
        let active = self.active_view;
        match change {
            ViewAction::Fit => self.camera.fit(),
            ViewAction::ActualSize => self.camera.actual_size(),
            ViewAction::ToggleTwo => {
                self.settings.two_views = !self.settings.two_views;
                self.active_view = 0;
            }
            ViewAction::SetPreset(view, preset) => self.settings.layers[view] = preset.layers(),
            ViewAction::Activate(view) => self.active_view = view,
            ViewAction::ActivateOther => self.active_view = if self.settings.two_views { 1 - active } else { active },
            ViewAction::ToggleLayer(layer) => {
                let style = &mut self.settings.layers[active][layer];
                style.visible = !style.visible;
            }
            ViewAction::SetOpacity(layer, opacity) => {
                self.settings.layers[active][layer].opacity = opacity.clamp(0.0, 1.0);
            }
            ViewAction::ToggleBlocks => self.settings.blocks = !self.settings.blocks,
            ViewAction::SetMap(choice) => self.choose_map(choice),
            ViewAction::SetQuickMethod(method) => self.settings.quick_method = method,
            ViewAction::NextMap => self.next_map(),
            ViewAction::ToggleClass(class) => self.toggle_class(class),
            ViewAction::ToggleSelectedClass => self.toggle_class(self.class),
        }
    }

    /// Shows a tab; showing the tab in front folds the panel or opens it again.
    pub fn show_tab(&mut self, tab: Tab) {
        let folds = self.settings.tab == tab && self.layout.lower;
        (self.settings.tab, self.settings.lower_open) = (tab, Some(!folds));
    }

    /// Selects a class to paint with; a key may name a class that the project does not have.
    pub fn pick_class(&mut self, class: u8) {
        if usize::from(class) < self.class_list().len() {
            (self.class, self.tool) = (class, ToolKind::Brush);
        }
    }

    fn toggle_class(&mut self, class: u8) {
        if let Some(project) = &mut self.project {
            project.toggle_class(class);
        }
    }
}
