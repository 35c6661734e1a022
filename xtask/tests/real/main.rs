//! The behaviour of the real engines. A check on a missing engine reports that it
//! was skipped; with `WASM_LEAKS_REQUIRE_ENGINES=v8,jsc,spidermonkey` it fails.

#[path = "../world/mod.rs"]
mod world;

mod bad_pages;
mod beginning;
mod blocks;
mod breakages;
mod browser_ends;
mod browser_programs;
mod browser_requests;
mod browsers;
mod bundles;
mod census;
mod census_of_cases;
mod checks;
mod culprits;
mod explanations;
mod leaks;
mod given_allocators;
mod guests;
mod guide;
mod instrumenting;
mod odd_guests;
mod own;
mod pages;
mod timed;
mod verdicts;
mod users_pages;
mod ways;
mod web;

use serde_json::Value;
use std::io::Write;
use std::sync::OnceLock;
use world::World;

/// Makes each check a test for each engine.
macro_rules! on_every_engine {
    ($($module:ident::$check:ident)*) => {
        on_every_engine!(@ v8 $($module $check)*);
        on_every_engine!(@ jsc $($module $check)*);
        on_every_engine!(@ spidermonkey $($module $check)*);
    };
    (@ $engine:ident $($module:ident $check:ident)*) => {
        mod $engine {
            $(#[test]
            fn $check() {
                super::run(stringify!($engine), stringify!($check), super::$module::$check);
            })*
        }
    };
}

on_every_engine! {
    checks::the_seed_comes_out_word_for_word
    checks::the_guest_holds_57001_objects
    checks::m1_under_the_expectation_of_m0_fails
    checks::m0_under_the_expectation_of_m1_fails
    checks::an_object_has_one_callback_at_a_time
    checks::an_error_is_never_silent
    checks::a_rejection_is_never_silent
    checks::a_script_that_stops_early_fails
    checks::the_readme_of_expectations_is_true
    checks::a_path_may_hold_anything
    checks::a_case_is_two_files
    checks::without_gc_nothing_is_judged
    checks::every_breakage_is_noticed
    checks::the_runtime_sees_the_trends_that_the_judge_sees
    blocks::a_forgotten_block_is_told_with_its_line
    blocks::blocks_of_objects_that_stay_are_theirs
    blocks::where_no_block_stays_none_is_told
    blocks::a_block_that_is_freed_twice_is_an_error
    given_allocators::one_that_is_named_is_counted_to_the_byte
    given_allocators::one_without_a_function_that_frees_is_taken_at_its_word
    given_allocators::one_all_of_whose_blocks_are_freed_leaks_none
    given_allocators::one_that_is_not_named_is_not_guessed
    given_allocators::one_that_is_in_no_module_is_an_error
    given_allocators::the_path_to_a_wrapper_is_that_to_its_blocks
    given_allocators::the_stacks_of_some_blocks_tell_the_line
    given_allocators::objects_that_die_are_not_said_to_keep_their_blocks
    odd_guests::odd_allocators_are_counted_right
    odd_guests::of_what_is_not_sure_no_block_is_told
    odd_guests::a_collector_of_a_guest_runs_at_readings
    odd_guests::of_a_collector_that_is_not_seen_no_block_is_told
    odd_guests::a_shared_memory_is_left_alone_and_that_is_said
    odd_guests::a_program_may_check_its_module
    odd_guests::a_module_that_is_none_is_refused_by_the_engine
    odd_guests::a_module_of_100_mb_is_counted
    ways::each_way_to_a_module_is_seen
    verdicts::each_kind_of_growth_is_told
    verdicts::a_verdict_names_what_it_rests_on
    verdicts::an_error_that_nobody_caught_is_never_ok
    verdicts::an_error_that_is_caught_is_none
    verdicts::the_scripts_error_comes_first
    verdicts::what_a_shell_lacks_is_skipped
    verdicts::a_case_forges_nothing
    explanations::the_paths_of_all_engines_agree
    explanations::the_allocator_of_a_guest_is_its_own
    explanations::a_function_is_shown_as_it_is_written
    explanations::nothing_keeps_what_is_collected
    explanations::a_path_is_the_one_that_there_is
    explanations::the_question_changes_nothing
    explanations::a_case_may_define_anything
    explanations::an_error_of_the_case_is_told
    culprits::the_culprit_is_what_grows
    culprits::what_does_not_grow_is_no_leak
    culprits::linear_memory_alone_is_named
    culprits::what_holds_is_called_by_its_name
    culprits::a_closure_is_shown_with_the_one_that_it_keeps_for
    culprits::a_case_may_replace_anything
    culprits::a_path_that_is_not_told_is_said_to_be_none
    explanations::the_page_of_explanations_is_true
    census::each_program_is_judged_by_what_is_alive
    census::what_grows_is_named_with_its_place
    census::modules_and_packages_are_found
    census::the_limits_of_a_program_are_its_own
    census::a_leak_that_fills_the_machine_is_ended
    census::a_planted_leak_that_is_not_seen_is_a_doubt
    census::an_error_of_the_program_is_told
    census::the_readme_of_own_scripts_is_true
    census::nothing_of_a_program_is_written_or_forged
    census::the_census_sees_the_growth_that_the_judge_sees
    timed::what_is_due_has_run
    leaks::what_keeps_alive_what_grows_is_named
    leaks::what_is_replaced_is_told_apart
    leaks::one_class_alone_can_be_asked_about
    leaks::what_grows_without_objects_is_said_to_do_so
    leaks::names_of_properties_are_told_as_such
    leaks::what_grows_in_one_object_is_named
    leaks::snapshots_are_kept_where_they_are_wanted
    leaks::an_error_of_the_program_is_no_answer
    beginning::a_new_case_passes_at_once_and_leaks_by_one_line
    beginning::what_came_is_accepted
    beginning::a_copied_case_is_judged_by_a_census
    census_of_cases::m0_and_m1_are_told_apart_without_our_runtime
    census_of_cases::an_error_beside_a_full_memory_is_an_error
    census_of_cases::the_cases_come_out_alike_by_the_census
    guests::a_guest_in_c_is_run
    guests::a_guest_in_rust_is_run
    guests::a_guest_of_wasm_bindgen_is_run
    guests::a_module_that_cannot_be_compiled_is_skipped
    guests::an_import_that_is_not_given_is_named
    instrumenting::one_forgotten_block_of_three_is_found
    instrumenting::an_address_that_is_no_block_s_is_a_mistake
    instrumenting::blocks_whose_end_is_not_reported_come_to_light
    instrumenting::stacks_are_taken_of_some_blocks_and_all_are_counted
    bundles::typescript_is_told_by_its_own_places
    bundles::a_classic_script_in_typescript_is_run
    bundles::packages_are_found_with_their_files
    bundles::the_user_s_own_call_of_a_package_is_told
    bundles::a_module_that_is_imported_is_run
    bundles::a_minified_script_is_told_by_its_sources
    bundles::a_broken_map_is_told_once
    bundles::an_error_is_told_by_its_own_place
    bundles::what_cannot_be_bundled_has_no_answer
    web::scripts_find_what_they_expect
    web::what_scripts_do_not_find_is_noticed
}

const ENGINES: &[&str] = &["v8", "jsc", "spidermonkey"];

/// Runs a check, if its engine is found.
fn run(engine: &str, name: &str, check: fn(&str)) {
    if found().iter().any(|found| found == engine) {
        return check(engine);
    }
    assert!(
        !required().iter().any(|name| name == engine),
        "{engine} is missing, but WASM_LEAKS_REQUIRE_ENGINES names it"
    );
    // Not with a macro, whose output the test harness captures.
    let _ = writeln!(std::io::stderr(), "skipped {engine}::{name}: {engine} is missing");
}

#[test]
fn only_engines_are_required() {
    for name in required() {
        assert!(
            ENGINES.contains(&name.as_str()) || browsers::BROWSERS.contains(&name.as_str()),
            "WASM_LEAKS_REQUIRE_ENGINES names `{name}`, which is neither an engine nor a browser"
        );
    }
}

fn required() -> Vec<String> {
    let names = std::env::var("WASM_LEAKS_REQUIRE_ENGINES").unwrap_or_default();
    names
        .split(',')
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty())
        .collect()
}

/// Reports that a check was skipped for want of a program; with WASM_LEAKS_REQUIRE_ENGINES it fails.
fn skipped(program: &str) {
    assert!(
        required().is_empty(),
        "there is no {program}, but WASM_LEAKS_REQUIRE_ENGINES is set"
    );
    let _ = writeln!(std::io::stderr(), "skipped: there is no {program}");
}

/// The engines of this machine.
fn found() -> &'static [String] {
    static FOUND: OnceLock<Vec<String>> = OnceLock::new();
    FOUND.get_or_init(|| {
        let answer = World::new().with_this_machine().run(&["engines", "--json"]);
        answer.expect(0, &[]);
        let json: Value = serde_json::from_str(&answer.stdout).expect("it is JSON");
        let engines = json["programs"].as_array().expect("it lists engines");
        engines
            .iter()
            .filter_map(|row| Some(row["engine"].as_str()?.to_owned()))
            .collect()
    })
}
