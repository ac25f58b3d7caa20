//! Modules that are one of several. Burn's derive puts the variant of an enum into the paths of its parameters, which are keys in
//! checkpoints; here the parameters are those of the field that holds the enum.

/// Makes an enum a module. Each of its variants holds one.
macro_rules! transparent_module {
    ($Enum:ident { $($Variant:ident),+ }) => {
        impl burn::module::Module for $Enum {
            fn collect_devices(&self, devices: burn::module::Devices) -> burn::module::Devices {
                match self {
                    $(Self::$Variant(module) => burn::module::Module::collect_devices(module, devices),)+
                }
            }

            fn fork(self, device: &burn::tensor::Device) -> Self {
                match self {
                    $(Self::$Variant(module) => Self::$Variant(burn::module::Module::fork(module, device)),)+
                }
            }

            fn to_device(self, device: &burn::tensor::Device) -> Self {
                match self {
                    $(Self::$Variant(module) => Self::$Variant(burn::module::Module::to_device(module, device)),)+
                }
            }

            fn train(self) -> Self {
                match self {
                    $(Self::$Variant(module) => Self::$Variant(burn::module::Module::train(module)),)+
                }
            }

            fn valid(&self) -> Self {
                match self {
                    $(Self::$Variant(module) => Self::$Variant(burn::module::Module::valid(module)),)+
                }
            }

            fn materialize(self) -> Self {
                match self {
                    $(Self::$Variant(module) => Self::$Variant(burn::module::Module::materialize(module)),)+
                }
            }

            fn visit<Visitor: burn::module::ModuleVisitor>(&self, visitor: &mut Visitor) {
                match self {
                    $(Self::$Variant(module) => burn::module::Module::visit(module, visitor),)+
                }
            }

            fn map<Mapper: burn::module::ModuleMapper>(self, mapper: &mut Mapper) -> Self {
                match self {
                    $(Self::$Variant(module) => Self::$Variant(burn::module::Module::map(module, mapper)),)+
                }
            }
        }

        impl burn::module::ModuleDisplayDefault for $Enum {
            fn content(&self, content: burn::module::Content) -> Option<burn::module::Content> {
                match self {
                    $(Self::$Variant(module) => burn::module::ModuleDisplayDefault::content(module, content),)+
                }
            }

            fn num_params(&self) -> usize {
                burn::module::Module::num_params(self)
            }
        }

        impl burn::module::ModuleDisplay for $Enum {}
    };
}

pub(super) use transparent_module;
