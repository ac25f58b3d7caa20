//! A person at work in the window is answered first: training on the CPU waits while the frame is drawn that shows what they
//! did, and what the engine brings is shown less often, so that their next move finds no frame under way.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use eframe::egui::Context;

use crate::engine::Waker;
use crate::kernels::gate;

/// A person who has done nothing for this long is not at work.
const AT_WORK: Duration = Duration::from_millis(400);
/// What the engine brings is drawn no later than this: news come many a second, and each frame takes its time from training.
const NEWS: Duration = Duration::from_millis(100);
/// The same while a person is at work.
const NEWS_AT_WORK: Duration = Duration::from_millis(300);
/// Predictions, each a whole tile to take in and compose, are shown at most this often while a person is at work.
const PREDICTIONS_AT_WORK: Duration = Duration::from_millis(1000);
/// Training waits at most this long for a frame where the CPU draws it too, which then has enough to do.
const FRAME_OF_CPU: Duration = Duration::from_millis(33);
/// The same where a graphics device draws: laying out the panels is all there is to wait for.
const FRAME_OF_GPU: Duration = Duration::from_millis(8);

/// Who is at work, and how room is made for them.
pub struct Attention {
    /// When a person last did something. The engine's thread reads it.
    touched: Arc<Mutex<Option<Instant>>>,
    /// When a prediction was last shown.
    shown: Option<Instant>,
    frame: Duration,
}

impl Attention {
    /// Nobody has done anything yet.
    pub fn new(drawn_by_cpu: bool) -> Self {
        let frame = if drawn_by_cpu { FRAME_OF_CPU } else { FRAME_OF_GPU };
        Self { touched: Arc::default(), shown: None, frame }
    }

    /// A frame begins. One that answers a person has the machine to itself until the next begins, which is soon: egui follows
    /// each input up with another frame.
    pub fn frame_begins(&self, ctx: &Context) {
        let (acts, holds) = ctx.input(|input| (!input.events.is_empty(), input.pointer.any_down()));
        if acts || holds {
            *self.touched.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        }
        gate::open();
        if acts {
            gate::close(self.frame);
        }
    }

    /// The prediction that `take` has, if it may be shown now. If not, sees to it that this is asked again.
    pub fn prediction<T>(&mut self, ctx: &Context, take: impl FnOnce() -> Option<T>) -> Option<T> {
        let since = self.shown.map_or(PREDICTIONS_AT_WORK, |at| at.elapsed());
        if is_at_work(&self.touched) && since < PREDICTIONS_AT_WORK {
            ctx.request_repaint_after(PREDICTIONS_AT_WORK - since);
            return None;
        }
        let prediction = take()?;
        self.shown = Some(Instant::now());
        Some(prediction)
    }

    /// Has news of the engine drawn soon, though not at once.
    pub fn news_waker(&self, ctx: Context) -> Waker {
        let touched = Arc::clone(&self.touched);
        Arc::new(move || ctx.request_repaint_after(if is_at_work(&touched) { NEWS_AT_WORK } else { NEWS }))
    }
}

fn is_at_work(touched: &Mutex<Option<Instant>>) -> bool {
    let touched = *touched.lock().unwrap_or_else(PoisonError::into_inner);
    touched.is_some_and(|at| at.elapsed() < AT_WORK)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn predictions_are_rare_while_a_person_is_at_work() {
        let (ctx, mut attention) = (Context::default(), Attention::new(true));
        let mut shown = || attention.prediction(&ctx, || Some(())).is_some();
        assert!(shown() && shown(), "nobody is at work");
        *attention.touched.lock().unwrap() = Some(Instant::now());
        let mut shown = || attention.prediction(&ctx, || Some(())).is_some();
        assert!(!shown());
        attention.shown = None;
        assert_eq!(attention.prediction(&ctx, || None::<()>), None);
        assert!(attention.prediction(&ctx, || Some(())).is_some(), "none was shown before");
    }
}
