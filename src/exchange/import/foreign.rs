//! Translates the tensors of another program's U-Net.

use std::collections::BTreeMap;

use super::refusal;
use super::schemes::{SCHEMES, Scheme};
use crate::domain::config::{BANDS, Colors, Norm, Upsampling};
use crate::domain::{Choice as _, NamedTensor};

/// What the shapes say about a network.
#[derive(Debug, PartialEq)]
pub(super) struct Found {
    pub(super) base: usize,
    pub(super) levels: usize,
    /// Classes that it tells apart.
    pub(super) logits: usize,
    /// Bands of its input.
    pub(super) in_channels: usize,
    pub(super) norm: Norm,
    pub(super) upsampling: Upsampling,
    /// How networks under these names mostly see colours.
    pub(super) colors: Colors,
    /// What was changed, a sentence each.
    pub(super) notes: Vec<String>,
}

impl Found {
    /// How it sees colours, if nobody says; that this is a guess is noted.
    pub(super) fn assumed_colors(&mut self) -> Colors {
        let name = self.colors.name();
        self.notes.push(format!("the file does not say how the network sees colours: {name} is assumed"));
        self.colors
    }
}

/// The tensors under our names.
///
/// # Errors
/// If no scheme fits, or a layer is none of ours; the message names it.
pub(super) fn translate(tensors: Vec<NamedTensor>) -> Result<(Vec<NamedTensor>, Found), String> {
    let Some((scheme, prefix)) = SCHEMES.iter().find_map(|scheme| Some((scheme, prefix(scheme, &tensors)?))) else {
        return Err(refusal::no_scheme(&tensors));
    };
    let prefix = prefix?;
    let left = stripped(tensors, &prefix)?;
    let base = left[&scheme.first_weights()].shape.first().copied().unwrap_or(0);
    let is_there =
        |level: &usize| left.contains_key(&format!("{}.{}.weight", (scheme.encoder)(*level), scheme.parts[0]));
    let levels = (0..).take_while(is_there).count();
    if !(1..=256).contains(&base) || !(2..=7).contains(&levels) {
        return Err(format!("it has {levels} levels and {base} channels: 2 to 7, and 1 to 256, can be built"));
    }
    let (norm, upsampling, in_channels) = (norm(scheme, &left), upsampling(scheme, &left), bands(scheme, &left));
    let notes = (norm == Norm::Group).then(assumed_groups).into_iter().collect();
    let mut translation = Translation { scheme, base, in_channels, norm, upsampling, left, done: Vec::new(), notes };
    translation.encoder(levels)?;
    translation.decoder(levels)?;
    let logits = translation.head()?;
    let Translation { left, done, notes, .. } = translation;
    match left.into_keys().next() {
        Some(name) => Err(format!("{name} belongs to no layer of a U-Net as this program builds it")),
        None => Ok((done, Found { base, levels, logits, in_channels, norm, upsampling, colors: scheme.colors, notes })),
    }
}

/// What comes before the names, such as `module.`; `None` if the file follows another scheme.
fn prefix(scheme: &Scheme, tensors: &[NamedTensor]) -> Option<Result<String, String>> {
    let name = scheme.first_weights();
    let of_scheme = tensors.iter().filter_map(|tensor| tensor.name.strip_suffix(&name));
    let prefixes: Vec<&str> = of_scheme.filter(|prefix| prefix.is_empty() || prefix.ends_with('.')).collect();
    match prefixes.as_slice() {
        [] => None,
        [prefix] => Some(Ok((*prefix).to_owned())),
        several => Some(Err(format!("it holds several networks ({}): save one of them alone", several.join(", ")))),
    }
}

/// The tensors by what comes after the prefix of all of them.
fn stripped(tensors: Vec<NamedTensor>, prefix: &str) -> Result<BTreeMap<String, NamedTensor>, String> {
    let strip = |tensor: NamedTensor| match tensor.name.strip_prefix(prefix) {
        Some(name) => Ok((name.to_owned(), tensor)),
        None => Err(format!("{} is no part of the network {prefix}…: save that one alone", tensor.name)),
    };
    tensors.into_iter().map(strip).collect()
}

/// What normalises: group norm has no running statistics.
fn norm(scheme: &Scheme, tensors: &BTreeMap<String, NamedTensor>) -> Norm {
    let [_, norm, ..] = scheme.parts;
    let has_statistics = tensors.contains_key(&format!("{}.{norm}.running_mean", (scheme.encoder)(0)));
    if scheme.is_ours && !has_statistics { Norm::Group } else { Norm::Batch }
}

/// State dicts do not hold the number of groups.
fn assumed_groups() -> String {
    "the file does not say in how many groups of channels it normalises: up to 8, as here, are assumed".to_owned()
}

/// Bands of the input. Those of other programs see colours.
fn bands(scheme: &Scheme, tensors: &BTreeMap<String, NamedTensor>) -> usize {
    let first = tensors.get(&scheme.first_weights()).filter(|_| scheme.is_ours);
    first.and_then(|weight| weight.shape.get(1)).copied().unwrap_or(BANDS)
}

/// What doubles height and width, by its window.
fn upsampling(scheme: &Scheme, tensors: &BTreeMap<String, NamedTensor>) -> Upsampling {
    let first = tensors.get(&format!("{}.weight", (scheme.up)(0)));
    match first.and_then(|weight| weight.shape.get(2..)) {
        Some([3, 3]) if scheme.is_ours => Upsampling::Nearest,
        _ => Upsampling::Transposed,
    }
}

struct Translation<'a> {
    scheme: &'a Scheme,
    base: usize,
    in_channels: usize,
    norm: Norm,
    upsampling: Upsampling,
    left: BTreeMap<String, NamedTensor>,
    done: Vec<NamedTensor>,
    notes: Vec<String>,
}

impl Translation<'_> {
    fn width(&self, level: usize) -> usize {
        self.base << level
    }

    fn encoder(&mut self, levels: usize) -> Result<(), String> {
        for level in 0..levels {
            let above = if level == 0 { self.in_channels } else { self.width(level - 1) };
            self.block((self.scheme.encoder)(level), format!("encoders.{level}"), [above, self.width(level)])?;
        }
        Ok(())
    }

    fn decoder(&mut self, levels: usize) -> Result<(), String> {
        for step in 0..levels - 1 {
            let (width, below) = (self.width(levels - 2 - step), self.width(levels - 1 - step));
            let name = (self.scheme.up)(step);
            let shape = match self.upsampling {
                Upsampling::Transposed => [below, width, 2, 2],
                Upsampling::Nearest => [width, below, 3, 3],
            };
            let weight = self.take(&format!("{name}.weight"), &shape)?;
            let bias = self.take_or_zeros(&format!("{name}.bias"), width)?;
            self.give(format!("ups.{step}.weight"), weight);
            self.give(format!("ups.{step}.bias"), bias);
            let ours = format!("decoders.{step}");
            self.block((self.scheme.decoder)(step), ours.clone(), [2 * width, width])?;
            if self.scheme.up_first {
                self.swap_inputs(&format!("{ours}.first.conv.weight"));
            }
        }
        Ok(())
    }

    /// Returns the number of classes. A single logit z against 0 is the same as two logits 0 and z.
    fn head(&mut self) -> Result<usize, String> {
        let name = self.scheme.head;
        let logits = self.left.get(&format!("{name}.weight")).and_then(|weight| weight.shape.first().copied());
        let logits = logits.unwrap_or(0);
        let mut weight = self.take(&format!("{name}.weight"), &[logits, self.base, 1, 1])?;
        let mut bias = self.take_or_zeros(&format!("{name}.bias"), logits)?;
        if logits == 1 {
            (weight.shape[0], bias.shape[0]) = (2, 2);
            weight.values.splice(0..0, vec![0.0; self.base]);
            bias.values.insert(0, 0.0);
            self.notes.push("its one logit z becomes the logits 0 and z of two classes".to_owned());
        }
        self.give("head.weight".to_owned(), weight);
        self.give("head.bias".to_owned(), bias);
        Ok(logits.max(2))
    }

    fn block(&mut self, theirs: String, ours: String, [inputs, outputs]: [usize; 2]) -> Result<(), String> {
        let [first, first_norm, second, second_norm] = self.scheme.parts;
        let stages = [("first", first, first_norm, inputs), ("second", second, second_norm, outputs)];
        for (stage, conv, norm, inputs) in stages {
            let weight = self.take(&format!("{theirs}.{conv}.weight"), &[outputs, inputs, 3, 3])?;
            self.give(format!("{ours}.{stage}.conv.weight"), weight);
            self.give_norm(
                [format!("{theirs}.{conv}"), format!("{theirs}.{norm}"), format!("{ours}.{stage}.norm")],
                outputs,
            )?;
        }
        Ok(())
    }

    fn give_norm(&mut self, [conv, theirs, ours]: [String; 3], channels: usize) -> Result<(), String> {
        for part in ["weight", "bias"] {
            let values = self.take(&format!("{theirs}.{part}"), &[channels])?;
            self.give(format!("{ours}.{part}"), values);
        }
        if self.norm == Norm::Group {
            return Ok(());
        }
        // Batch norm subtracts a bias together with the mean.
        let bias = self.take_or_zeros(&format!("{conv}.bias"), channels)?;
        let mut mean = self.take(&format!("{theirs}.running_mean"), &[channels])?;
        mean.values.iter_mut().zip(&bias.values).for_each(|(mean, bias)| *mean -= bias);
        self.give(format!("{ours}.running_mean"), mean);
        let variance = self.take(&format!("{theirs}.running_var"), &[channels])?;
        self.give(format!("{ours}.running_var"), variance);
        Ok(())
    }

    /// Exchanges both halves of the input channels.
    fn swap_inputs(&mut self, name: &str) {
        for weight in self.done.iter_mut().filter(|tensor| tensor.name == name) {
            let each = weight.shape[1..].iter().product::<usize>();
            weight.values.chunks_exact_mut(each).for_each(|output| output.rotate_left(each / 2));
        }
    }

    fn give(&mut self, name: String, tensor: NamedTensor) {
        self.done.push(NamedTensor { name, ..tensor });
    }

    fn take_or_zeros(&mut self, name: &str, count: usize) -> Result<NamedTensor, String> {
        if self.left.contains_key(name) {
            return self.take(name, &[count]);
        }
        Ok(NamedTensor { name: name.to_owned(), shape: vec![count], values: vec![0.0; count] })
    }

    fn take(&mut self, name: &str, shape: &[usize]) -> Result<NamedTensor, String> {
        let tensor = self.left.remove(name).ok_or_else(|| format!("there is no tensor {name}"))?;
        if tensor.shape == shape {
            return Ok(tensor);
        }
        let window = refusal::foreign_window(&tensor.shape, shape);
        Err(window.map_or_else(
            || format!("{name} has the shape {:?} where {shape:?} belongs", tensor.shape),
            |window| format!("{name} {window}"),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A U-Net with 2 base channels and 3 levels under the names of a scheme. Values tell all numbers of a tensor apart.
    fn example(scheme: &Scheme, logits: usize) -> Vec<NamedTensor> {
        let mut all = Vec::new();
        let mut add = |name: String, shape: &[usize]| {
            let count = shape.iter().product::<usize>();
            all.push(NamedTensor { name, shape: shape.to_vec(), values: (0..count).map(|at| at as f32).collect() });
        };
        let blocks = [(0, 3, 2), (1, 2, 4), (2, 4, 8)].map(|(level, from, to)| ((scheme.encoder)(level), from, to));
        let decoders = [(0, 8, 4), (1, 4, 2)].map(|(step, from, to)| ((scheme.decoder)(step), from, to));
        let [first, first_norm, second, second_norm] = scheme.parts;
        for (block, from, to) in blocks.into_iter().chain(decoders) {
            add(format!("{block}.{first}.weight"), &[to, from, 3, 3]);
            add(format!("{block}.{second}.weight"), &[to, to, 3, 3]);
            for norm in [first_norm, second_norm] {
                for part in ["weight", "bias", "running_mean", "running_var"] {
                    add(format!("{block}.{norm}.{part}"), &[to]);
                }
            }
        }
        for (step, from, to) in [(0, 8, 4), (1, 4, 2)] {
            add(format!("{}.weight", (scheme.up)(step)), &[from, to, 2, 2]);
            add(format!("{}.bias", (scheme.up)(step)), &[to]);
        }
        add(format!("{}.weight", scheme.head), &[logits, 2, 1, 1]);
        add(format!("{}.bias", scheme.head), &[logits]);
        all
    }

    fn translated(tensors: Vec<NamedTensor>) -> (BTreeMap<String, NamedTensor>, Found) {
        let (tensors, found) = translate(tensors).unwrap();
        (tensors.into_iter().map(|tensor| (tensor.name.clone(), tensor)).collect(), found)
    }

    #[test]
    fn every_scheme_becomes_ours() {
        let ours: BTreeMap<String, NamedTensor> =
            example(&SCHEMES[0], 3).into_iter().map(|tensor| (tensor.name.clone(), tensor)).collect();
        for scheme in &SCHEMES {
            let mut prefixed = example(scheme, 3);
            prefixed.iter_mut().for_each(|tensor| tensor.name.insert_str(0, "module."));
            for tensors in [example(scheme, 3), prefixed] {
                let (mut got, found) = translated(tensors);
                let colors = scheme.colors;
                let (norm, upsampling) = (Norm::Batch, Upsampling::Transposed);
                let wanted = Found {
                    base: 2,
                    levels: 3,
                    logits: 3,
                    in_channels: 3,
                    norm,
                    upsampling,
                    colors,
                    notes: Vec::new(),
                };
                assert_eq!(found, wanted);
                if scheme.up_first {
                    let first = got.get_mut("decoders.1.first.conv.weight").unwrap();
                    assert_eq!((first.values[0], first.values[18], first.values[36]), (18.0, 0.0, 54.0));
                    *first = ours["decoders.1.first.conv.weight"].clone();
                    let other = "decoders.0.first.conv.weight";
                    got.insert(other.to_owned(), ours[other].clone());
                }
                assert_eq!(got, ours, "{}", scheme.head);
            }
        }
    }

    #[test]
    fn a_single_logit_becomes_two_and_a_bias_moves_to_the_mean() {
        let mut tensors = example(&SCHEMES[1], 1);
        let name = "encoder.encoder_blocks.0.double_conv2d.3.bias".to_owned();
        tensors.push(NamedTensor { name, shape: vec![2], values: vec![0.5, 2.0] });
        let (got, found) = translated(tensors);
        assert_eq!((found.logits, found.notes.len()), (2, 1));
        assert_eq!(got["head.weight"].values, [0.0, 0.0, 0.0, 1.0]);
        assert_eq!((&got["head.weight"].shape, &got["head.bias"].shape), (&vec![2, 2, 1, 1], &vec![2]));
        assert_eq!(got["encoders.0.second.norm.running_mean"].values, [-0.5, -1.0]);
    }

    #[test]
    fn what_does_not_fit_is_named_as_the_file_names_it() {
        let refused = |change: fn(&mut Vec<NamedTensor>)| {
            let mut tensors = example(&SCHEMES[2], 3);
            change(&mut tensors);
            translate(tensors).unwrap_err()
        };
        assert!(refused(|all| all[0].shape = vec![2, 4, 3, 3]).starts_with("inc.double_conv.0.weight has the shape"));
        let window = refused(|all| all[0].shape = vec![2, 3, 7, 7]);
        assert_eq!(window, "inc.double_conv.0.weight has windows of 7×7 pixels where 3×3 belong");
        let missing = refused(|all| all.retain(|tensor| tensor.name != "up2.up.weight"));
        assert_eq!(missing, "there is no tensor up2.up.weight");
        let more = NamedTensor { name: "gate.weight".to_owned(), shape: vec![1], values: vec![0.0] };
        let mut with_gate = example(&SCHEMES[2], 3);
        with_gate.push(more);
        assert!(translate(with_gate).unwrap_err().starts_with("gate.weight belongs to no layer"));
        let mut two = example(&SCHEMES[2], 3);
        two.extend(example(&SCHEMES[2], 3));
        two[0].name.insert_str(0, "ema.");
        assert!(translate(two).unwrap_err().contains("several networks"));
        let mut beside = example(&SCHEMES[2], 3);
        beside.iter_mut().for_each(|tensor| tensor.name.insert_str(0, "model."));
        beside.push(NamedTensor { name: "outc.conv.bias".to_owned(), shape: vec![3], values: vec![9.0; 3] });
        let outside = translate(beside).unwrap_err();
        assert!(outside.starts_with("outc.conv.bias is no part of the network model."), "{outside}");
        assert!(translate(Vec::new()).unwrap_err().contains("no U-Net"));
    }
}
