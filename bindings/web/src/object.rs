//! Objects of JavaScript: what is said, from JSON, and arrays beside it, which the page gets without a copy of its own.

use js_sys::{Array, Float32Array, Float64Array, JSON, Reflect, Uint8Array};
use serde_json::Value;
use wasm_bindgen::JsValue;

/// An object that is made field by field.
pub struct Object(JsValue);

impl Object {
    /// The fields of a JSON object; numbers that are not finite are null.
    pub fn new(said: Value) -> Self {
        // what serde writes is JSON
        Self(JSON::parse(&said.to_string()).unwrap_or(JsValue::NULL))
    }

    /// With an array of single precision.
    pub fn floats(self, name: &str, values: &[f32]) -> Self {
        self.with(name, &Float32Array::from(values))
    }

    /// With an array of double precision.
    pub fn doubles(self, name: &str, values: &[f64]) -> Self {
        self.with(name, &Float64Array::from(values))
    }

    /// With the bytes of a file.
    pub fn bytes(self, name: &str, bytes: &[u8]) -> Self {
        self.with(name, &Uint8Array::from(bytes).buffer())
    }

    /// With a list of objects.
    pub fn list(self, name: &str, objects: Vec<Self>) -> Self {
        let list: Array = objects.into_iter().map(JsValue::from).collect();
        self.with(name, &list)
    }

    fn with(self, name: &str, value: &JsValue) -> Self {
        // an object that was just made takes any field
        let _ = Reflect::set(&self.0, &name.into(), value);
        self
    }
}

impl From<Object> for JsValue {
    fn from(object: Object) -> Self {
        object.0
    }
}
