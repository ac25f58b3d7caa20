//! Networks in files of other programs give there what they give here.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod networks;
mod python;

use std::fs;

use burn::tensor::Device;
use networks::{difference, heads, input, logits};
use pointillist::domain::config::{Arch, Colors, Encoder, Norm};
use pointillist::exchange::Network;
use pointillist::exchange::import::{self, Unsaid};
use pointillist::exchange::safetensors_file;
use pointillist::model::Net;

/// What logits may differ by.
const TOLERANCE: f32 = 1e-4;

/// The module that `docs/weights.md` shows.
fn documented_module() -> String {
    let document = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/weights.md")).unwrap();
    let (_, rest) = document.split_once("```python\n").unwrap();
    rest.split_once("```").unwrap().0.to_owned()
}

#[test]
fn the_documented_pytorch_module_gives_our_logits() {
    let Some(python) = python::with("torch, tomllib", "the documented PyTorch module") else { return };
    let dir = tempfile::tempdir().unwrap();
    let main = "
import sys
net, (height, width) = Exported('net.safetensors'), map(int, sys.argv[1:])
images = torch.frombuffer(bytearray(open('in.bin', 'rb').read()), dtype=torch.float32).view(1, -1, height, width)
with torch.no_grad():
    open('out.bin', 'wb').write(net(images).contiguous().numpy().tobytes())
    heads = net.net.supervised(images) if hasattr(net.net, 'supervised') else [net(images)]
    open('heads.bin', 'wb').write(torch.cat(heads).contiguous().numpy().tobytes())
never = 0.0
if images.shape[1] == 3:
    rgb = torch.tensor(range(3 * height * width)).remainder(256).to(torch.uint8).view(1, 3, height, width)
    never = net.predict(rgb)[0, 1].max().item()
print(never, sum(parameter.numel() for parameter in net.parameters()), net.classes)
";
    for network in networks::all() {
        let size = [64, 96];
        let values = input(&network, size);
        python::write_floats(&dir.path().join("in.bin"), &values);
        fs::write(dir.path().join("net.safetensors"), safetensors_file::write(&network).unwrap()).unwrap();
        let script = documented_module() + main;
        let said = python::run(&python, &script, &["64", "96"], dir.path());
        let parameters = Net::new(&network.config.model, 3, &Device::flex().autodiff()).parameters();
        let wanted = format!("0.0 {parameters} ['water', 'Straße");
        assert!(said.starts_with(&wanted), "the second class is never predicted: {said} for {wanted}");
        let (ours, theirs) = (heads(&network, &values, size), python::read_floats(&dir.path().join("out.bin")));
        let largest = ours.concat().iter().fold(0.0_f32, |largest, logit| largest.max(logit.abs()));
        let of_heads = python::read_floats(&dir.path().join("heads.bin"));
        let difference = difference(ours.last().unwrap(), &theirs).max(difference(&ours.concat(), &of_heads));
        assert!(difference < TOLERANCE && largest > 0.5, "{:?}: {difference} of {largest}", network.config.model);
    }
}

#[test]
fn a_state_dict_of_the_documented_module_comes_back_as_the_same_network() {
    let Some(python) = python::with("torch, tomllib", "the state dict of the documented module") else { return };
    let dir = tempfile::tempdir().unwrap();
    let save = "\ntorch.save(Exported('net.safetensors').state_dict(), 'net.pth')\n";
    let is_plain = |network: &Network| {
        let model = &network.config.model;
        model.arch == Arch::UNet && model.encoder == Encoder::None && model.colors == Colors::ImageNet
    };
    for network in networks::all().iter().filter(|network| is_plain(network)) {
        fs::write(dir.path().join("net.safetensors"), safetensors_file::write(network).unwrap()).unwrap();
        python::run(&python, &(documented_module() + save), &[], dir.path());
        let back = import::read(&fs::read(dir.path().join("net.pth")).unwrap(), Unsaid::default()).unwrap();
        let groups =
            "the file does not say in how many groups of channels it normalises: up to 8, as here, are assumed";
        let colors = "the file does not say how the network sees colours: imagenet is assumed";
        let notes = if network.config.model.norm == Norm::Group { vec![groups, colors] } else { vec![colors] };
        assert_eq!(back.notes, notes);
        let (values, size) = (input(network, [32, 64]), [32, 64]);
        assert_eq!(back.network.config.model, network.config.model);
        assert_eq!(logits(&back.network, &values, size), logits(network, &values, size));
    }
}

#[test]
fn a_network_s_file_is_the_same_each_time_and_keeps_the_path_of_the_data_to_itself() {
    let network = &networks::all()[0];
    let bytes = safetensors_file::write(network).unwrap();
    assert_eq!(bytes, safetensors_file::write(network).unwrap());
    let text = String::from_utf8_lossy(&bytes);
    assert!(text.contains("base = 4") && !text.contains("/data/here"));
}
