//! Status codes: KS answers with their usual names and numbers (0.3). Which call gives which is said where it is called.

use std::fmt;

macro_rules! statuses {
    ($($variant:ident = $value:literal, $name:literal;)*) => {
        /// What a KS call answered.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[repr(u32)]
        pub enum Status {
            $(#[doc = concat!("`", $name, "`.")] $variant = $value,)*
        }

        impl Status {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name that users and logs see.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

statuses! {
    Success = 0x0000_0000, "SUCCESS";
    Pending = 0x0000_0103, "PENDING";
    MoreEntries = 0x0000_0105, "MORE_ENTRIES";
    NotAllAssigned = 0x0000_0106, "NOT_ALL_ASSIGNED";
    BufferOverflow = 0x8000_0005, "BUFFER_OVERFLOW";
    Unsuccessful = 0xC000_0001, "UNSUCCESSFUL";
    NotImplemented = 0xC000_0002, "NOT_IMPLEMENTED";
    InvalidParameter = 0xC000_000D, "INVALID_PARAMETER";
    InvalidDeviceRequest = 0xC000_0010, "INVALID_DEVICE_REQUEST";
    BufferTooSmall = 0xC000_0023, "BUFFER_TOO_SMALL";
    InsufficientResources = 0xC000_009A, "INSUFFICIENT_RESOURCES";
    DeviceNotReady = 0xC000_00A3, "DEVICE_NOT_READY";
    NotSupported = 0xC000_00BB, "NOT_SUPPORTED";
    Cancelled = 0xC000_0120, "CANCELLED";
    InvalidDeviceState = 0xC000_0184, "INVALID_DEVICE_STATE";
    IoDeviceError = 0xC000_0185, "IO_DEVICE_ERROR";
    InvalidBufferSize = 0xC000_0206, "INVALID_BUFFER_SIZE";
    TooManyNodes = 0xC000_020E, "TOO_MANY_NODES";
    NotFound = 0xC000_0225, "NOT_FOUND";
    PropsetNotFound = 0xC000_0230, "PROPSET_NOT_FOUND";
    NoMatch = 0xC000_0272, "NO_MATCH";
}

impl Status {
    /// The number.
    pub const fn code(self) -> u32 {
        self as u32
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} 0x{:08X}", self.name(), self.code())
    }
}
