//! The graphics device that draws the window.

use std::sync::Arc;

use crossbeam_channel::Sender;
use eframe::egui_wgpu::RenderState;

use crate::domain::Notice;
use crate::engine::Waker;

/// Whether the CPU draws the window.
pub(crate) fn is_software(render_state: &RenderState) -> bool {
    render_state.adapter.get_info().device_type == wgpu::DeviceType::Cpu
}

/// Name, API, kind and driver of the adapter, for bug reports.
pub(crate) fn adapter_name(render_state: &RenderState) -> String {
    let info = render_state.adapter.get_info();
    format!("{} ({:?}, {:?}) {}", info.name, info.backend, info.device_type, info.driver_info)
}

/// Turns errors of the graphics device into messages; by default wgpu would end the program.
pub(crate) fn report_errors(render_state: &RenderState, sender: Sender<Notice>, waker: Waker) {
    render_state.device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| {
        let notice = Notice::new("The graphics device reported an error").cause(error.to_string());
        let notice = notice.remedy("The picture may be incomplete; labels and training are not affected");
        sender.try_send(notice).ok(); // When many come at once, the first ones say enough.
        waker();
    }));
}
