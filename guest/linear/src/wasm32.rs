//! The parts that a module without the standard library must provide.

use lol_alloc::{AssumeSingleThreaded, FreeListAllocator};

// SAFETY: The module's memory is not shared, so no second thread can be in it.
#[global_allocator]
static ALLOCATOR: AssumeSingleThreaded<FreeListAllocator> =
    unsafe { AssumeSingleThreaded::new(FreeListAllocator::new()) };

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
