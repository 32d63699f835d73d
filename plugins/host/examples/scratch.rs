use std::sync::Arc;
use std::time::{Duration, Instant};
use tapline_host::*;

struct Any;
impl Resolver for Any {
    fn component(&self, _: &str) -> Result<(), String> { Ok(()) }
    fn event(&self, _: &str) -> Result<(), String> { Ok(()) }
    fn read(&self, _: &str, _: Kind) -> Result<(), String> { Ok(()) }
    fn write(&self, _: &str, _: Kind) -> Result<(), String> { Ok(()) }
    fn destination(&self, _: &str) -> Result<(), String> { Ok(()) }
}

fn settings(config: &str) -> Settings {
    Settings { limits: Limits::default(), config: config.into(), resolver: Arc::new(Any), saved: None }
}

fn main() {
    let core = std::fs::read(std::env::args().nth(1).unwrap()).unwrap();
    let wasm = tapline_plugin_build::componentize("t", &core).unwrap();
    println!("core {} component {}", core.len(), wasm.len());
    let t = Instant::now();
    let engine = Engine::new().unwrap();
    println!("engine {:?}", t.elapsed());
    let t = Instant::now();
    let plugin = Plugin::compile(&engine, &wasm).unwrap();
    println!("compile {:?}", t.elapsed());
    let code = Engine::precompile(&wasm).unwrap();
    let t = Instant::now();
    let plugin2 = unsafe { Plugin::shipped(&engine, &wasm, &code) }.unwrap().unwrap();
    println!("load {:?} cwasm {}", t.elapsed(), code.len());
    if std::env::args().nth(2).is_none() { for mode in ["trap", "spin", "hog", "stack", "flood", "error", "log", "grow", "none"] {
        let mut i = Instance::start(&engine, &plugin2, settings(&format!("{{\"mode\":\"{mode}\",\"reads\":[\"message\"]}}"))).unwrap();
        let batch = || Batch { rows: 1, ts_ns: &[1], columns: &[Column { present: &[], data: Data::Packed(Packed { ends: &[3], bytes: b"abc" }) }] };
        let t = Instant::now();
        let r = i.process(batch());
        let logs = i.take_log().len();
        println!("{mode}: {:?} {:?} mem {} logs {}", t.elapsed(), r.err().map(|f| f.to_string()), i.stats().memory_bytes, logs);
        let t = Instant::now();
        let r = i.process(batch());
        println!("   again {:?} {} {:?}", t.elapsed(), r.is_ok(), i.stats());
    }
    }
    let names: Vec<String> = (0..8).map(|i| format!("\"f{i}\"")).collect();
    for cols in [1usize, 8] {
        let mut i = Instance::start(&engine, &plugin, settings(&format!("{{\"mode\":\"none\",\"reads\":[{}]}}", names[..cols].join(",")))).unwrap();
        for rows in [1usize, 256] {
            let bytes = vec![b'x'; rows * 20];
            let ends: Vec<u32> = (1..=rows as u32).map(|i| i * 20).collect();
            let ts = vec![1u64; rows];
            let columns: Vec<Column> = (0..cols).map(|_| Column { present: &[], data: Data::Packed(Packed { ends: &ends, bytes: &bytes }) }).collect();
            let mut best = f64::MAX;
            for _ in 0..20 {
                let n = (400_000 / rows).max(20);
                let t = Instant::now();
                for _ in 0..n { i.process(Batch { rows: rows as u32, ts_ns: &ts, columns: &columns }).unwrap(); }
                best = best.min(t.elapsed().as_nanos() as f64 / (n * rows) as f64);
            }
            println!("cols {cols} rows {rows}: {best:.1} ns/event {:.0} ns/call", best * rows as f64);
        }
    }
    let t = Instant::now();
    for _ in 0..100 { Instance::start(&engine, &plugin, settings("{}")).unwrap(); }
    println!("start {:?}", t.elapsed() / 100);
    std::thread::sleep(Duration::from_millis(100));
}
