//! A person at work in the window is answered first: training on the CPU waits while the frame is drawn that shows what they
//! did, and where the CPU draws, what the engine brings is shown less often, so that their next move finds no frame under way.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use eframe::egui::Context;

use crate::engine::Waker;
use crate::kernels::gate::Gate;

/// A person who has done nothing for this long is not at work.
const AT_WORK: Duration = Duration::from_millis(400);
/// What the engine brings is drawn no later than this: news come many a second, and each frame takes its time from training.
const NEWS: Duration = Duration::from_millis(100);
/// The same while a person is at work.
const NEWS_AT_WORK: Duration = Duration::from_millis(300);
/// Predictions, each a whole tile to take in and compose, are renewed at most this often while a person is at work.
const PREDICTIONS_AT_WORK: Duration = Duration::from_millis(1000);
/// Training waits at most this long for a frame that the CPU draws.
const FRAME_OF_CPU: Duration = Duration::from_millis(33);
/// The same where a graphics device draws: laying out the panels is all there is to wait for.
const FRAME_OF_GPU: Duration = Duration::from_millis(8);

/// Who is at work, and how room is made for them.
pub struct Attention {
    gate: &'static Gate,
    drawn_by_cpu: bool,
    /// When a person last did something. The engine's thread reads it.
    touched: Arc<Mutex<Option<Instant>>>,
    /// When a prediction was last shown.
    shown: Option<Instant>,
}

impl Attention {
    /// Nobody has done anything yet. Whoever computes passes `gate`.
    pub fn new(gate: &'static Gate, drawn_by_cpu: bool) -> Self {
        Self { gate, drawn_by_cpu, touched: Arc::default(), shown: None }
    }

    /// A frame is drawn. One that answers a person has the machine to itself until the next begins, which is soon: egui follows
    /// each input up with another frame. A hand that never rests gets this for every third frame or so. Not to be called for
    /// hidden windows: they draw none, though their last input stays to be read.
    pub fn frame_begins(&self, ctx: &Context) {
        let (acts, holds) = ctx.input(|input| (!input.events.is_empty(), input.pointer.any_down()));
        if acts || holds {
            *self.touched.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        }
        self.gate.open();
        if acts {
            self.gate.close(if self.drawn_by_cpu { FRAME_OF_CPU } else { FRAME_OF_GPU });
        }
    }

    /// The prediction that `take` has, unless it only `renews` one that is shown and it is too soon for that. Then sees to it
    /// that this is asked again.
    pub fn prediction<T>(&mut self, ctx: &Context, renews: bool, take: impl FnOnce() -> Option<T>) -> Option<T> {
        let since = self.shown.map_or(PREDICTIONS_AT_WORK, |at| at.elapsed());
        if renews && self.drawn_by_cpu && is_at_work(&self.touched) && since < PREDICTIONS_AT_WORK {
            ctx.request_repaint_after(PREDICTIONS_AT_WORK - since);
            return None;
        }
        let prediction = take()?;
        self.shown = Some(Instant::now());
        Some(prediction)
    }

    /// Has news of the engine drawn soon, though not at once.
    pub fn news_waker(&self, ctx: Context) -> Waker {
        let (touched, drawn_by_cpu) = (Arc::clone(&self.touched), self.drawn_by_cpu);
        Arc::new(move || {
            let rarely = drawn_by_cpu && is_at_work(&touched);
            ctx.request_repaint_after(if rarely { NEWS_AT_WORK } else { NEWS });
        })
    }
}

fn is_at_work(touched: &Mutex<Option<Instant>>) -> bool {
    let touched = *touched.lock().unwrap_or_else(PoisonError::into_inner);
    touched.is_some_and(|at| at.elapsed() < AT_WORK)
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
    fn computing_waits_for_a_frame_with_input_until_the_next() {
        let (ctx, attention) = (Context::default(), attention());
        let began = Instant::now();
        frame(&ctx, vec![Event::PointerGone], &attention);
        assert!(attention.gate.is_closed() || began.elapsed() > FRAME_OF_CPU);
        frame(&ctx, Vec::new(), &attention);
        assert!(!attention.gate.is_closed());
    }

    #[test]
    fn predictions_are_renewed_rarely_while_a_person_is_at_work() {
        let (ctx, mut attention) = (Context::default(), attention());
        let shown = |attention: &mut Attention, renews| attention.prediction(&ctx, renews, || Some(())).is_some();
        assert!(shown(&mut attention, false) && shown(&mut attention, true), "nobody is at work");
        frame(&ctx, vec![Event::PointerGone], &attention);
        assert!(!shown(&mut attention, true));
        assert!(ctx.has_requested_repaint());
        assert!(shown(&mut attention, false), "the first of a tile is shown at once");
        attention.shown = attention.shown.and_then(|at| at.checked_sub(PREDICTIONS_AT_WORK));
        assert_eq!(attention.prediction(&ctx, true, || None::<()>), None);
        assert!(shown(&mut attention, true), "none was shown for a while");
    }
}
