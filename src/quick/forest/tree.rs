//! A decision tree.

use serde::{Deserialize, Serialize};

/// Marks a leaf.
const LEAF: u32 = u32::MAX;

/// A node. Samples whose feature is at most the threshold go to the first child, others to the second.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Node {
    /// The feature that is asked, or [`LEAF`].
    feature: u32,
    threshold: f32,
    /// Place of the first child, beside the second; of a leaf, where its shares begin.
    next: u32,
}

/// A tree whose leaves say which share of what they learned from has each class.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Tree {
    classes: usize,
    nodes: Vec<Node>,
    /// `[leaves, classes]`
    shares: Vec<f32>,
}

impl Tree {
    /// A root that is neither split nor a leaf yet.
    pub(super) fn sprout(classes: usize) -> Self {
        Self { classes, nodes: vec![Node { feature: LEAF, threshold: 0.0, next: 0 }], shares: Vec::new() }
    }

    /// Makes a leaf of a node. `weights`: what it holds of each class.
    pub(super) fn end(&mut self, node: usize, weights: &[f64]) {
        let sum: f64 = weights.iter().sum();
        self.nodes[node] = Node { feature: LEAF, threshold: 0.0, next: self.shares.len() as u32 };
        self.shares.extend(weights.iter().map(|weight| (weight / sum) as f32));
    }

    /// Splits a node. Returns the places of both children.
    pub(super) fn split(&mut self, node: usize, feature: usize, threshold: f32) -> [usize; 2] {
        let first = self.nodes.len();
        self.nodes[node] = Node { feature: feature as u32, threshold, next: first as u32 };
        self.nodes.extend([Node { feature: LEAF, threshold: 0.0, next: 0 }; 2]);
        [first, first + 1]
    }

    /// Nodes.
    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether every way ends in a leaf with a share for each class: children come after their node.
    pub(super) fn fits(&self, classes: usize, features: usize) -> bool {
        let fits = |(place, node): (usize, &Node)| {
            let next = node.next as usize;
            match node.feature {
                LEAF => next + classes <= self.shares.len(),
                feature => (feature as usize) < features && next > place && next + 1 < self.nodes.len(),
            }
        };
        self.classes == classes && !self.nodes.is_empty() && self.nodes.iter().enumerate().all(fits)
    }

    /// The shares of the classes in the leaf that a sample comes to.
    pub(super) fn shares(&self, features: &[f32]) -> &[f32] {
        let mut node = self.nodes[0];
        while node.feature != LEAF {
            let is_second = features[node.feature as usize] > node.threshold;
            node = self.nodes[node.next as usize + usize::from(is_second)];
        }
        &self.shares[node.next as usize..][..self.classes]
    }
}
