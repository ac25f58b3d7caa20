//! Optimiser steps.

pub mod adam;
