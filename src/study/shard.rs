//! Where a worker starts looking for something to do.

use std::fmt;
use std::str::FromStr;

/// Worker `k` of `n`. It only spreads workers over the queue: each one goes through all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// From 1.
    pub k: usize,
    /// 1 or more.
    pub n: usize,
}

impl Default for Shard {
    fn default() -> Self {
        Self { k: 1, n: 1 }
    }
}

impl Shard {
    /// The places of a queue in the order in which this worker looks at them.
    pub fn order(self, len: usize) -> impl Iterator<Item = usize> {
        let start = (self.k - 1) * len / self.n;
        (start..len).chain(0..start)
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = |text: &str| text.trim().parse::<usize>().ok();
        let parts = text.split_once('/').and_then(|(k, n)| number(k).zip(number(n)));
        match parts {
            Some((k, n)) if (1..=n).contains(&k) => Ok(Self { k, n }),
            _ => Err(format!("'{text}' is no part of a whole: give k/n with k from 1 to n, such as 2/4")),
        }
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.k, self.n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_worker_goes_through_the_whole_queue() {
        let order = |text: &str, len| text.parse::<Shard>().unwrap().order(len).collect::<Vec<_>>();
        assert_eq!(order("1/3", 7), [0, 1, 2, 3, 4, 5, 6]);
        assert_eq!(order("2/3", 7), [2, 3, 4, 5, 6, 0, 1]);
        assert_eq!(order("3/3", 7), [4, 5, 6, 0, 1, 2, 3]);
        assert_eq!(order("5/8", 2), [1, 0]);
        assert!(order("2/2", 0).is_empty());
    }

    #[test]
    fn what_is_no_shard_is_refused() {
        for text in ["0/2", "3/2", "1", "1/0", "a/b", "-1/2", ""] {
            assert!(text.parse::<Shard>().unwrap_err().contains("k/n"), "{text}");
        }
        assert_eq!("2/4".parse::<Shard>().unwrap().to_string(), "2/4");
    }
}
