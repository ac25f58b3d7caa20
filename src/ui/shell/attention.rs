//! Gives the user's input priority. Training on the CPU pauses while the frame that answers an input is drawn. Where
//! the CPU also draws, engine updates are shown less often, so that the next input does not wait for a frame.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use eframe::egui::Context;

use crate::engine::Waker;
use crate::kernels::gate::Gate;

/// Time without input after which the user is idle.
const ACTIVE: Duration = Duration::from_millis(400);
/// Engine updates are drawn within this time. They arrive many times a second, and each frame costs training time.
const UPDATES: Duration = Duration::from_millis(100);
/// The same while the user is active.
const UPDATES_WHILE_ACTIVE: Duration = Duration::from_millis(300);
/// Minimum time between predictions while the user is active: each is a whole tile to upload and compose.
const PREDICTIONS_WHILE_ACTIVE: Duration = Duration::from_millis(1000);
/// Longest pause of training for a frame drawn by the CPU.
const CPU_FRAME: Duration = Duration::from_millis(33);
/// The same where a GPU draws: only the layout of the panels remains on the CPU.
const GPU_FRAME: Duration = Duration::from_millis(8);

/// Tracks whether the user is active and holds back other work.
pub struct Attention {
    gate: &'static Gate,
    drawn_by_cpu: bool,
    /// Time of the last input. Also read by the engine's thread.
    last_input: Arc<Mutex<Option<Instant>>>,
    /// When the last prediction was shown.
    shown: Option<Instant>,
}

impl Attention {
    /// No input yet. Training passes `gate` between its work items.
    pub fn new(gate: &'static Gate, drawn_by_cpu: bool) -> Self {
        Self { gate, drawn_by_cpu, last_input: Arc::default(), shown: None }
    }

    /// Call when a frame begins, but not for hidden windows: they draw nothing, though their last input stays
    /// readable. A frame with input closes the gate until the next frame begins, which is soon, because egui follows
    /// each input with another frame. Under continuous input this holds for about every third frame.
    pub fn frame_begins(&self, ctx: &Context) {
        let (acts, holds) = ctx.input(|input| (!input.events.is_empty(), input.pointer.any_down()));
        if acts || holds {
            *self.last_input.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        }
        self.gate.open();
        if acts {
            self.gate.close(if self.drawn_by_cpu { CPU_FRAME } else { GPU_FRAME });
        }
    }

    /// Takes a prediction with `take`, unless it only renews a shown one (`renews`) too soon. In that case requests
    /// another frame for later.
    pub fn prediction<T>(&mut self, ctx: &Context, renews: bool, take: impl FnOnce() -> Option<T>) -> Option<T> {
        let since = self.shown.map_or(PREDICTIONS_WHILE_ACTIVE, |at| at.elapsed());
        if renews && self.drawn_by_cpu && is_active(&self.last_input) && since < PREDICTIONS_WHILE_ACTIVE {
            ctx.request_repaint_after(PREDICTIONS_WHILE_ACTIVE - since);
            return None;
        }
        let prediction = take()?;
        self.shown = Some(Instant::now());
        Some(prediction)
    }

    /// A waker for the engine that requests a frame soon rather than at once.
    pub fn engine_waker(&self, ctx: Context) -> Waker {
        let (last_input, drawn_by_cpu) = (Arc::clone(&self.last_input), self.drawn_by_cpu);
        Arc::new(move || {
            let rarely = drawn_by_cpu && is_active(&last_input);
            ctx.request_repaint_after(if rarely { UPDATES_WHILE_ACTIVE } else { UPDATES });
        })
    }
}

fn is_active(last_input: &Mutex<Option<Instant>>) -> bool {
    let last_input = *last_input.lock().unwrap_or_else(PoisonError::into_inner);
    last_input.is_some_and(|at| at.elapsed() < ACTIVE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use eframe::egui::{Event, RawInput};

    fn attention() -> Attention {
        Attention::new(Box::leak(Box::new(Gate::opened())), true)
    }

    fn frame(ctx: &Context, events: Vec<Event>, attention: &Attention) {
        let input = RawInput { events, ..RawInput::default() };
        drop(ctx.run_ui(input, |ui| attention.frame_begins(ui.ctx())));
    }

    #[test]
    fn training_waits_for_a_frame_with_input() {
        let (ctx, attention) = (Context::default(), attention());
        let began = Instant::now();
        frame(&ctx, vec![Event::PointerGone], &attention);
        assert!(attention.gate.is_closed() || began.elapsed() > CPU_FRAME);
        frame(&ctx, Vec::new(), &attention);
        assert!(!attention.gate.is_closed());
    }

    #[test]
    fn predictions_are_renewed_rarely_while_the_user_is_active() {
        let (ctx, mut attention) = (Context::default(), attention());
        let shown = |attention: &mut Attention, renews| attention.prediction(&ctx, renews, || Some(())).is_some();
        assert!(shown(&mut attention, false) && shown(&mut attention, true), "the user is idle");
        frame(&ctx, vec![Event::PointerGone], &attention);
        assert!(!shown(&mut attention, true));
        assert!(ctx.has_requested_repaint());
        assert!(shown(&mut attention, false), "a tile's first prediction is shown at once");
        attention.shown = attention.shown.and_then(|at| at.checked_sub(PREDICTIONS_WHILE_ACTIVE));
        assert_eq!(attention.prediction(&ctx, true, || None::<()>), None);
        assert!(shown(&mut attention, true), "none was shown for long enough");
    }
}
