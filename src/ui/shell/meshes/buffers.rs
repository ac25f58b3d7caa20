//! Vertex and index buffers for the meshes of a frame. They grow as needed.

use std::ops::Range;

use eframe::egui::Mesh;
use eframe::egui::epaint::Vertex;
use eframe::wgpu;

/// Where a mesh lies in the buffers.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct MeshSlice {
    pub(crate) indices: Range<u32>,
    pub(crate) first_corner: i32,
}

/// Each buffer with the vector its content is collected in.
pub(crate) struct Buffers {
    corners: (wgpu::Buffer, Vec<Vertex>),
    indices: (wgpu::Buffer, Vec<u32>),
}

impl Buffers {
    pub(crate) fn new(device: &wgpu::Device) -> Self {
        let buffer = |usage| buffer(device, 1 << 16, usage);
        Self {
            corners: (buffer(wgpu::BufferUsages::VERTEX), Vec::new()),
            indices: (buffer(wgpu::BufferUsages::INDEX), Vec::new()),
        }
    }

    /// Replaces the content of the buffers. Returns where each mesh went.
    pub(crate) fn upload<'a>(
        &mut self,
        device: &wgpu::Device,
        queue: &wgpu::Queue,
        meshes: impl Iterator<Item = &'a Mesh>,
    ) -> Vec<MeshSlice> {
        let (corners, indices) = (&mut self.corners.1, &mut self.indices.1);
        corners.clear();
        indices.clear();
        let slices = meshes.map(|mesh| append(mesh, corners, indices)).collect();
        write(device, queue, &mut self.corners.0, bytemuck::cast_slice(corners));
        write(device, queue, &mut self.indices.0, bytemuck::cast_slice(indices));
        slices
    }

    /// Handles of the vertex and the index buffer.
    pub(crate) fn handles(&self) -> [wgpu::Buffer; 2] {
        [self.corners.0.clone(), self.indices.0.clone()]
    }
}

fn append(mesh: &Mesh, corners: &mut Vec<Vertex>, indices: &mut Vec<u32>) -> MeshSlice {
    let (first_corner, first) = (corners.len() as i32, indices.len() as u32);
    corners.extend_from_slice(&mesh.vertices);
    indices.extend_from_slice(&mesh.indices);
    MeshSlice { indices: first..indices.len() as u32, first_corner }
}

fn write(device: &wgpu::Device, queue: &wgpu::Queue, to: &mut wgpu::Buffer, bytes: &[u8]) {
    if bytes.len() as u64 > to.size() {
        *to = buffer(device, bytes.len().next_power_of_two() as u64, to.usage());
    }
    if !bytes.is_empty() {
        queue.write_buffer(to, 0, bytes);
    }
}

fn buffer(device: &wgpu::Device, size: u64, usage: wgpu::BufferUsages) -> wgpu::Buffer {
    device.create_buffer(&wgpu::BufferDescriptor {
        label: Some("meshes"),
        size,
        usage: usage | wgpu::BufferUsages::COPY_DST,
        mapped_at_creation: false,
    })
}
