//! Where a tensor's values lie in their storage, and how they are stored.

use super::pickle::{Id, NAME, Node, Pickle};

/// Dimensions of a tensor at most.
const DIMENSIONS: usize = 8;

/// Type of the stored values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    F64,
    F32,
    F16,
    Bf16,
    /// Integers of this many bytes, which no layer's weights are.
    Integers(usize),
}

impl Kind {
    fn of(storage: &str) -> Option<Self> {
        Some(match storage.rsplit(' ').next()? {
            "DoubleStorage" => Self::F64,
            "FloatStorage" => Self::F32,
            "HalfStorage" => Self::F16,
            "BFloat16Storage" => Self::Bf16,
            "LongStorage" => Self::Integers(8),
            "IntStorage" => Self::Integers(4),
            "ShortStorage" => Self::Integers(2),
            "CharStorage" | "ByteStorage" | "BoolStorage" => Self::Integers(1),
            _ => return None,
        })
    }

    /// Bytes of a value.
    pub(super) fn size(self) -> usize {
        match self {
            Self::F64 => 8,
            Self::F32 => 4,
            Self::F16 | Self::Bf16 => 2,
            Self::Integers(size) => size,
        }
    }

    fn value(self, bytes: &[u8]) -> Option<f32> {
        match self {
            Self::F64 => Some(f64::from_le_bytes(bytes.try_into().ok()?) as f32),
            Self::F32 => Some(f32::from_le_bytes(bytes.try_into().ok()?)),
            Self::F16 => Some(half::f16::from_le_bytes(bytes.try_into().ok()?).to_f32()),
            Self::Bf16 => Some(half::bf16::from_le_bytes(bytes.try_into().ok()?).to_f32()),
            Self::Integers(_) => None,
        }
    }
}

/// Key and type of a storage that is given as `("storage", type, key, device, count)`.
pub(super) fn storage_of<'a>(pickle: &'a Pickle, node: &Node) -> Option<(&'a str, Kind)> {
    let Node::Stored(storage) = node else { return None };
    let [_, kind, key, ..] = pickle.items(*storage) else { return None };
    let key = pickle.text(*key).filter(|key| key.len() <= NAME)?;
    Some((key, Kind::of(pickle.text(*kind)?)?))
}

/// How a tensor is stored that [`Place::of`] does not know: the type of its storage, or PyTorch's function that would build it.
/// `None` if it is no tensor at all.
pub(super) fn unread(pickle: &Pickle, id: Id) -> Option<String> {
    let Node::Call(function, arguments) = pickle.node(id) else { return None };
    let builder = pickle.text(*function)?.strip_prefix("torch._utils ").filter(|name| name.starts_with("_rebuild"))?;
    let storage = pickle.items(*arguments).first().map(|first| pickle.node(*first));
    let kind = storage.and_then(|node| match node {
        Node::Stored(storage) => pickle.text(*pickle.items(*storage).get(1)?),
        _ => None,
    });
    let is_known = kind.is_some_and(|kind| Kind::of(kind).is_some());
    kind.filter(|kind| kind.len() <= NAME && !is_known).or(Some(builder)).map(str::to_owned)
}

/// Where a tensor lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Key of its storage.
    pub(super) key: String,
    pub(super) kind: Kind,
    /// Values before its first one.
    offset: usize,
    pub(super) shape: Vec<usize>,
    /// Values from one to the next along each dimension.
    strides: Vec<usize>,
}

impl Place {
    /// The tensor that a call of PyTorch's gives; `None` if it gives something else.
    pub(super) fn of(pickle: &Pickle, id: Id) -> Option<Self> {
        let call = |id: Id| match pickle.node(id) {
            Node::Call(function, arguments) => Some((pickle.text(*function)?, pickle.items(*arguments))),
            _ => None,
        };
        let (mut name, mut arguments) = call(id)?;
        if name == "torch._utils _rebuild_parameter" {
            (name, arguments) = call(*arguments.first()?)?;
        }
        match name {
            "torch._utils _rebuild_tensor_v2" | "torch._utils _rebuild_tensor" => Self::rebuilt(pickle, arguments),
            _ => None,
        }
    }

    /// From storage, offset, shape and strides.
    fn rebuilt(pickle: &Pickle, arguments: &[Id]) -> Option<Self> {
        let [storage, offset, shape, strides, ..] = arguments else { return None };
        let (key, kind) = storage_of(pickle, pickle.node(*storage))?;
        let numbers = |id: &Id| {
            let items = pickle.items(*id);
            let numbers = || items.iter().map(|id| pickle.number(*id)).collect::<Option<Vec<_>>>();
            (items.len() <= DIMENSIONS).then(numbers)?
        };
        let (shape, strides) = (numbers(shape)?, numbers(strides)?);
        let place = Self { key: key.to_owned(), kind, offset: pickle.number(*offset)?, shape, strides };
        (place.shape.len() == place.strides.len()).then_some(place)
    }

    /// Values it has; `None` if nobody could store as many.
    pub(super) fn count(&self) -> Option<usize> {
        self.shape.iter().try_fold(1_usize, |count, side| count.checked_mul(*side))
    }

    /// Its values in row-major order.
    pub(super) fn values(&self, storage: &[u8]) -> Result<Vec<f32>, String> {
        let count = self.count().unwrap_or_default();
        (0..count).map(|nth| self.value(storage, nth)).collect()
    }

    fn value(&self, storage: &[u8], nth: usize) -> Result<f32, String> {
        let (mut rest, mut at) = (nth, Some(self.offset));
        for (side, stride) in self.shape.iter().zip(&self.strides).rev() {
            at = at.and_then(|at| at.checked_add((rest % side).checked_mul(*stride)?));
            rest /= side;
        }
        let size = self.kind.size();
        let start = at.and_then(|at| at.checked_mul(size));
        let bytes =
            start.and_then(|start| storage.get(start..start.checked_add(size)?)).ok_or("its storage is too short")?;
        self.kind.value(bytes).ok_or_else(|| "its values are integers".to_owned())
    }
}
