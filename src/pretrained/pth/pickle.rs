//! Reads a pickle without executing it: what it would call is recorded by name. Only what `torch.save` writes is understood.

use std::collections::HashMap;

/// Place of a node.
pub(super) type Id = usize;

/// A value in a pickle. Others that it contains are given by place, so that no nesting can exhaust the stack.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    /// None, a truth value, a float or bytes: nothing that says where a tensor lies.
    Other,
    Int(i64),
    Text(String),
    /// Of a tuple or a list.
    Items(Vec<Id>),
    Dict(Vec<[Id; 2]>),
    /// A class or function: `module name`.
    Global(String),
    /// Something stored outside, by its id.
    Stored(Id),
    /// The result of a call of a function with arguments.
    Call(Id, Id),
}

/// All values of a pickle.
#[derive(Default)]
pub(super) struct Pickle {
    nodes: Vec<Node>,
    stack: Vec<Id>,
    /// Where the stack was at each mark.
    marks: Vec<usize>,
    memo: HashMap<usize, Id>,
}

/// Bytes of a name that means something. A longer one that is remembered could be copied without end.
pub(super) const NAME: usize = 256;
const TRUNCATED: &str = "it ends in the middle";

impl Pickle {
    /// Reads one pickle and removes it from `bytes`. Returns its values and the place of the outermost.
    ///
    /// # Errors
    /// If it is damaged, or more than data.
    pub(super) fn read(bytes: &mut &[u8]) -> Result<(Self, Id), String> {
        let mut pickle = Self::default();
        loop {
            let [code] = take(bytes)?;
            if code == b'.' {
                let root = pickle.pop()?;
                return Ok((pickle, root));
            }
            pickle.step(code, bytes)?;
        }
    }

    pub(super) fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.nodes.iter()
    }

    pub(super) fn node(&self, id: Id) -> &Node {
        &self.nodes[id]
    }

    /// The values of a tuple or list; none of anything else.
    pub(super) fn items(&self, id: Id) -> &[Id] {
        match self.node(id) {
            Node::Items(items) => items,
            _ => &[],
        }
    }

    pub(super) fn text(&self, id: Id) -> Option<&str> {
        match self.node(id) {
            Node::Text(text) | Node::Global(text) => Some(text),
            _ => None,
        }
    }

    /// A number that is not negative.
    pub(super) fn number(&self, id: Id) -> Option<usize> {
        match self.node(id) {
            Node::Int(value) => usize::try_from(*value).ok(),
            _ => None,
        }
    }

    /// One instruction. The names of the instructions are those of Python's `pickletools`.
    fn step(&mut self, code: u8, bytes: &mut &[u8]) -> Result<(), String> {
        match code {
            0x80 => drop(take::<1>(bytes)?), // PROTO
            0x95 => drop(take::<8>(bytes)?), // FRAME
            b'(' => self.marks.push(self.stack.len()),
            b'0' => drop(self.pop()?),
            b'N' | 0x88 | 0x89 => self.push(Node::Other),
            b'G' => {
                take::<8>(bytes)?;
                self.push(Node::Other);
            }
            b'K' | b'M' | b'J' | 0x8a => self.integer(code, bytes)?,
            b'X' | 0x8c | b'U' | b'T' | b'B' | b'C' => self.string(code, bytes)?,
            b'c' | 0x93 => self.global(code, bytes)?,
            b'q' | b'r' | b'h' | b'j' | 0x94 => self.remember_or_recall(code, bytes)?,
            b')' | b']' | b'}' | b't' | b'l' | b'd' | 0x85..=0x87 => self.container(code)?,
            b'a' | b'e' | b's' | b'u' => self.fill(code)?,
            b'Q' => self.wrap(Node::Stored)?,
            b'R' | 0x81 => self.call()?,
            b'b' => drop(self.pop()?), // BUILD: attributes of an object, such as a state dict's version numbers.
            other => return Err(format!("its instruction 0x{other:02x} is not one of weights")),
        }
        Ok(())
    }

    fn push(&mut self, node: Node) {
        self.nodes.push(node);
        self.stack.push(self.nodes.len() - 1);
    }

    fn pop(&mut self) -> Result<Id, String> {
        self.stack.pop().ok_or_else(|| "it takes a value that is not there".to_owned())
    }

    /// The values since the last mark.
    fn pop_to_mark(&mut self) -> Result<Vec<Id>, String> {
        let mark = self.marks.pop().filter(|mark| *mark <= self.stack.len());
        Ok(self.stack.split_off(mark.ok_or("it has no mark where one belongs")?))
    }

    fn wrap(&mut self, node: fn(Id) -> Node) -> Result<(), String> {
        let id = self.pop()?;
        self.push(node(id));
        Ok(())
    }

    fn call(&mut self) -> Result<(), String> {
        let (arguments, function) = (self.pop()?, self.pop()?);
        match self.text(function) {
            Some("collections OrderedDict") => self.push(Node::Dict(Vec::new())),
            _ => self.push(Node::Call(function, arguments)),
        }
        Ok(())
    }

    fn integer(&mut self, code: u8, bytes: &mut &[u8]) -> Result<(), String> {
        let value = match code {
            b'K' => i64::from(take::<1>(bytes)?[0]),
            b'M' => i64::from(u16::from_le_bytes(take(bytes)?)),
            b'J' => i64::from(i32::from_le_bytes(take(bytes)?)),
            _ => {
                let [len] = take(bytes)?;
                let digits = take_slice(bytes, usize::from(len))?;
                if len > 8 {
                    self.push(Node::Other); // The number that begins a file of earlier versions.
                    return Ok(());
                }
                let sign = digits.last().is_some_and(|byte| byte & 0x80 != 0);
                let mut all = [if sign { 0xff } else { 0 }; 8];
                all[..digits.len()].copy_from_slice(digits);
                i64::from_le_bytes(all)
            }
        };
        self.push(Node::Int(value));
        Ok(())
    }

    fn string(&mut self, code: u8, bytes: &mut &[u8]) -> Result<(), String> {
        let len = match code {
            0x8c | b'U' | b'C' => usize::from(take::<1>(bytes)?[0]),
            _ => u32::from_le_bytes(take(bytes)?) as usize,
        };
        let raw = take_slice(bytes, len)?;
        match code {
            b'B' | b'C' => self.push(Node::Other),
            _ => self.push(Node::Text(String::from_utf8_lossy(raw).into_owned())),
        }
        Ok(())
    }

    fn global(&mut self, code: u8, bytes: &mut &[u8]) -> Result<(), String> {
        let name = if code == b'c' {
            format!("{} {}", take_line(bytes)?, take_line(bytes)?)
        } else {
            let (name, module) = (self.pop()?, self.pop()?);
            // Names that are made of names could double at every instruction.
            let text = |id| match self.node(id) {
                Node::Text(text) if text.len() <= NAME => Ok(text),
                _ => Err("a name is not a short text"),
            };
            format!("{} {}", text(module)?, text(name)?)
        };
        self.push(Node::Global(name));
        Ok(())
    }

    fn remember_or_recall(&mut self, code: u8, bytes: &mut &[u8]) -> Result<(), String> {
        let key = match code {
            0x94 => self.memo.len(),
            b'q' | b'h' => usize::from(take::<1>(bytes)?[0]),
            _ => u32::from_le_bytes(take(bytes)?) as usize,
        };
        if matches!(code, b'h' | b'j') {
            self.stack.push(*self.memo.get(&key).ok_or("it recalls what it has not remembered")?);
        } else {
            let top = *self.stack.last().ok_or("it remembers nothing")?;
            self.memo.insert(key, top);
        }
        Ok(())
    }

    fn container(&mut self, code: u8) -> Result<(), String> {
        let items = match code {
            b')' | b']' | b'}' => Vec::new(),
            b't' | b'l' | b'd' => self.pop_to_mark()?,
            _ => {
                let first = self.stack.len().checked_sub(usize::from(code - 0x84)).ok_or(TRUNCATED)?;
                self.stack.split_off(first)
            }
        };
        match code {
            b'}' | b'd' => self.push(Node::Dict(pairs(&items))),
            _ => self.push(Node::Items(items)),
        }
        Ok(())
    }

    /// Adds to the list or dictionary below the new values. What is added to anything else is dropped.
    fn fill(&mut self, code: u8) -> Result<(), String> {
        let new = match code {
            b'a' => vec![self.pop()?],
            b's' => {
                let value = self.pop()?;
                vec![self.pop()?, value]
            }
            _ => self.pop_to_mark()?,
        };
        let top = *self.stack.last().ok_or("it fills nothing")?;
        match &mut self.nodes[top] {
            Node::Items(items) => items.extend(new),
            Node::Dict(entries) => entries.extend(pairs(&new)),
            _ => {}
        }
        Ok(())
    }
}

/// Keys with their values.
fn pairs(items: &[Id]) -> Vec<[Id; 2]> {
    items.chunks_exact(2).map(|pair| [pair[0], pair[1]]).collect()
}

pub(super) fn take<const N: usize>(bytes: &mut &[u8]) -> Result<[u8; N], String> {
    let (first, rest) = bytes.split_first_chunk::<N>().ok_or(TRUNCATED)?;
    *bytes = rest;
    Ok(*first)
}

pub(super) fn take_slice<'a>(bytes: &mut &'a [u8], len: usize) -> Result<&'a [u8], String> {
    let (first, rest) = bytes.split_at_checked(len).ok_or(TRUNCATED)?;
    *bytes = rest;
    Ok(first)
}

fn take_line(bytes: &mut &[u8]) -> Result<String, String> {
    let end = bytes.iter().position(|byte| *byte == b'\n').ok_or(TRUNCATED)?;
    let line = take_slice(bytes, end)?;
    take::<1>(bytes)?;
    Ok(String::from_utf8_lossy(line).into_owned())
}
