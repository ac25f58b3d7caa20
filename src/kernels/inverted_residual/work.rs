//! How the work is divided: by images, shares of the wide channels, and groups of a share.

use std::ops::Range;

use super::window::Window;

/// Tasks a batch is divided into, if it has fewer images.
const TASKS: usize = 8;
/// Channels of a share, at least. Each share makes a pass over the block's output.
const SMALLEST_SHARE: usize = 16;
/// Values in the buffers of a group: 1 MiB, half of a second-level cache.
const GROUP_VALUES: usize = 1 << 18;
/// Channels of a group, at least. Matrix products of fewer are slow.
const SMALLEST_GROUP: usize = 8;

/// A task: an image and a share of the wide channels.
#[derive(Clone, Debug)]
pub(super) struct Task {
    pub(super) image: usize,
    pub(super) channels: Range<usize>,
}

/// The tasks of a batch, image by image. They depend on sizes only, not on the number of threads.
pub(super) fn tasks(batch: usize, wide: usize) -> Vec<Task> {
    let shares = TASKS.div_ceil(batch.max(1));
    let each = wide.div_ceil(shares).max(SMALLEST_SHARE);
    let share = move |image| {
        (0..wide).step_by(each).map(move |first| Task { image, channels: first..(first + each).min(wide) })
    };
    (0..batch).flat_map(share).collect()
}

/// The groups of a share: as many channels as keep a group's buffers in cache.
pub(super) fn groups(channels: Range<usize>, window: Window) -> impl Iterator<Item = Range<usize>> {
    let (input, output) = (window.channel_len(), window.output_len());
    let fitting = (GROUP_VALUES / (2 * input + 3 * output)).max(SMALLEST_GROUP);
    let count = channels.len().div_ceil(fitting).max(1);
    let each = channels.len().div_ceil(count).max(1);
    let end = channels.end;
    channels.step_by(each).map(move |first| first..(first + each).min(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_cover_every_channel_of_every_image_once() {
        for (batch, wide) in [(1, 32), (1, 1152), (4, 96), (3, 17), (9, 240)] {
            let mut seen = vec![0; batch * wide];
            for Task { image, channels } in tasks(batch, wide) {
                let window = Window { side: 5, stride: 2, height: 64, width: 64 };
                groups(channels, window).flatten().for_each(|channel| seen[image * wide + channel] += 1);
            }
            assert!(seen.iter().all(|&times| times == 1), "{batch} {wide}");
        }
    }
}
