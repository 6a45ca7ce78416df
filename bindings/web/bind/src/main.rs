//! Makes the script of a .wasm: what `wasm-bindgen --target web --no-typescript` does, without the minutes that building
//! its command takes.

use std::path::Path;
use std::process::ExitCode;

use wasm_bindgen_cli_support::Bindgen;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [wasm, folder] = arguments.as_slice() else {
        eprintln!("planar-web-bind FILE.wasm FOLDER");
        return ExitCode::from(2);
    };
    let made = Bindgen::new().input_path(wasm).web(true).and_then(|bindgen| {
        let bindgen = bindgen.typescript(false).remove_name_section(true).remove_producers_section(true);
        bindgen.out_name("planar").generate(Path::new(folder))
    });
    match made {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("planar-web-bind: {error:#}");
            ExitCode::FAILURE
        }
    }
}
