//! Per-thread memory for packed strips and intermediate results.

use std::cell::RefCell;

/// Buffers that keep their memory from call to call. Their contents are undefined between calls.
#[derive(Default)]
pub(super) struct Workspace {
    /// Rows of one or a few channels before a transform.
    pub(super) rows: Vec<f32>,
    /// The packed input.
    pub(super) input: Vec<f32>,
    /// The packed gradient of the output.
    pub(super) gradient: Vec<f32>,
    /// Output channels before depth-to-space.
    pub(super) output: Vec<f32>,
}

/// Lends `work` this thread's workspace.
pub(super) fn with_workspace<R>(work: impl FnOnce(&mut Workspace) -> R) -> R {
    thread_local! {
        static WORKSPACE: RefCell<Workspace> = RefCell::default();
    }
    // Taken, not borrowed: while a thread waits in a parallel loop, rayon may give it another strip to work on.
    let mut workspace = WORKSPACE.take();
    let result = work(&mut workspace);
    WORKSPACE.set(workspace);
    result
}
