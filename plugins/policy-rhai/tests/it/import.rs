//! Scripts import what lies in their library, and nothing else.

use std::os::unix::fs::symlink;

use throng_engine::mode::Mode;
use throng_engine::policy::Policy as _;
use throng_ports::policy::{PolicyFault, PolicyHost as _};

use crate::scene::{NOW, Room, attachment, guild, session};

fn room(import: &str) -> Room {
    Room::new(&format!(
        "import \"{import}\" as it;\n\nfn passivity(session, guild) {{\n    it::mode(session)\n}}\n"
    ))
}

const MUTED: &str = "fn mode(session) { \"muted\" }";

fn mode(room: &Room) -> Mode {
    room.policy().passivity(NOW, &session(), &guild(), &attachment()).mode
}

fn fault(room: &Room) -> PolicyFault {
    room.open().expect_err("it is refused")
}

#[test]
fn modules_of_the_library_are_imported() {
    let inner = room("quiet");
    inner.write("lib/quiet.rhai", MUTED);
    assert_eq!(mode(&inner), Mode::Muted);
    let outer = room("outer/quiet");
    std::fs::create_dir(outer.path("lib/outer")).unwrap();
    outer.write("lib/outer/quiet.rhai", "import \"inner\" as i;\nfn mode(s) { i::mode(s) }");
    outer.write("lib/inner.rhai", MUTED);
    assert_eq!(mode(&outer), Mode::Muted);
}

#[test]
fn nothing_outside_of_the_library_is_read() {
    let secret = room("secret");
    secret.write("secret.rhai", MUTED);
    let outside = secret.path("secret").display().to_string();
    for path in ["/etc/passwd", "../secret", "a/../../secret", "./secret", "", &outside] {
        let room = room(path);
        room.write("secret.rhai", MUTED);
        let fault = fault(&room);
        assert!(fault.message.starts_with(&format!("cannot import \"{path}\"")), "{fault}");
        assert_eq!(fault.line, 1, "{fault}");
    }
}

#[test]
fn links_lead_nowhere_but_within_the_library() {
    let room = room("link");
    room.write("secret.rhai", MUTED);
    symlink(room.path("secret.rhai"), room.path("lib/link.rhai")).unwrap();
    assert!(fault(&room).message.contains("leads out of the library"));
    std::fs::remove_file(room.path("lib/link.rhai")).unwrap();
    room.write("lib/real.rhai", MUTED);
    symlink(room.path("lib/real.rhai"), room.path("lib/link.rhai")).unwrap();
    assert_eq!(mode(&room), Mode::Muted);
}

#[test]
fn nothing_is_imported_while_a_script_runs() {
    let room = Room::new(
        "fn passivity(session, guild) {
            let path = \"qui\" + \"et\";
            import path as it;
            it::mode(session)
        }",
    );
    room.write("lib/quiet.rhai", MUTED);
    let verdict = room.policy().passivity(NOW, &session(), &guild(), &attachment());
    assert_eq!(Some(verdict.mode), attachment().mode, "it fails, and the mode stays");
}

#[test]
fn faults_of_a_module_are_shown_in_the_module() {
    let room = room("quiet");
    room.write("lib/quiet.rhai", "fn mode(session) {\n    \"muted\" +\n}\n");
    let broken = fault(&room);
    assert!(broken.file.ends_with("lib/quiet.rhai"), "{broken}");
    assert_eq!(broken.line, 3, "{broken}");
    room.write("lib/quiet.rhai", "\nimport \"gone\" as gone;\nfn mode(session) { 1 }");
    let missing = fault(&room);
    assert!(missing.file.ends_with("lib/quiet.rhai"), "{missing}");
    assert_eq!(missing.line, 2, "{missing}");
    assert!(missing.message.starts_with("cannot import \"gone\""), "{missing}");
}

#[test]
fn modules_that_import_each_other_are_refused() {
    let room = room("a");
    room.write("lib/a.rhai", "import \"b\" as b;\nfn mode(session) { b::mode(session) }");
    room.write("lib/b.rhai", "import \"a\" as a;\nfn mode(session) { a::mode(session) }");
    assert!(fault(&room).message.contains("\"a\" imports itself"), "{}", fault(&room));
}

#[test]
fn modules_are_limited_like_scripts() {
    let endless = room("quiet");
    endless.write("lib/quiet.rhai", "loop {}");
    assert!(fault(&endless).message.contains("Too many operations"), "{}", fault(&endless));
    let timely = room("quiet");
    timely.write("lib/quiet.rhai", "const NOW = clock().hour;\nfn mode(session) { \"muted\" }");
    assert!(fault(&timely).message.contains("call clock() in a hook"), "{}", fault(&timely));
    let imports: String = (0..20).map(|n| format!("import \"m{n}\" as m{n};\n")).collect();
    let many = Room::new(&imports);
    (0..20).for_each(|n| many.write(&format!("lib/m{n}.rhai"), MUTED));
    assert!(fault(&many).message.contains("more than 16 modules"), "{}", fault(&many));
    let long = room("quiet");
    long.write("lib/quiet.rhai", &"// long\n".repeat(40_000));
    assert!(fault(&long).message.contains("more than 262144 bytes"), "{}", fault(&long));
}

#[test]
fn a_change_of_a_module_is_a_new_version() {
    let room = room("quiet");
    room.write("lib/quiet.rhai", MUTED);
    let policy = room.policy();
    let before = policy.status().version;
    room.write("lib/quiet.rhai", "fn mode(session) { \"passive\" }");
    let after = policy.load().unwrap().version;
    assert_ne!(before, after);
}
